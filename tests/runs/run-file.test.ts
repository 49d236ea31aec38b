import { strToU8, unzipSync, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { initialNumbers } from '../../src/parameters/initial.js';
import { layoutOf, tensorsOf } from '../../src/parameters/layout.js';
import { parseConfig } from '../../src/config/config.js';
import { readRun, writeRun, type Run } from '../../src/runs/run-file.js';
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
const parameters = initialNumbers(defineSystem(config.system), layout, 1);
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
      parameters: tensorsOf(layout, parameters),
      moment1: tensorsOf(
        layout,
        parameters.map(p => p / 2),
      ),
      moment2: tensorsOf(
        layout,
        parameters.map(p => p * p),
      ),
      updates: 2,
      metaSteps: 2,
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
    ['no zip', strToU8('<html>'), /^run\.zip: expected a zip file, got 6 bytes that are none/],
    [
      'a zip of something else',
      zipSync({ 'photo.png': strToU8('?') }),
      /^run\.zip: expected a run with config\.json and checkpoint\.safetensors, got no config\.json;/,
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

  test('never reads as other numbers when a bit has flipped', () => {
    const zip = writeRun(run);
    for (let i = 0; i < 200; i++) {
      const flipped = zip.slice();
      flipped[Math.floor((i * zip.length) / 200)]! ^= 1 << (i & 7);
      let read: Run | undefined;
      try {
        read = readRun(flipped, 'run.zip');
      } catch (error) {
        expect(error).toBeInstanceOf(MetaplasticError);
      }
      // what is missing may be missing: environment and log
      if (read) expect(read.checkpoint).toEqual(run.checkpoint);
    }
  });

  test('is refused if it holds two runs', () => {
    const config = strToU8('{}');
    const zip = zipSync({ 'a/config.json': config, 'b/config.json': config });
    expect(() => readRun(zip, 'run.zip')).toThrow('got config.json in 2 folders');
  });

  test('is refused before it unpacks to more than its files can mean', () => {
    const zip = zipSync({ 'config.json': new Uint8Array(2 ** 25) });
    expect(() => readRun(zip, 'run.zip')).toThrow('expected at most 16777216 bytes when unpacked');
  });

  test('has a folder of its own, whatever the name', () => {
    const zip = writeRun({ ...run, config: { ...config, name: '..' } });
    expect(Object.keys(unzipSync(zip)).filter(path => path.includes('..'))).toEqual([]);
  });
});
