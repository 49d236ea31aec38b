import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { onStop } from '../../src/cli/stop.js';
import { trainIn, readMade } from '../../src/cli/train.js';
import { lockFolder } from '../../src/cli/lock.js';
import { MetaplasticError } from '../../src/errors.js';
import type { Gpu } from '../../src/gpu/device.js';
import { openNodeGpu } from '../../src/node/open.js';
import { parseConfig } from '../../src/config/config.js';
import { openWorld, type World } from '../../src/config/worlds.js';
import { random } from '../../src/tasks/random.js';
import { newFolder, TINY, writeConfig } from '../cli/command.js';
import { breakAt } from './faults.js';

/**
 * How many moments are tried, half of them between writes and half in the middle of one, and as
 * many failing writes: `METAPLASTIC_KILLS=50 npx vitest run --project node
 * tests/fuzz/kills.test.ts`. With 0, every single write fails once.
 */
const KILLS = Number(process.env['METAPLASTIC_KILLS'] ?? 4);
const SEED = 26;
const FAULTS = fileURLToPath(new URL('./faults.js', import.meta.url));
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** Validated at rates at which the best is not the last, and ended early by patience. */
const WATCHED = {
  ...TINY,
  meta: {
    ...TINY.meta,
    rates: { W: 0.05, B: 0.05, alpha: 0.01, beta: 0.05 },
    evaluateEvery: 1,
    evaluateTasks: 5,
    patience: 2,
  },
};
const file = writeConfig(WATCHED);

const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** All of a run that does not tell the time. */
const madeOf = (folder: string) => ({
  checkpoint: digest(join(folder, 'checkpoint.safetensors')),
  best: digest(join(folder, 'best.safetensors')),
  config: digest(join(folder, 'config.json')),
  evaluation: digest(join(folder, 'evaluation.json')),
  log: readFileSync(join(folder, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => ({ ...JSON.parse(line), seconds: 0, taskStepsPerSecond: 0 }) as unknown),
  report: existsSync(join(folder, 'report.html')),
});

/** Starts the command line, and kills it after so many milliseconds or at a fault of its own. */
async function command(args: string[], faults?: object, killAfter?: number): Promise<string> {
  const child = spawn(process.execPath, [...(faults ? ['--import', FAULTS] : []), CLI, ...args], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      METAPLASTIC_TUNE: 'off',
      FAULTS: faults ? JSON.stringify(faults) : '',
    },
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  child.stdout.resume();
  const ended = new Promise<NodeJS.Signals | number | null>(resolve =>
    child.on('close', (code, signal) => resolve(signal ?? code)),
  );
  if (killAfter !== undefined) {
    await wait(killAfter);
    child.kill('SIGKILL');
  }
  return `${await ended}\n${said}`;
}

/** Goes on with a run wherever it was left: begins it, if it had not begun. */
const goOn = (folder: string) =>
  command(
    existsSync(join(folder, 'config.json'))
      ? ['train', '--resume', folder]
      : ['train', file, '--out', folder],
  );

describe.runIf(KILLS)(
  'a training that is killed and resumed ends with the bytes of one that was not',
  () => {
    const whole = join(newFolder(), 'whole');
    const count = join(newFolder(), 'count');
    let made: ReturnType<typeof madeOf>;
    let took: number;
    beforeAll(async () => {
      const start = performance.now();
      expect(await command(['train', file, '--out', whole], { folder: whole, count })).toMatch(
        /^0\n/,
      );
      took = performance.now() - start;
      made = madeOf(whole);
      expect(made.log).toHaveLength(5);
      expect(made.best).not.toBe(made.checkpoint);
    }, 600_000);

    const draws = random(SEED, 0);
    const moments = Array.from({ length: KILLS }, () => draws.uniform());
    test.each(moments.slice(0, KILLS / 2))(
      'at %f of its time',
      async moment => {
        const folder = join(newFolder(), 'run');
        await command(['train', file, '--out', folder], undefined, moment * took);
        expect(await goOn(folder)).toMatch(/^0\n/);
        expect(madeOf(folder)).toEqual(made);
      },
      600_000,
    );

    test.each(moments.slice(KILLS / 2))(
      'at a write, %f of all',
      async moment => {
        const folder = join(newFolder(), 'run');
        const at = 1 + Math.floor(moment * Number(readFileSync(count, 'utf8')));
        const killed = await command(['train', file, '--out', folder], {
          folder,
          at,
          how: 'SIGKILL',
        });
        expect(killed).toMatch(/^SIGKILL\n/);
        expect(await goOn(folder)).toMatch(/^0\n/);
        expect(madeOf(folder)).toEqual(made);
      },
      600_000,
    );
  },
);

describe('a training whose disk fails ends with one clear error, and resumed with the bytes of one that did not', () => {
  const config = parseConfig(WATCHED, 'tiny');
  let gpu: Gpu;
  let world: World;
  beforeAll(async () => {
    gpu = await openNodeGpu();
    world = await openWorld(config, () => Promise.reject(new Error('no data are read')));
  });
  afterAll(() => gpu.destroy());
  beforeEach(() => {
    for (const way of ['log', 'error'] as const) vi.spyOn(console, way).mockReturnValue();
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  });
  afterEach(() => vi.restoreAllMocks());

  const run = async (folder: string): Promise<void> => {
    const lock = lockFolder(folder, 'train');
    const stop = onStop();
    try {
      const from = existsSync(join(folder, 'config.json')) ? readMade(folder, config) : undefined;
      await trainIn(gpu, config, world, { folder, lock, stop, from, again: () => 'go on' });
    } finally {
      stop.end();
      lock.release();
    }
  };
  const codes = ['ENOSPC', 'EROFS', 'EIO', 'EACCES', 'EDQUOT'];

  test(`at ${KILLS || 'every one'} of its writes`, async () => {
    const whole = join(newFolder(), 'whole');
    mkdirSync(whole);
    const counted = breakAt({ folder: whole });
    await run(whole).finally(() => counted.mend());
    const made = madeOf(whole);
    const { uniform } = random(SEED, 1);
    const all = Array.from({ length: counted.done() }, (_, k) => k + 1);
    const tried = KILLS
      ? Array.from(
          { length: Math.min(KILLS, all.length) },
          () => all[Math.floor(uniform() * all.length)]!,
        )
      : all;
    for (const at of tried) {
      const folder = join(newFolder(), 'run');
      mkdirSync(folder);
      const broken = breakAt({ folder, at, how: codes[at % codes.length]! });
      const error = await run(folder).then(
        () => undefined,
        (failure: unknown) => failure,
      );
      broken.mend();
      // what fails after the last write, such as removing the lock, fails nothing
      if (error) {
        expect(error).toBeInstanceOf(MetaplasticError);
        expect((error as Error).message).toMatch(/could not be written: .+; /);
      }
      await run(folder);
      expect(madeOf(folder), `${at} of ${all.length}`).toEqual(made);
    }
  }, 3_600_000);
});
