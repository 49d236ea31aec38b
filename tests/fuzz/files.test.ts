import { encode } from 'fast-png';
import { gzipSync, zipSync } from 'fflate';
import jpeg from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { initialParameters } from '../../src/parameters/initial.js';
import { layoutOf } from '../../src/parameters/layout.js';
import { parseConfig } from '../../src/config/config.js';
import { readRun, writeRun } from '../../src/runs/run-file.js';
import { readSafetensors, writeSafetensors } from '../../src/runs/safetensors.js';
import { defineSystem } from '../../src/systems/system.js';
import { readCifar } from '../../src/tasks/cifar.js';
import { readIdx } from '../../src/tasks/idx.js';
import { readImages } from '../../src/tasks/images.js';
import { readOmniglot } from '../../src/tasks/omniglot.js';
import { random } from '../../src/tasks/random.js';
import { drawing } from '../tasks/given.js';
import { mutateBytes } from './mutate.js';

/** Mutated files of each kind; METAPLASTIC_FUZZ names another number. */
const INPUTS = Number(process.env['METAPLASTIC_FUZZ'] ?? 40);

const config = parseConfig(
  {
    name: 'fuzz',
    task: { kind: 'sine', steps: 2, batch: 1, queries: 2 },
    system: { sizes: [1, 2, 1] },
    meta: { tasks: 1, steps: 2, rates: { W: 1e-2 } },
    evaluation: { tasks: 1, at: [2] },
  },
  'fuzz',
);
const system = defineSystem(config.system);
const parameters = initialParameters(system, layoutOf(system), 1);
const squares = Object.fromEntries(
  Object.entries(parameters).map(([name, { data, shape }]) => [
    name,
    { data: data.map(Math.abs), shape },
  ]),
);
const run = writeRun({
  config,
  environment: {},
  log: [],
  checkpoint: {
    metaStep: 2,
    state: { parameters, moment1: parameters, moment2: squares, updates: 2, metaSteps: 2 },
  },
});
const idx = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8, 7, 6);
const png = drawing(x => x < 9, 28);
const omniglot = zipSync({
  'set/Greek/character01/0001_01.png': png,
  'set/Greek/character02/0002_01.png': [png, { level: 0 }],
});
const noise = Uint8Array.from({ length: 4 * 24 * 24 }, (_, i) => (i * i * 31) % 256);
const jpg = new Uint8Array(jpeg.encode({ width: 24, height: 24, data: noise }, 60).data);
const coloured = encode({ width: 24, height: 24, depth: 8, channels: 4, data: noise });
const images = zipSync({
  'set/train/cat/1.jpg': [jpg, { level: 0 }],
  'set/train/dog/1.png': coloured,
  'set/test/dog/2.png': png,
});
const csv = new TextEncoder().encode('filename,label\n1.jpg,cat\n1.png,dog\n');
const cifar = Uint8Array.from({ length: 2 * 3073 }, (_, i) => (i % 3073 ? i % 256 : i % 10));
const tensors = writeSafetensors(
  [{ name: 'W', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
  { note: 'x' },
);

describe('a file with faults gives a value or one MetaplasticError', () => {
  const size = [7, 7] as const;
  test.each<[string, Uint8Array, (bytes: Uint8Array) => unknown]>([
    ['IDX', idx, bytes => readIdx(bytes, 'f')],
    ['gzip', gzipSync(idx), bytes => readIdx(bytes, 'f')],
    ['zip of a run', run, bytes => readRun(bytes, 'f')],
    ['zip of Omniglot', omniglot, bytes => readOmniglot(bytes, {}, 'f')],
    [
      'PNG',
      png,
      bytes => readOmniglot({ 'Greek/character01/0001_01.png': bytes }, { size: 7 }, 'f'),
    ],
    ['zip of images', images, bytes => readImages(bytes, { size }, 'f')],
    ['JPEG', jpg, bytes => readImages({ 'a/1.jpg': bytes }, { size }, 'f')],
    ['coloured PNG', coloured, bytes => readImages({ 'a/1.png': bytes }, { size }, 'f')],
    [
      'CSV',
      csv,
      bytes => {
        const lists = { train: new TextDecoder().decode(bytes) };
        return readImages({ 'a/1.jpg': jpg, 'a/1.png': coloured }, { size, lists }, 'f');
      },
    ],
    ['CIFAR-10', cifar, bytes => readCifar({ train: [bytes] }, {}, 'f')],
    ['safetensors', tensors, bytes => readSafetensors(bytes, 'f')],
  ])('%s', async (kind, file, read) => {
    expect(await read(file)).toBeDefined();
    const before = process.memoryUsage().arrayBuffers;
    let most = before;
    for (let input = 0; input < INPUTS; input++) {
      const bytes = mutateBytes(file, random(input, 0));
      const start = process.cpuUsage();
      try {
        await read(bytes);
      } catch (error) {
        const { message } = error as Error;
        expect(error, `${kind} ${input}: ${(error as Error).stack}`).toBeInstanceOf(
          MetaplasticError,
        );
        expect(message.length, `${kind} ${input}`).toBeLessThan(1000);
      }
      const { user, system } = process.cpuUsage(start); // microseconds, whatever else runs
      expect((user + system) / 1e6, `${kind} ${input}`).toBeLessThan(5);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    expect(most - before).toBeLessThan(2 ** 29);
  });
});
