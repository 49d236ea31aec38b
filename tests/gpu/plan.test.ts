import { gridLayout } from '../../src/gpu/lanes.js';
import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { ADJOINTS, type Budget, type PlanChoices } from '../../src/gpu/options.js';
import {
  BLOCK,
  describePlan,
  type Machine,
  makePlan,
  mebibytes,
  type Plan,
  type Work,
} from '../../src/gpu/plan.js';
import { QUERY_BLOCK } from '../../src/gpu/segments.js';
import { estimateSeconds } from '../../src/gpu/time.js';
import { defineSystem, type SystemSpec } from '../../src/systems/system.js';
import { random } from '../../src/tasks/random.js';
import { SOFTWARE } from './machine.js';

const MiB = 2 ** 20;
/** WebGPU's default limits. */
const HARDWARE: Machine = { ...SOFTWARE, software: false, subgroup: 32 };

type Wish = Partial<Work> & { readonly spec?: SystemSpec };
function plan(
  { spec = { sizes: [1, 32, 32, 1] }, steps = 20, moments = [steps], ...wish }: Wish = {},
  budget: Partial<Budget> = {},
  choices: PlanChoices = {},
  machine: Partial<Machine> = {},
): Plan {
  const work = {
    system: defineSystem(spec),
    tasks: 64,
    steps,
    batch: 1,
    queries: 20,
    adjoint: 'store',
    moments,
    momentWeights: moments.map(() => 1),
    images: 0,
    settings: 0,
    ...wish,
  } as const;
  return makePlan(
    work,
    { ...SOFTWARE, ...machine },
    { memory: 1024 * MiB, dispatchSeconds: 10, ...budget },
    choices,
  );
}

function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(MetaplasticError);
    return (error as Error).message;
  }
  throw new Error('expected a refusal, got a plan');
}

