import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runStudy } from '../../src/cli/study.js';
import { dataReader } from '../../src/cli/data.js';
import { parseConfig, type RunConfigInput } from '../../src/config/config.js';
import type { Gpu } from '../../src/gpu/device.js';
import { STUDIES } from '../../src/studies/index.js';
import { RULE_LEARNERS, ruleStudy } from '../../src/studies/rules.js';
import {
  lastMedianOf,
  lastOf,
  momentsOf,
  over,
  showCell,
  type Arm,
  type Size,
  type Study,
  type Summary,
  type Trained,
} from '../../src/studies/study.js';
import { live, type Sweep } from '../../src/studies/sweep.js';
import { defineSystem } from '../../src/systems/system.js';
import { newFolder } from '../cli/command.js';
import { hasData, onRealData } from '../tasks/given.js';

const TINY: Size = { full: false, scale: 0.001 };
const SIZES: Readonly<Record<string, Size>> = {
  'at its default size': { full: false, scale: 1 },
  'at full size': { full: true, scale: 1 },
  'made tiny': TINY,
  'with 3 seeds': { full: false, seeds: 3, scale: 1 },
};
const cases = Object.values(STUDIES).flatMap(study =>
  Object.entries(SIZES).map(([how, size]) => ({ name: `${study.name} ${how}`, study, size })),
);

beforeAll(() => {
  vi.spyOn(console, 'error').mockReturnValue();
  vi.spyOn(console, 'log').mockReturnValue();
});
afterAll(() => {
  vi.restoreAllMocks();
});

describe.each(cases)('$name', ({ study, size }) => {
  const { arms, conditions } = study.design(size);
  test('has arms of their own names, each a run or lifetimes that are possible', () => {
    expect(new Set(arms.map(arm => arm.name)).size).toBe(arms.length);
    for (const arm of arms) {
      if ('config' in arm) {
        if (typeof arm.config === 'function') continue;
        const { task, evaluation } = parseConfig(arm.config, arm.name);
        if ('steps' in task) expect(evaluation.at.at(-1)).toBe(task.steps);
      } else if (typeof arm.sweep !== 'function') {
        const { system, task, at } = arm.sweep;
        defineSystem(system);
        expect([at[0], at.at(-1)]).toEqual([0, 'steps' in task && task.steps]);
      }
    }
  });
  test('says under which conditions, as a user may read it', () => {
    expect(conditions.length).toBeGreaterThan(1);
    expect([study.title, study.about, study.time, ...conditions].join()).not.toMatch(
      /undefined|NaN|papers\.md/,
    );
  });
});

/** A study's arms with hardly a neuron, image or task; what is made of them stays. */
const shrunk = (study: Study): Study => ({
  ...study,
  design(size) {
    const design = study.design(size);
    return {
      ...design,
      arms: design.arms.map((arm): Arm =>
        'config' in arm
          ? {
              ...arm,
              config:
                typeof arm.config === 'function'
                  ? results =>
                      shrunkRun((arm.config as (r: typeof results) => RunConfigInput)(results))
                  : shrunkRun(arm.config),
            }
          : {
              ...arm,
              sweep:
                typeof arm.sweep === 'function'
                  ? results => shrunkSweep((arm.sweep as (r: typeof results) => Sweep)(results))
                  : shrunkSweep(arm.sweep),
            },
      ),
    };
  },
});
const narrow = <S extends { readonly sizes?: readonly number[] }>(system: S): S => ({
  ...system,
  sizes: system.sizes!.map((n, l, all) => (l > 0 && l < all.length - 1 ? 4 : n)),
});
const shrunkSweep = (sweep: Sweep): Sweep => ({
  ...sweep,
  system: narrow(sweep.system),
  task: { ...sweep.task, ...('queries' in sweep.task && { queries: 5, batch: 2 }) },
});
function shrunkRun(config: RunConfigInput): RunConfigInput {
  const { kind } = config.task;
  const task = {
    ...config.task,
    ...(kind === 'few-shot' && { shots: 1, queriesPerClass: 2 }),
    ...(kind === 'stream' && { queries: 5, batch: 2 }),
  } as RunConfigInput['task'];
  const few = kind === 'few-shot' ? { at: [0, 5] } : {};
  return {
    ...config,
    task,
    system: narrow(config.system),
    meta: { ...config.meta, tasks: 1, steps: 2 },
    evaluation: { ...config.evaluation, tasks: 2, ...few },
  };
}

/** The same, of which these arms diverge at once. */
const wild = (study: Study, names: readonly string[]): Study => ({
  ...study,
  design(size) {
    const design = study.design(size);
    const arms = design.arms.map((arm): Arm => {
      if (!('config' in arm) || typeof arm.config === 'function' || !names.includes(arm.name))
        return arm;
      const { initial, meta, ...config } = arm.config;
      const large = { ...initial, weightScale: 1e15 };
      return {
        ...arm,
        config: { ...config, initial: large, meta: { ...meta, onDivergence: 'error' } },
      };
    });
    return { ...design, arms };
  },
});

const written = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'study.json'), 'utf8')) as Summary & {
    conditions: string[];
    environment: Record<string, string>;
  };

