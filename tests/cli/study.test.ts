import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dataReader } from '../../src/cli/data.js';
import { writeWhole } from '../../src/cli/disk.js';
import { runStudy } from '../../src/cli/study.js';
import type { RunConfigInput } from '../../src/config/config.js';
import type { ReadData } from '../../src/config/worlds.js';
import { STUDIES } from '../../src/studies/index.js';
import { lastOf, type Study } from '../../src/studies/study.js';
import type { Sweep } from '../../src/studies/sweep.js';
import { metaplastic, newFolder, TINY } from './command.js';

const SIZE = { full: false, scale: 1 };
const none = () => Promise.reject(new Error('no data are read'));
/** Two meta-trainings of a second each. */
const study = (meta: object = {}): Study => ({
  name: 'two',
  title: 'Two arms',
  about: 'two arms',
  time: 'a second',
  design: () => ({
    arms: ['one', 'other'].map((name, seed) => ({
      name,
      config: { ...TINY, seed, meta: { ...TINY.meta, ...meta } } as RunConfigInput,
    })),
    conditions: ['Tiny.'],
    summarise: ({ trained }) => ({
      tables: [
        {
          title: 'Error',
          head: ['arm', 'error'],
          rows: ['one', 'other'].map(name => [name, lastOf([trained(name)])]),
        },
      ],
      figures: [],
    }),
  }),
});

/** Files of twenty images of two pixels, in two classes. */
const images: ReadData = path => {
  const ofLabels = path === 'labels';
  const head = ofLabels ? [8, 1, 20] : [8, 3, 20, 1, 2];
  const words = head.slice(2).flatMap(n => [0, 0, 0, n]);
  const data = Array.from({ length: ofLabels ? 20 : 40 }, (_, i) => (ofLabels ? i % 2 : 6 * i));
  return Promise.resolve(Uint8Array.from([0, 0, head[0]!, head[1]!, ...words, ...data]));
};
/** Two arms that only live. */
const living: Study = {
  ...study(),
  design: () => ({
    arms: ['one', 'other'].map((name, seed) => ({
      name,
      sweep: {
        task: {
          kind: 'stream',
          source: { format: 'idx', images: 'images', labels: 'labels' },
          steps: 5,
          batch: 1,
          queries: 3,
          order: 'iid',
          heldOut: 0.5,
        },
        system: { preset: 'feedback-alignment', sizes: [2, 3, 2] },
        seed,
        settings: [{ eta: 0.1 }],
        lifetimes: 2,
        at: [0, 5],
        metrics: false,
      } satisfies Sweep,
    })),
    conditions: ['Tiny.'],
    summarise: () => ({ tables: [], figures: [] }),
  }),
};

let said: string[] = [];
beforeEach(() => {
  said = [];
  vi.spyOn(console, 'error').mockImplementation((line: string) => {
    said.push(line);
  });
  vi.spyOn(console, 'log').mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});
const arms = () => said.filter(line => line.startsWith('arm '));

test.each([
  [0.1, 20],
  [0.001, 10],
  [2, 200],
])('a study at scale %f evaluates on %i of 200 unseen tasks', async (scale, tasks) => {
  const out = join(newFolder(), 'study');
  const evaluation = { ...TINY.evaluation, tasks: 200 };
  const { design, ...rest } = study();
  const scaled: Study = {
    ...rest,
    design(size) {
      const { arms, ...others } = design(size);
      const [arm] = arms as [{ name: string; config: RunConfigInput }];
      const config = { ...arm.config, evaluation };
      const summarise = () => ({ tables: [], figures: [] });
      return { ...others, arms: [{ ...arm, config }], summarise };
    },
  };
  expect(await runStudy(scaled, { full: false, scale }, out, none)).toBe(0);
  const found = (file: string) => JSON.parse(readFileSync(join(out, 'one', file), 'utf8'));
  expect(found('config.json')).toMatchObject({ evaluation: { tasks } });
  expect(found('evaluation.json')).toMatchObject([{ tasks }]);
});