describe('whatever the work, the machine and the budget, a plan', () => {
  const drawn = Array.from({ length: 400 }, (_, k) => {
    const r = random(11, k);
    const pick = <T>(of: readonly T[]) => of[r.below(of.length)]!;
    const spec: SystemSpec = {
      sizes: Array.from({ length: 3 + r.below(3) }, () => 1 + r.below(100)),
      frozen: pick([[], [1], [2]]),
      alpha: pick(['synapse', 'layer']),
    };
    const steps = 1 + r.below(500);
    const wish = {
      spec,
      tasks: 1 + r.below(3000),
      steps,
      batch: 1 + r.below(5),
      queries: 1 + r.below(pick([30, 300])),
      adjoint: pick([...ADJOINTS, 'none'] as const),
      images: pick([0, 100]),
    };
    const budget = { memory: pick([4, 16, 64, 256]) * MiB, dispatchSeconds: pick([1e-3, 0.1, 1]) };
    const machine = { ...pick([SOFTWARE, HARDWARE]), maxBindingBytes: pick([1, 16, 128]) * MiB };
    const moments = pick([[steps], [0, steps], [0, steps >> 1].slice(steps < 2 ? 1 : 0)]);
    const metrics = wish.adjoint === 'none' && pick([true, false]);
    try {
      return [{ plan: plan({ ...wish, moments, metrics }, budget, {}, machine), budget, machine }];
    } catch (error) {
      // what is too large for its budget is refused, in the one way that is meant
      if (error instanceof MetaplasticError && error.where === 'plan') return [];
      throw error;
    }
  }).flat();
  const all = (holds: (d: (typeof drawn)[number]) => boolean) =>
    expect(drawn.filter(d => !holds(d)).map(d => describePlan(d.plan))).toEqual([]);

  test('is made often enough for the tests below to mean something', () => {
    expect(drawn.length).toBeGreaterThan(150);
    for (const adjoint of [...ADJOINTS, 'none'])
      expect(drawn.filter(d => d.plan.adjoint === adjoint).length).toBeGreaterThan(10);
    expect(drawn.filter(d => d.plan.chunks > 1).length).toBeGreaterThan(10);
    expect(drawn.filter(d => d.plan.segments.length > 1).length).toBeGreaterThan(10);
    expect(drawn.filter(d => d.plan.queriesPerSegment < d.plan.queries).length).toBeGreaterThan(10);
  });

  test('keeps to the memory budget', () => all(d => d.plan.totalBytes <= d.budget.memory));
  test('adds its bytes up', () =>
    all(
      ({ plan: { bytes, totalBytes } }) =>
        Object.values(bytes).reduce((a, b) => a + b, 0) === totalBytes,
    ));
  test('binds no buffer larger than the adapter allows', () =>
    all(d => Math.max(...Object.values(d.plan.bytes)) <= d.machine.maxBindingBytes));
  test('keeps a dispatch to its time, unless one inner step, a block of queries, or what cannot be cut takes longer of the fewest tasks that fewer would not make shorter', () =>
    all(({ plan: p, budget, machine }) => {
      const step = (tasks: number) => estimateSeconds({ ...p, tasks }, machine, p).step;
      const whole =
        p.metrics ||
        p.system.encoderLayers > 0 ||
        p.stepsPerSegment === 1 ||
        p.queriesPerSegment === Math.min(p.queries, QUERY_BLOCK);
      const fewest =
        p.tasksPerChunk <= p.teams || step(p.tasksPerChunk / 2) >= step(p.tasksPerChunk);
      return p.estimatedDispatchSeconds <= budget.dispatchSeconds || (whole && fewest);
    }));
  test('covers every task once', () =>
    all(
      ({ plan: p }) =>
        p.chunks * p.tasksPerChunk >= p.tasks && (p.chunks - 1) * p.tasksPerChunk < p.tasks,
    ));
  test('has chunks alike: fewer tasks missing in the last than workgroups, or blocks of the sum, would make up', () =>
    all(
      ({ plan: p }) =>
        p.chunks * p.tasksPerChunk - p.tasks < p.chunks * (p.slices > 1 ? BLOCK : p.teams),
    ));
  test('covers every inner step once, in their order, no more of them in a segment than it says', () =>
    all(
      ({ plan: { segments, steps, stepsPerSegment } }) =>
        segments[0]!.firstStep === 0 &&
        segments.at(-1)!.lastStep === steps &&
        segments.every(
          ({ firstStep, lastStep }, s) =>
            (s === 0 || firstStep === segments[s - 1]!.lastStep) &&
            lastStep >= firstStep &&
            lastStep - firstStep <= stepsPerSegment,
        ),
    ));
  test('asks every query once at every moment, when its steps are done, in their order and no more of them in a segment than it says', () =>
    all(({ plan: { segments, moments, queries, queriesPerSegment } }) => {
      const asked = segments.flatMap(s =>
        moments.slice(s.firstMoment, s.lastMoment).map((t, k) => ({ t, k: k + s.firstMoment, s })),
      );
      return (
        asked.every(
          ({ t, s }) =>
            (t > s.firstStep || t === 0 || s.firstStep === s.lastStep) &&
            t <= s.lastStep &&
            s.lastQuery - s.firstQuery <= queriesPerSegment,
        ) &&
        moments.every((_, moment) => {
          const parts = asked.filter(({ k }) => k === moment).map(({ s }) => s);
          return (
            parts[0]!.firstQuery === 0 &&
            parts.at(-1)!.lastQuery === queries &&
            parts.every((s, i) => i === 0 || s.firstQuery === parts[i - 1]!.lastQuery)
          );
        })
      );
    }));
  test('clears the gradients of tasks in one segment, the first of the adjoint', () =>
    all(({ plan: { segments, steps, queries } }) => {
      const clears = segments.map(s => s.lastStep === steps && s.lastQuery === queries);
      return clears.indexOf(true) === segments.length - 1;
    }));
  test('ends a segment at every moment at which metrics are asked, or that has segments of its own, and else has as few as it can', () =>
    all(({ plan: { segments, steps, stepsPerSegment, moments, metrics } }) => {
      const lives = segments.filter(s => s.lastStep > s.firstStep);
      const apart = metrics || lives.length < segments.length;
      const ends = Array.from({ length: Math.ceil(steps / stepsPerSegment) }, (_, s) =>
        Math.min(steps, (s + 1) * stepsPerSegment),
      );
      const all = new Set([...ends, ...(apart ? moments.filter(t => t > 0) : [])]);
      return lives.length === all.size && lives.every(s => all.has(s.lastStep));
    }));
  test('has a power of two lanes, and workgroups that the adapter can run', () =>
    all(
      ({ plan: p, machine }) =>
        Number.isInteger(Math.log2(p.lanes)) && p.lanes * p.teams <= machine.maxInvocations,
    ));
});