async function leavesTablesAndFigures(study: Study): Promise<Summary> {
  const folder = join(newFolder(), study.name);
  const size = { ...TINY, seeds: 1 };
  expect(
    await runStudy(shrunk(study), size, folder, dataReader(process.env['METAPLASTIC_DATA'])),
  ).toBe(0);
  const { tables, figures, environment } = written(folder);
  const { arms } = study.design(size);
  expect(arms.filter(({ name }) => !existsSync(join(folder, name, 'env.json')))).toEqual([]);
  for (const { head, rows } of tables) {
    expect(rows.length).toBeGreaterThan(0);
    for (const cells of rows)
      expect([cells.length, cells.map(showCell).every(text => !text.includes('NaN'))]).toEqual([
        head.length,
        true,
      ]);
  }
  for (const {
    lines: { x, lines },
  } of figures)
    for (const line of lines)
      expect([line.name, line.values.length]).toEqual([line.name, x.length]);
  const page = readFileSync(join(folder, 'study.html'), 'utf8');
  const table = readFileSync(join(folder, 'table.md'), 'utf8');
  for (const { title } of [...tables, ...figures]) expect(page).toContain(`<h2>${title}</h2>`);
  for (const { title } of tables) expect(table).toContain(`## ${title}`);
  expect(page).toContain(environment['adapter.description']);
  return { tables, figures };
}

describe('what a tiny run leaves is summed up in tables and figures', () => {
  test('of meta-trainings', async () => {
    await leavesTablesAndFigures(STUDIES['sine']!);
  });
  test('of meta-trainings one of which diverges', async () => {
    const { tables, figures } = await leavesTablesAndFigures(
      wild(STUDIES['sine']!, ['flp', 'maml-sequence']),
    );
    expect(tables[0]!.rows[0]!.slice(1)).toEqual([
      'diverged at meta-step 1',
      'diverged at meta-step 1',
      '0',
    ]);
    expect(figures[0]!.lines.lines.length).toBe(2);
  });
  test.runIf(hasData)(
    onRealData('of meta-trainings, and of lifetimes that are only lived with what was learned'),
    async () => {
      await leavesTablesAndFigures(STUDIES['alignment-learned']!);
    },
  );
  const few = ruleStudy(
    RULE_LEARNERS.filter(({ name, way }) =>
      [
        'oja learned feedback',
        'oja nothing',
        'taylor learned feedback',
        'gradient backprop',
      ].includes(`${name} ${way}`),
    ),
  );
  test.runIf(hasData)(onRealData('of rules that are told in different ways'), async () => {
    await leavesTablesAndFigures(few);
  });
  test.runIf(hasData)(onRealData('of rules some of which diverge'), async () => {
    const { tables } = await leavesTablesAndFigures(
      wild(few, ['sine-oja-nothing', 'sine-taylor', 'omniglot-oja']),
    );
    const [sine, omniglot, terms] = tables;
    const broken = ({ rows }: (typeof tables)[number]) =>
      rows.filter(cells => cells.some(cell => cell === 'diverged at meta-step 1')).length;
    expect([sine, omniglot, terms].map(table => broken(table!))).toEqual([2, 1, 8]);
  });
});

test('a sweep over a task without classes is refused before anything is lived', async () => {
  const sweep: Sweep = {
    task: { kind: 'sine', steps: 2, queries: 2 } as Sweep['task'],
    system: { preset: 'pool', loss: 'squared-error', sizes: [1, 2, 1] },
    seed: 0,
    settings: [{}],
    lifetimes: 1,
    at: [0, 2],
    metrics: false,
  };
  const none = undefined as unknown as Gpu;
  await expect(live(none, sweep, () => Promise.reject(new Error('no data')))).rejects.toThrow(
    'sweep.task: expected a task about classes, because settings are compared by their accuracy, got "sine"',
  );
});

describe('a measure', () => {
  test('over seeds has the 95 % interval of Student’s t', () => {
    const { mean, ci } = over([1, 2, 3]);
    expect([mean, ci]).toEqual([2, expect.closeTo(4.303 / Math.sqrt(3), 6)]);
  });
  test('over one seed has none', () => expect(over([0.5], '%')).toEqual({ mean: 0.5, unit: '%' }));
  test('leaves out what is not finite, and says of how many it is', () => {
    expect(over([1, NaN, 3])).toMatchObject({ mean: 2, of: [2, 3] });
    expect(showCell(over([1, NaN, NaN]))).toBe('1.00 (1 of 3)');
  });
  test('is refused by name where a run was not evaluated', () => {
    const run = { config: { name: 'flp' }, evaluations: [], log: [] } as unknown as Trained;
    expect(() => lastOf([run], 'i.i.d.')).toThrow(
      'evaluation of flp: expected one whose title begins with "i.i.d.", got none',
    );
  });
  test('is shown with its unit', () =>
    expect([
      showCell({ mean: 0.5, ci: 0.01, unit: '%' }),
      showCell({ mean: 12.34, unit: '°' }),
      showCell('–'),
    ]).toEqual(['50.0 % ± 1.0 %', '12.3°', '–']));
  test('is taken at moments from the first to the last, no two alike', () =>
    expect([momentsOf(120, 4), momentsOf(2, 4)]).toEqual([
      [0, 30, 60, 90, 120],
      [0, 1, 2],
    ]));
});

test('of errors the median task is told beside the mean, which few lifetimes that nearly explode move', () => {
  const run = (mean: number, median: number) =>
    ({
      evaluations: [
        {
          metric: 'mean squared error',
          at: [0, 5],
          tasks: 9,
          rows: [{ name: 'FLP', mean: [9, mean], median: [9, median], ci: [1, 2] }],
        },
      ],
    }) as unknown as Trained;
  expect(lastMedianOf([run(100, 2)])).toEqual({ mean: 2 });
  expect(lastMedianOf([run(100, 2), run(4, 3)])).toEqual(over([2, 3]));
  expect(lastOf([run(100, 2), run(4, 3)])).toEqual(over([100, 4]));
  const diverged = { evaluations: [], divergedAt: 73 } as unknown as Trained;
  expect(lastMedianOf([run(100, 2), diverged])).toEqual(over([2, NaN]));
  expect(lastOf([diverged, run(4, 3)])).toEqual(over([4, NaN]));
  expect(lastOf([diverged, diverged])).toBe('diverged at meta-step 73, 73');
});