describe('a study', () => {
  const folder = join(newFolder(), 'study');
  const files = ['one', 'other'].map(arm => join(folder, arm, 'checkpoint.safetensors'));
  const written = () => files.map(file => statSync(file).mtimeMs);
  test('runs its arms, and leaves a table in Markdown and a page', async () => {
    expect(await runStudy(study(), SIZE, folder, none)).toBe(0);
    expect(arms()).toEqual(['arm 1 of 2, one: begins', 'arm 2 of 2, other: begins']);
    expect(readFileSync(join(folder, 'table.md'), 'utf8')).toMatch(
      /^# Two arms\n\n## Error\n\n\| arm \| error \|\n\| --- \| --- \|\n\| one \| \d\.\d+ ± \d\.\d+ \|\n/,
    );
    expect(readFileSync(join(folder, 'study.html'), 'utf8')).toContain('<li>Tiny.</li>');
  });
  test('that is finished is not run again', async () => {
    const before = written();
    const table = readFileSync(join(folder, 'table.md'), 'utf8');
    expect(await runStudy(study(), SIZE, folder, none)).toBe(0);
    expect([written(), said]).toEqual([
      before,
      ['arm 1 of 2, one: is finished', 'arm 2 of 2, other: is finished'],
    ]);
    expect(readFileSync(join(folder, 'table.md'), 'utf8')).toBe(table);
  });
  test('refuses a folder of another size by what differs, before anything runs', async () => {
    await expect(runStudy(study({ steps: 7, tasks: 5 }), SIZE, folder, none)).rejects.toThrow(
      `${join(folder, 'one')}: expected a run of this study's size, got one that differs in meta.tasks, meta.steps; give another --out`,
    );
    expect(said).toEqual([]);
  });
  test('takes a run with another clip as it is, and says so', async () => {
    expect(await runStudy(study({ clip: 3 }), SIZE, folder, none)).toBe(0);
    expect(
      (JSON.parse(readFileSync(join(folder, 'study.json'), 'utf8')) as { conditions: string[] })
        .conditions,
    ).toEqual([
      'Tiny.',
      ...['one', 'other'].map(
        arm =>
          `${join(folder, arm)} was trained with another configuration than the study asks for, and is taken as it is: meta.clip`,
      ),
    ]);
  });
  test('that was interrupted goes on where it stopped', async () => {
    const folder = join(newFolder(), 'study');
    const long = study({ steps: 150 });
    const log = join(folder, 'one', 'log.jsonl');
    const steps = () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .trim()
            .split('\n')
            .filter(Boolean)
            .map(line => (JSON.parse(line) as { metaStep: number }).metaStep)
        : [];
    const run = runStudy(long, SIZE, folder, none);
    while (steps().length < 5) await wait(2);
    process.emit('SIGINT');
    expect([
      await run,
      existsSync(join(folder, 'other')),
      existsSync(join(folder, 'study.json')),
    ]).toEqual([130, false, false]);
    expect(said.at(-1)).toBe(
      `stopped after meta-step ${steps().length} of 150; the same command goes on`,
    );
    expect(await runStudy(long, SIZE, folder, none)).toBe(0);
    expect(arms().slice(1)).toEqual(['arm 1 of 2, one: goes on', 'arm 2 of 2, other: begins']);
    expect(steps()).toEqual(Array.from({ length: 150 }, (_, m) => m + 1));
  });
  test('goes on when an arm diverges, which is a result', async () => {
    const folder = join(newFolder(), 'study');
    const tame = study({ onDivergence: 'error' });
    const wild: Study = {
      ...tame,
      design(size) {
        const design = tame.design(size);
        const [one, other] = design.arms as { name: string; config: RunConfigInput }[];
        const config = { ...one!.config, initial: { alpha: 1e6 } };
        return { ...design, arms: [{ name: 'one', config }, other!] };
      },
    };
    expect(await runStudy(wild, SIZE, folder, none)).toBe(0);
    expect(arms()).toEqual([
      'arm 1 of 2, one: begins',
      expect.stringMatching(/^arm 1 of 2, one: meta-step 1: learner\.step: lifetime .* diverged/),
      'arm 2 of 2, other: begins',
    ]);
    const table = readFileSync(join(folder, 'table.md'), 'utf8');
    expect(table).toMatch(/\| one \| diverged at meta-step 1 \|\n\| other \| \d/);
    expect(table).toMatch(/- one diverged at meta-step 1 of \d+, and is left out of means\.\n/);
  });
  test('that is stopped among lifetimes keeps those that are whole, and lives the others', async () => {
    const folder = join(newFolder(), 'study');
    const lived = ['one', 'other'].map(arm => join(folder, arm, 'lived.json'));
    const there = () => lived.map(existsSync);
    const stopped = runStudy(living, SIZE, folder, async path => {
      if (there()[0] && path === 'images') process.emit('SIGINT');
      return images(path);
    });
    expect([await stopped, there()]).toEqual([130, [true, false]]);
    expect(said.slice(-3)).toEqual([
      'arm 2 of 2, other: lives 1 setting(s) × 2',
      'arm 2 of 2, other: stops after the lifetimes that are lived at once',
      'stopped; the same command goes on',
    ]);
    expect(existsSync(join(folder, 'study.json'))).toBe(false);
    said = [];
    expect(await runStudy(living, SIZE, folder, images)).toBe(0);
    expect([arms()[0], there()]).toEqual(['arm 1 of 2, one: is finished', [true, true]]);
  });
  test('refuses lifetimes of another size likewise', async () => {
    const folder = join(newFolder(), 'study');
    const { arms } = STUDIES['online-mnist']!.design(SIZE);
    const { sweep } = arms[2] as { sweep: Sweep };
    mkdirSync(join(folder, arms[2]!.name), { recursive: true });
    writeWhole(
      join(folder, arms[2]!.name, 'lived.json'),
      JSON.stringify({
        sweep: { ...sweep, lifetimes: 17, system: { ...sweep.system, sizes: [784, 10] } },
      }),
    );
    await expect(runStudy(STUDIES['online-mnist']!, SIZE, folder, none)).rejects.toThrow(
      "expected lifetimes of this study's size, got others that differ in system.sizes, lifetimes; give another --out",
    );
    expect(said).toEqual([]);
  });
});

describe('one clear error comes', () => {
  const refusal = (...args: string[]) => {
    const { status, err } = metaplastic(['study', ...args]);
    expect(status).toBe(1);
    return err.trim().split('\n');
  };
  test('for an unknown study, with the known ones', () => {
    expect(refusal('pol')).toEqual([
      'study: unknown study "pol" (did you mean pool?); known: pool, online-mnist, alignment, alignment-cifar, alignment-learned, sine, omniglot, omniglot-conv, rules',
    ]);
  });
  test('for none', () =>
    expect(refusal()[0]).toContain('expected the name of one study, got none'));
  test('for seeds that are no number', () =>
    expect(refusal('sine', '--seeds', 'x')).toEqual([
      '--seeds: expected a whole number ≥ 1, got "x"',
    ]));
  test('for a scale of 0', () =>
    expect(refusal('sine', '--scale', '0')).toEqual(['--scale: expected a number > 0, got "0"']));
  test('without the data that a study needs', async () => {
    await expect(
      runStudy(STUDIES['alignment']!, SIZE, join(newFolder(), 'study'), dataReader(undefined)),
    ).rejects.toThrow('--data: expected the folder that holds mnist/t10k-images-idx3-ubyte.gz');
  });
});