describe('a plan', () => {
  test('has as many dispatches for 400 inner steps as for one', () => {
    expect(plan({ steps: 400 }).dispatches).toBe(plan({ steps: 1 }).dispatches);
  });

  test('fills a subgroup of the adapter with tasks: a task a lane on software, a team on a GPU', () => {
    const teams = (machine: Partial<Machine>) => {
      const { lanes, teams } = plan({}, {}, {}, machine);
      return [lanes, teams];
    };
    expect(teams({})).toEqual([1, 4]);
    expect(teams({ subgroup: 8 })).toEqual([1, 8]);
    const rows = (subgroup: number) => {
      const { lanes, teams } = plan({}, {}, { grid: false }, { ...HARDWARE, subgroup });
      return [lanes, teams];
    };
    expect([32, 64].map(rows)).toEqual([
      [8, 4],
      [8, 8],
    ]);
  });

  test("has a GPU's lanes in rows and columns, as many as a layer has fours of both, fewer where tasks are many, but one for every four rows", () => {
    const laid = (
      sizes: number[],
      tasks: number,
      choices: PlanChoices = {},
      machine: Partial<Machine> = HARDWARE,
    ) => {
      const { lanes, grid, system } = plan({ spec: { sizes }, tasks }, {}, choices, machine);
      const { rowLanes, columnLanes } = gridLayout(system, lanes);
      return grid ? [lanes, rowLanes, columnLanes] : lanes;
    };
    expect(laid([9, 30, 2], 64)).toEqual([64, [8, 1], [8, 64]]);
    expect(laid([9, 30, 2], 2 ** 13)).toEqual([16, [8, 1], [2, 16]]);
    expect(laid([1, 128, 128, 1], 2 ** 20)).toEqual([32, [32, 32, 1], [1, 1, 32]]);
    expect(laid([1, 1024, 1], 1)).toEqual([256, [256, 1], [1, 256]]);
    // More rows than a workgroup has lanes, or asked not to: they go along whole rows.
    expect(laid([1, 1025, 1], 1)).toBe(256);
    expect(laid([9, 30, 2], 64, { grid: false })).toBe(8);
    // On software only if asked.
    expect(laid([9, 30, 2], 64, {}, SOFTWARE)).toBe(1);
    expect(laid([9, 30, 2], 64, { grid: true, lanes: 16 }, SOFTWARE)).toEqual([
      16,
      [8, 1],
      [2, 16],
    ]);
    expect(refusal(() => plan({ spec: { sizes: [9, 30, 2] } }, {}, { grid: true, lanes: 4 }))).toBe(
      'plan.grid: expected 8 … 256 lanes, one for every four rows of the widest layer at least, got 4; give plan.lanes so many, or leave plan.grid out',
    );
  });

  test('divides few tasks among the cores of a software adapter: a subgroup works on each, unless that is no faster', () => {
    const teams = (tasks: number, machine: Partial<Machine> = {}) => {
      const { lanes, teams } = plan({ tasks }, {}, {}, machine);
      return [lanes, teams];
    };
    expect([6, 7, 9].map(tasks => teams(tasks))).toEqual([
      [4, 1],
      [1, 4],
      [1, 4],
    ]);
    expect([24, 25].map(tasks => teams(tasks, { cores: 8 }))).toEqual([
      [4, 1],
      [1, 4],
    ]);
    expect([1, 4, 5, 64].map(tasks => teams(tasks, { subgroup: 8, teamwork: false }))).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [1, 8],
    ]);
  });

  test('has more dispatches only by segments: one more each way', () => {
    expect(
      plan({ steps: 400 }, {}, { stepsPerSegment: 40 }).dispatches -
        plan({ steps: 400 }).dispatches,
    ).toBe(2 * 9);
  });

  test("of adjoint 'store' keeps the fast weights of every step", () => {
    const fast = (steps: number) => plan({ steps, adjoint: 'store' }).bytes['fast weights']!;
    expect(fast(99) / fast(9)).toBe(10); // W_0 … W_T
  });

  test("of adjoint 'reverse' keeps one, however long the lifetime", () => {
    const fast = (steps: number, adjoint: Work['adjoint']) =>
      plan({ steps, adjoint }).bytes['fast weights']!;
    expect(fast(1000, 'reverse')).toBe(fast(1, 'reverse'));
    expect(fast(1, 'reverse')).toBe(fast(1, 'store') / 2);
  });

  test("of adjoint 'checkpoint' keeps about twice the root of them", () => {
    const kept = plan({ steps: 400, adjoint: 'checkpoint' });
    expect(kept.interval).toBe(20);
    expect(
      kept.bytes['fast weights']! / plan({ steps: 400, adjoint: 'reverse' }).bytes['fast weights']!,
    ).toBe(40); // W_0, W_20 … W_400, and 19 between
  });

  test('splits a meta-batch that does not fit into chunks', () => {
    const whole = plan();
    const half = plan({}, { memory: whole.totalBytes * 0.7 });
    expect(whole.chunks).toBe(1);
    expect(half.chunks).toBe(2);
  });

  test('splits lifetimes into segments where a dispatch would take too long', () => {
    const whole = plan({ tasks: 4, steps: 400 });
    const cut = plan(
      { tasks: 4, steps: 400 },
      { dispatchSeconds: whole.estimatedDispatchSeconds / 3 },
    );
    expect(whole.segments.length).toBe(1);
    expect(cut.segments.length).toBeGreaterThan(1);
  });

  test('never has more tasks in a chunk than the adapter has workgroups', () => {
    const limited = plan(
      { spec: { sizes: [1, 1] }, steps: 1, queries: 1, tasks: 1000 },
      {},
      {},
      { maxWorkgroups: 300 },
    );
    expect(limited.tasksPerChunk).toBeLessThanOrEqual(300);
    expect(limited.chunks).toBe(4);
  });

  test('takes what the caller fixes', () => {
    const { lanes, teams, tasksPerChunk, stepsPerSegment, interval, chunks, segments } = plan(
      { adjoint: 'checkpoint' },
      {},
      { lanes: 8, teams: 2, tasksPerChunk: 10, stepsPerSegment: 7, interval: 6 },
    );
    expect({ lanes, teams, tasksPerChunk, stepsPerSegment, interval, chunks }).toEqual({
      lanes: 8,
      teams: 2,
      tasksPerChunk: 10,
      stepsPerSegment: 7,
      interval: 6,
      chunks: 7,
    });
    expect(segments.length).toBe(3);
  });

  test('is a table for people', () => {
    const p = plan(
      { adjoint: 'checkpoint', spec: { sizes: [1, 32, 32, 1], frozen: [2] } },
      {},
      { tasksPerChunk: 10, stepsPerSegment: 7 },
    );
    const table = describePlan(p);
    const lines = [
      ['network', '1-32-32-1, frozen 2'],
      ['lifetime', '20 inner steps of 1, 20 queries at 20'],
      ['tasks', '64 = 7 chunk(s) of 10'],
      ['steps per segment', '7 (3 segment(s))'],
      ['adjoint', 'checkpoint every 5 steps'],
      ['dispatches per meta-step', String(p.dispatches)],
      ['submits per meta-step', '7'],
      ['GPU memory', mebibytes(p.totalBytes)],
      ...Object.entries(p.bytes)
        .filter(([, b]) => b > 0)
        .map(([purpose, b]) => [purpose, mebibytes(b)]),
    ];
    for (const [what, value] of lines)
      expect(table.split('\n').map(line => line.trim().replace(/ {2,}/, ': '))).toContain(
        `${what}: ${value}`,
      );
  });
});

