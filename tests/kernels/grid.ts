import { describe, expect, test } from 'vitest';
import type { Adjoint, PlanChoices } from '../../src/gpu/options.js';
import type { SystemSpec } from '../../src/systems/system.js';
import type { ProblemSpec } from '../reference/random-problem.js';
import { beyond, compare } from './agree.js';
import { useGpu } from './open.js';
import { each, type Parts, rowsOf } from './systems.js';

/** How a problem is posed and solved. */
export const circumstances = {
  lanes: [
    { lanes: 1, teams: 1 },
    { lanes: 1, teams: 4 },
    { lanes: 2, teams: 1 },
    { lanes: 4, teams: 2 },
    { lanes: 32, teams: 1, grid: true },
    { lanes: 8, teams: 1 },
  ],
  adjoint: [
    { adjoint: 'store' },
    ...[1, 2, 5].map(interval => ({ adjoint: 'checkpoint', interval })),
    { adjoint: 'reverse' },
  ],
  frozen: each('frozen', [[], [1], [1, 2], [2], [3]]),
  sizes: each('sizes', [
    [2, 5, 3, 2],
    [3, 65, 4, 5],
    [7, 6, 9, 3],
  ]),
  tasks: each('tasks', [1, 3, 5]),
  steps: each('steps', [1, 5]),
  batch: each('batch', [1, 3, 4]),
  images: each('images', [undefined, 7]),
  asked: each('asked', ['at last', 'on the way']),
};

/** And a grid of lanes, instead of eight that go along whole rows. */
export const inGrid = (lanes: number, teams: number) => ({
  ...circumstances,
  lanes: [...circumstances.lanes.filter(of => of.lanes !== 8), { lanes, teams, grid: true }],
});

type Posed = SystemSpec &
  Omit<ProblemSpec, 'spec'> &
  Required<Pick<PlanChoices, 'lanes' | 'teams'>> &
  Pick<PlanChoices, 'interval' | 'grid'> & {
    readonly adjoint: Adjoint;
    readonly asked: 'at last' | 'on the way';
  };

/**
 * Declares the tests of a grid: loss, every gradient, and adaptation of every value of every part
 * and circumstance, beside every value of every other in some row. A file for each kind of system,
 * so that workers share them.
 */
export function agreeOverGrid(
  kind: string,
  parts: Parts,
  around: Readonly<Record<string, readonly object[]>>,
): void {
  const under = useGpu();
  describe(`kernels of systems ${kind} agree with the reference in loss, every gradient, and adaptation`, () => {
    const named = rowsOf<Posed>({ ...around, ...parts }).map(
      row =>
        [
          Object.entries(row)
            .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
            .join(', ')
            .replaceAll('"', ''),
          row,
        ] as const,
    );

    test.each(named)(
      '%s',
      async (
        _,
        {
          lanes,
          teams,
          grid = false,
          adjoint,
          interval,
          tasks,
          steps,
          batch,
          images,
          asked,
          ...spec
        },
      ) => {
        const onTheWay =
          steps === 1
            ? { moments: [0, 1], momentWeights: [0.3, 0.7] }
            : { moments: [0, 2, 5], momentWeights: [0.3, 0.5, 1.5] };
        const { errors, step, plan } = await compare(
          under.gpu,
          { spec, tasks, steps, batch, images },
          {
            adjoint,
            plan: { lanes, teams, grid, interval },
            ...(asked === 'on the way' && onTheWay),
          },
        );
        expect([plan.lanes, plan.teams, plan.grid, plan.adjoint]).toEqual([
          lanes,
          teams,
          grid,
          adjoint,
        ]);
        expect([step.counted, step.diverged, step.fellBack]).toEqual([tasks, 0, false]);
        expect(beyond(1e-5, errors)).toEqual({});
      },
    );
  });
}
