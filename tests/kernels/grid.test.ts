import { describe, expect, test } from 'vitest';
import type { SystemSpec } from '../../src/systems/system.js';
import { beyond, compare } from './agree.js';
import { useGpu } from './open.js';
import { everyPair } from './pairs.js';
import { ALIGNING, PATHS, TOLD } from './systems.js';

const under = useGpu();

/** How a problem is posed and solved. */
const circumstances = {
  lanes: [[1, 1], [1, 2], [1, 4], [2, 1], [4, 2], [32, 1], [64, 1]],              // and teams
  adjoint: [['store'], ['checkpoint', 1], ['checkpoint', 2], ['checkpoint', 5], ['reverse']],             // and interval
  frozen: [[], [1], [1, 2], [2], [3]],
  sizes: [[2, 5, 3, 2], [3, 65, 4, 5], [7, 6, 9, 3]],
  tasks: [1, 3, 5], steps: [1, 5], batch: [1, 3], images: [undefined, 7], asked: ['at last', 'on the way'],
} as const;

/** One row of the grid: every value of every part, beside every value of every other in some row. */
function rows(parts: Readonly<Record<string, readonly Partial<SystemSpec>[]>>) {
  return everyPair({ ...circumstances, ...parts }).map(row => {
    const { lanes, adjoint, frozen, sizes, tasks, steps, batch, images, asked, ...chosen } = row;
    const spec: SystemSpec = Object.assign({ sizes: [...sizes], frozen: [...frozen] }, ...Object.values(chosen) as Partial<SystemSpec>[]);
    // What cannot go together: an encoder is not drawn, momentum is not undone.
    const whole = spec.weights === 'drawn' ? { ...spec, frozen: spec.frozen!.filter(l => l > 1) } : spec;
    const kept = whole.momentum && adjoint[0] === 'reverse' ? (['store'] as const) : adjoint;
    const problem = { tasks, steps, batch, images, asked, lanes, adjoint: kept };
    return [Object.entries({ ...problem, ...whole }).map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(', ').replaceAll('"', ''), { ...problem, spec: whole }] as const;
  });
}

describe.each([['told what to be', TOLD], ['told their error', PATHS], ['that learn their feedback', ALIGNING]])('kernels of systems %s agree with the reference in loss, every gradient, and adaptation', (_, parts) => {
  test.each(rows(parts))('%s', async (_, { lanes: [lanes, teams], adjoint: [adjoint, interval], tasks, steps, batch, images, asked, spec }) => {
    const onTheWay = steps === 1 ? { moments: [0, 1], momentWeights: [0.3, 0.7] } : { moments: [0, 2, 5], momentWeights: [0.3, 0.5, 1.5] };
    const { errors, step, plan } = await compare(under.gpu, { spec, tasks, steps, batch, images }, {
      adjoint, plan: { lanes, teams, interval }, ...(asked === 'on the way' && onTheWay),
    });
    expect([plan.lanes, plan.teams, plan.adjoint]).toEqual([lanes, teams, adjoint]);
    expect([step.counted, step.diverged, step.fellBack]).toEqual([tasks, 0, false]);
    expect(beyond(1e-5, errors)).toEqual({});
  });
});