describe('what cannot fit is refused', () => {
  const long: Wish = { spec: { sizes: [10, 300, 300, 10] }, steps: 1000, tasks: 8 };

  test('with what is missing: with that much more, it fits', () => {
    const message = refusal(() =>
      plan(long, { memory: 100 * MiB }, {}, { maxBindingBytes: 4096 * MiB }),
    );
    const missing = Number(/: (\d+) MiB missing/.exec(message)![1]);
    expect(
      refusal(() =>
        plan(long, { memory: (100 + missing - 2) * MiB }, {}, { maxBindingBytes: 4096 * MiB }),
      ),
    ).toContain('missing');
    expect(
      plan(long, { memory: (100 + missing + 1) * MiB }, {}, { maxBindingBytes: 4096 * MiB })
        .tasksPerChunk,
    ).toBeLessThan(8);
  });

  test('with what takes the most, and what to lower', () => {
    expect(refusal(() => plan(long, { memory: 100 * MiB }))).toMatch(
      /fast weights .*; use adjoint 'checkpoint' or 'reverse', or lower steps, queries or sizes$/,
    );
    expect(refusal(() => plan({ ...long, adjoint: 'checkpoint' }, { memory: 20 * MiB }))).toMatch(
      /the most .* goes to fast weights; lower steps, batch, queries or sizes, or raise budget\.memory$/,
    );
    expect(
      refusal(() => plan({ images: 60000, spec: { sizes: [784, 5] } }, { memory: 40 * MiB })),
    ).toMatch(/the most \(45 MiB\) goes to image bank; use smaller or fewer images/);
    const maps: SystemSpec = {
      image: [3, 84, 84],
      layers: [
        { conv: { channels: 64, kernel: 3, stride: 2 } },
        { conv: { channels: 4, kernel: 5, stride: 5 } },
        { dense: 5 },
      ],
      frozen: [1, 2],
    };
    expect(refusal(() => plan({ spec: maps, tasks: 1, steps: 25 }, { memory: 8 * MiB }))).toMatch(
      /goes to activities; lower channels, image, steps/,
    );
  });

  test('by the limit of the adapter', () => {
    expect(refusal(() => plan({ ...long, tasks: 16 }, { memory: 8192 * MiB }))).toMatch(
      /^plan: fast weights of 4 task\(s\) need \d+ MiB in one buffer, the adapter allows 128 MiB; /,
    );
    expect(
      refusal(() =>
        plan({ images: 60000, spec: { sizes: [784, 5] } }, {}, {}, { maxBindingBytes: 32 * MiB }),
      ),
    ).toMatch(/^plan: image bank .* need 45 MiB in one buffer, the adapter allows 32 MiB/);
  });

  test('also where the caller fixed the chunk', () => {
    const few = plan({}, { memory: plan().totalBytes * 0.7 });
    expect(few.tasksPerChunk).toBeLessThan(64);
    expect(
      refusal(() => plan({}, { memory: plan().totalBytes * 0.7 }, { tasksPerChunk: 64 })),
    ).toMatch(/^plan: 64 task\(s\) need .* missing/);
  });
});

