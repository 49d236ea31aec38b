import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pointsOf, sineOf } from '../../demos/sine/points.js';
import { readCaseFile } from '../../src/cli/check.js';
import { readLog, readRun } from '../../src/cli/run-folder.js';
import { fileMemory } from '../../src/cli/tuned.js';
import { MetaplasticError } from '../../src/errors.js';
import type { Gpu } from '../../src/gpu/device.js';
import { rememberedTuning } from '../../src/learner/tune.js';
import { parseConfig } from '../../src/config/config.js';
import { formatLogLine, orderedLog, progressLine, type LogLine } from '../../src/runs/log.js';
import { learnerOptions, withPlan } from '../../src/runs/train.js';
import { openWorld } from '../../src/config/worlds.js';
import { random, type Random } from '../../src/tasks/random.js';
import { newFolder, TINY } from '../cli/command.js';
import { SOFTWARE } from '../gpu/machine.js';
import { mutate, mutateBytes } from './mutate.js';

/** Inputs of each kind; the same seeds give the same. */
const COUNT = Number(process.env['METAPLASTIC_FUZZ'] ?? 40);
const seeds = Array.from({ length: COUNT }, (_, seed) => seed);
const folder = newFolder();

/** Runs what reads an input: it does so, or refuses it in a message that people can read. */
async function accepts<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof MetaplasticError)) throw error;
    expect(error.message.length).toBeLessThan(1_200);
    // oxlint-disable-next-line no-control-regex
    expect(error.message).not.toMatch(/[\u0000-\u0008\u001b\u202e]|undefined|\[object/);
    return undefined;
  }
}

/** A JSON text with faults in what it says or in how it is written, or one that nests too deep. */
function faultyText(json: unknown, draws: Random): string {
  const text = () => JSON.stringify(json);
  switch (draws.below(8)) {
    case 0:
      return new TextDecoder().decode(mutateBytes(new TextEncoder().encode(text()), draws));
    case 1: {
      const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
      const at = [...text().matchAll(/:/g)].map(({ index }) => index);
      const place = at[draws.below(at.length)]!;
      return text().replace(/:("[^"]*"|[\d.]+)/g, (all, _, index: number) =>
        index === place ? `:${deep}` : all,
      );
    }
    default:
      // JSON has no Infinity, but readers get it from 1e999
      return (
        JSON.stringify(mutate(json, draws), (_, x: unknown) =>
          x === Infinity ? 'infinite' : x,
        )?.replaceAll('"infinite"', '1e999') ?? 'null'
      );
  }
}

const line = (metaStep: number): LogLine => ({
  metaStep,
  loss: 1 / metaStep,
  medianLoss: 0.5,
  accuracy: 0.25,
  counted: 4,
  diverged: 0,
  gradientNorm: 2,
  taskStepsPerSecond: 100,
  seconds: metaStep,
  coefficients: { beta: [0.5, 0.25], theta: [1] },
});

test.each(seeds)('a log with the faults of seed %i is read or refused', async seed => {
  const draws = random(seed, 1);
  const rows = [1, 2, 3, 4].map(m => formatLogLine(line(m)));
  rows[draws.below(4)] = `${faultyText(line(3), draws).replaceAll('\n', ' ')}\n`;
  writeFileSync(join(folder, 'log.jsonl'), rows.join(''));
  const read = await accepts(() => readLog(folder));
  if (!read) return;
  const { log } = orderedLog(read, 4);
  expect(log.map(l => l.metaStep)).toEqual([...new Set(log.map(l => l.metaStep))].sort());
  expect(progressLine(read, 10).length).toBeLessThanOrEqual(80);
});

test.each(seeds)('a configuration with the faults of seed %i is read or refused', async seed => {
  const draws = random(seed, 2);
  const plan = { lanes: 4, teams: 1, grid: false, tasksPerChunk: 6 };
  writeFileSync(join(folder, 'config.json'), faultyText({ ...TINY, plan }, draws));
  const config = await accepts(() => readRun(folder));
  if (config) expect(parseConfig(JSON.parse(JSON.stringify(config)), 'again')).toEqual(config);
});

describe('a tuning', async () => {
  const config = parseConfig(TINY, 'tiny');
  const world = await openWorld(config, () => Promise.reject(new Error('no data are read')));
  const options = learnerOptions(config, world.train);
  const adapter = { vendor: 'v', architecture: 'a', device: 'd', description: 'e', software: true };
  const gpu = { adapter, machine: SOFTWARE } as unknown as Gpu;
  let key = '';
  rememberedTuning(gpu, options, {
    getItem: asked => {
      key = asked;
      return null;
    },
    setItem: () => {},
  });
  const path = join(folder, 'tuning.json');
  const good = { adjoint: 'store', plan: { lanes: 4, teams: 1, grid: false } };

  test('without faults is used', () => {
    writeFileSync(path, JSON.stringify({ [key]: JSON.stringify(good) }));
    expect(rememberedTuning(gpu, options, fileMemory(path))).toEqual(good);
  });
  test.each(seeds)('with the faults of seed %i is told, or a run accepts it ever after', seed => {
    const draws = random(seed, 3);
    const text = draws.below(4)
      ? JSON.stringify({ [key]: faultyText(good, draws) })
      : faultyText({ [key]: JSON.stringify(good) }, draws);
    writeFileSync(path, text);
    const notices: string[] = [];
    const notice = (what: string) => notices.push(what);
    const used = rememberedTuning(gpu, options, fileMemory(path, notice), notice);
    if (!used) return;
    expect(notices).toEqual([]);
    const tuned = {
      ...config,
      meta: { ...config.meta, adjoint: used.adjoint },
      plan: used.plan,
    };
    const written = withPlan(gpu, tuned, world);
    expect(parseConfig(JSON.parse(JSON.stringify(written)), 'config.json')).toEqual(written);
  });
});

test.each(seeds)('a case with the faults of seed %i is read or refused', async seed => {
  const file = new URL('../oracle/flp-regression-oja.json', import.meta.url);
  const json = JSON.parse(readFileSync(file, 'utf8')) as unknown;
  const path = join(folder, 'case.json');
  writeFileSync(path, faultyText(json, random(seed, 4)));
  await accepts(() => readCaseFile(path));
});

test.each(seeds)(
  'a link with the faults of seed %i gives points that can be lived, or none',
  seed => {
    const draws = random(seed, 5);
    const link = Array.from({ length: 20 }, (_, k) => `${k / 4 - 2}_${Math.sin(k)}`).join('*');
    const faulty = new TextDecoder().decode(mutateBytes(new TextEncoder().encode(link), draws));
    const points = pointsOf(faulty, 20);
    for (const v of points ? [...points.x, ...points.y] : []) expect(Math.abs(v)).toBeLessThan(101);
    expect(sineOf(faulty)).toBe(0);
  },
);
test('a link that is whole gives its points', () => {
  expect(pointsOf('1_2*-0.5_1e-7', 2)).toEqual({ x: [1, -0.5], y: [2, 1e-7] });
  expect(sineOf('17')).toBe(17);
  for (const link of ['1_1e300', '1_', '1_NaN', '1_0x10', '1_Infinity'])
    expect(pointsOf(link, 1)).toBeUndefined();
});
