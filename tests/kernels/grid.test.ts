import { describe, expect, test } from 'vitest';
import { GRANULARITIES, SLOTS } from '../../src/systems/system.js';
import { beyond, compare } from './agree.js';
import { useGpu } from './open.js';
import { everyPair } from './pairs.js';

const under = useGpu();

describe('kernels agree with the reference in loss, every gradient, and adaptation', () => {
  const rows = everyPair({
    lanes: [[1, 1], [1, 2], [1, 4], [2, 1], [4, 2], [32, 1], [64, 1]],              // and teams
    adjoint: [['store'], ['checkpoint', 1], ['checkpoint', 2], ['checkpoint', 5], ['reverse']],             // and interval
    frozen: [[], [1], [1, 2], [2], [3]],
    sizes: [[2, 5, 3, 2], [3, 65, 4, 5], [7, 6, 9, 3]],
    tasks: [1, 3, 5], steps: [1, 5], batch: [1, 3], images: [undefined, 7], asked: ['at last', 'on the way'],
    activation: SLOTS.activation, feedbackActivation: SLOTS.feedbackActivation, signal: SLOTS.signal, rule: SLOTS.rule, loss: SLOTS.loss,
    alpha: GRANULARITIES, feedbackTo: ['all', 'output'], multiplier: [1, [2, 0.5, -1]],
  });
  const named = rows.map(row => [Object.entries(row).map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(', ').replaceAll('"', ''), row] as const);

  test.each(named)('%s', async (_, { lanes: [lanes, teams], adjoint: [adjoint, interval], tasks, steps, batch, images, asked, ...spec }) => {
    const onTheWay = steps === 1 ? { moments: [0, 1], momentWeights: [0.3, 0.7] } : { moments: [0, 2, 5], momentWeights: [0.3, 0.5, 1.5] };
    const { errors, step, plan } = await compare(under.gpu, { spec, tasks, steps, batch, images }, {
      adjoint, plan: { lanes, teams, interval }, ...(asked === 'on the way' && onTheWay),
    });
    expect([plan.lanes, plan.teams, plan.adjoint]).toEqual([lanes, teams, adjoint]);
    expect([step.counted, step.diverged, step.fellBack]).toEqual([tasks, 0, false]);
    expect(beyond(1e-5, errors)).toEqual({});
  });
});