describe('a plan that makes no sense is refused', () => {
  test.each<[string, Wish, PlanChoices, string]>([
    ['no task', { tasks: 0 }, {}, 'plan.tasks: expected a whole number ≥ 1, got 0'],
    ['no inner step', { steps: 0 }, {}, 'plan.steps: expected a whole number ≥ 1, got 0'],
    ['half a step', { steps: 2.5 }, {}, 'plan.steps: expected a whole number ≥ 1, got 2.5'],
    ['an empty batch', { batch: 0 }, {}, 'plan.batch: expected a whole number ≥ 1, got 0'],
    ['no query', { queries: -1 }, {}, 'plan.queries: expected a whole number ≥ 1, got -1'],
    [
      'nothing said of images',
      { images: undefined },
      {},
      'plan.images: expected a whole number ≥ 0, got nothing',
    ],
    [
      'nothing said of settings',
      { settings: undefined },
      {},
      'plan.settings: expected a whole number ≥ 0, got nothing',
    ],
    [
      'metrics that are a number',
      { metrics: 1 as unknown as boolean },
      {},
      'plan.metrics: expected true or false, got 1',
    ],
    [
      'an unknown adjoint',
      { adjoint: 'guess' as 'store' },
      {},
      'plan.adjoint: unknown choice "guess"; known: store, checkpoint, reverse, none',
    ],
    [
      'no moment',
      { moments: [] },
      {},
      'plan.moments: expected a list of 1 to 32767 inner steps ≥ 0, got []',
    ],
    [
      'a moment after the end',
      { moments: [0, 21] },
      {},
      'plan.moments: expected inner steps up to 20, the length of a lifetime, got 21',
    ],
    [
      'a moment before birth',
      { moments: [-1, 20] },
      {},
      'plan.moments.0: expected a whole number ≥ 0, got -1',
    ],
    [
      'moments out of order',
      { moments: [5, 3] },
      {},
      'plan.moments: expected inner steps in rising order, got 5 before 3',
    ],
    [
      'a moment twice',
      { moments: [5, 5] },
      {},
      'plan.moments: expected inner steps in rising order, got 5 before 5',
    ],
    [
      'half a moment',
      { moments: [0.5] },
      {},
      'plan.moments.0: expected a whole number ≥ 0, got 0.5',
    ],
    [
      'a weight too few',
      { moments: [0, 20], momentWeights: [1] },
      {},
      'plan.momentWeights: expected 2 weights, one a moment, got 1',
    ],
    [
      'a weight that is no number',
      { momentWeights: [NaN] },
      {},
      'plan.momentWeights.0: expected a finite number, got NaN',
    ],
    [
      'three lanes',
      {},
      { lanes: 3 },
      'plan.lanes: expected a power of two with lanes × teams ≤ 256, got 3 × 1',
    ],
    ['no lane', {}, { lanes: 0 }, 'plan.lanes: expected a whole number ≥ 1, got 0'],
    [
      'more lanes than the adapter has',
      {},
      { lanes: 64, teams: 8 },
      'plan.lanes: expected a power of two with lanes × teams ≤ 256, got 64 × 8',
    ],
    ['half a team', {}, { teams: 0.5 }, 'plan.teams: expected a whole number ≥ 1, got 0.5'],
    [
      'an empty chunk',
      {},
      { tasksPerChunk: 0 },
      'plan.tasksPerChunk: expected a whole number ≥ 1, got 0',
    ],
    [
      'an empty segment',
      {},
      { stepsPerSegment: 0 },
      'plan.stepsPerSegment: expected a whole number ≥ 1, got 0',
    ],
    [
      'no interval',
      { adjoint: 'checkpoint' },
      { interval: 0 },
      'plan.interval: expected a whole number ≥ 1, got 0',
    ],
  ])('%s', (_, wish, choices, message) => {
    expect(refusal(() => plan(wish, {}, choices))).toBe(message);
  });

  test.each<[string, number[], string]>([
    ['a layer without neurons', [1, 0, 1], 'system.sizes.1: expected a whole number ≥ 1, got 0'],
    ['a negative size', [-1, 1], 'system.sizes.0: expected a whole number ≥ 1, got -1'],
    [
      'a network of one layer of neurons',
      [3],
      'system.sizes: expected a list of 2 to 1024 whole numbers ≥ 1 (inputs … outputs), got [3]',
    ],
  ])('%s', (_, sizes, message) => {
    expect(refusal(() => plan({ spec: { sizes } }))).toBe(message);
  });

  test.each<[string, Partial<Machine>, string]>([
    [
      'a machine that does not say its limits',
      { maxBindingBytes: undefined },
      'plan.machine.maxBindingBytes: expected a whole number ≥ 1, got nothing',
    ],
    [
      'a machine without cores',
      { cores: 0 },
      'plan.machine.cores: expected a whole number ≥ 1, got 0',
    ],
  ])('%s', (_, machine, message) => {
    expect(refusal(() => plan({}, {}, {}, machine))).toBe(message);
  });
});

test('a plan of a system as it is written is that of the system', () => {
  const spec = { sizes: [1, 8, 1] };
  const made = plan({ spec });
  const { layout: _, places: __, ...work } = made;
  const again = makePlan({ ...work, system: spec as unknown as Plan['system'] }, SOFTWARE);
  expect(again.system).toEqual(made.system);
  expect(again.bytes).toEqual(makePlan(work, SOFTWARE).bytes);
});
