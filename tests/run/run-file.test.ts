import { strToU8, unzipSync, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { initialParameters } from '../../src/inner/initial.js';
import { layoutOf } from '../../src/inner/layout.js';
import { parseConfig } from '../../src/run/config.js';
import { readRun, writeRun, type Run } from '../../src/run/run-file.js';
import { defineSystem } from '../../src/systems/system.js';

const config = parseConfig(
  {
    name: 'my run',
    task: { kind: 'sine', steps: 5, batch: 1, queries: 5 },
    system: { sizes: [1, 6, 1] },
    meta: { tasks: 4, steps: 6, rates: { W: 1e-2 } },
    evaluation: { tasks: 10, at: [5] },
  },
  'test',
);
const layout = layoutOf(defineSystem(config.system));
const parameters = Float32Array.from(initialParameters(defineSystem(config.system), layout, 1));
const line = (metaStep: number) => ({
  metaStep,
  loss: 1 / metaStep,
  medianLoss: NaN,
  counted: 4,
  diverged: 0,
  gradientNorm: 2,
  taskStepsPerSecond: 100,
  seconds: metaStep,
});
const run: Run = {
  config,
  environment: { adapter: { software: true } },
  log: [line(1), line(2)],
  checkpoint: {
    metaStep: 2,
    state: {
      parameters,
      moment1: parameters.map(p => p / 2),
      moment2: parameters.map(p => p * p),
      updates: 2,
    },
  },
};

describe('a run as a zip file', () => {
  test('is read as it was written', () => {
    expect(readRun(writeRun(run), 'run.zip')).toEqual(run);
  });

  test('lies in a folder of its name, as metaplastic leaves it', () => {
    expect(Object.keys(unzipSync(writeRun(run))).filter(path => !path.endsWith('/'))).toEqual(
      ['config.json', 'env.json', 'log.jsonl', 'checkpoint.safetensors'].map(
        file => `my-run/${file}`,
      ),
    );
  });

  test('may come as its files, without environment and log; lines after the checkpoint are left out', () => {
    const { 'my-run/config.json': json, 'my-run/checkpoint.safetensors': checkpoint } = unzipSync(
      writeRun(run),
    ) as Record<string, Uint8Array>;
    expect(readRun({ 'config.json': json!, 'checkpoint.safetensors': checkpoint! }, 'run')).toEqual(
      { ...run, environment: {}, log: [] },
    );
    expect(readRun(writeRun({ ...run, log: [line(1), line(2), line(3)] }), 'run.zip').log).toEqual(
      run.log,
    );
  });

  const refused: [string, Uint8Array, RegExp][] = [
    [
      'no zip',
      strToU8('<html>'),
      /^run\.zip: expected a zip file of a run, .*; give a zip of the folder that a run left, or its files$/,
    ],
    [
      'a zip of something else',
      zipSync({ 'photo.png': strToU8('?') }),
      /^run\.zip: expected a run with config\.json and checkpoint\.safetensors, got no files;/,
    ],
    [
      'a config that is no JSON',
      zipSync({ 'config.json': strToU8('{') }),
      /^run\.zip\/config\.json: expected a JSON file,/,
    ],
    [
      'a config with an unknown key',
      zipSync({ 'config.json': strToU8('{"sede":1}') }),
      /^run\.zip\/config\.json: sede: unknown key/,
    ],
    [
      'a damaged checkpoint',
      zipSync({
        'config.json': strToU8(JSON.stringify(config)),
        'checkpoint.safetensors': strToU8('?'),
      }),
      /^run\.zip\/checkpoint\.safetensors: expected a safetensors file/,
    ],
  ];
  test.each(refused)('is refused if it is %s', (_, bytes, message) => {
    expect(() => readRun(bytes, 'run.zip')).toThrow(message);
  });
});
