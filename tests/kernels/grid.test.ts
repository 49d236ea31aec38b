import { expect, test } from 'vitest';
import { compare, beyond } from './agree.js';
import { useGpu } from './open.js';
import { everyPair } from './pairs.js';
import { GRANULARITIES, SLOTS } from '../../src/systems/system.js';

const under = useGpu();
const rows = everyPair({
  lanes: [[1, 1], [1, 2], [1, 4], [2, 1], [4, 2], [32, 1], [64, 1]],
  adjoint: [['store'], ['checkpoint', 1], ['checkpoint', 2], ['checkpoint', 5], ['reverse']],
  frozen: [[], [1], [1, 2], [2], [3]],
  activation: SLOTS.activation, alpha: GRANULARITIES,
  sizes: [[2, 5, 3, 2], [3, 65, 4, 5], [7, 6, 9, 3]],
  tasks: [1, 3, 5], steps: [1, 5], batch: [1, 3], images: [0, 7],
  rule: SLOTS.rule, feedbackActivation: SLOTS.feedbackActivation, signal: SLOTS.signal, loss: SLOTS.loss, feedbackTo: ['all', 'output'],
  multiplier: [1, [2, 0.5, -1]], asked: ['last', 'often'],
});
console.log(rows.length);
rows.forEach((row, k) => test(`row ${k}`, async () => {
  const { lanes: [lanes, teams], adjoint: [adjoint, interval], tasks, steps, batch, images, asked, ...spec } = row;
  const often = asked === 'often' ? { moments: steps === 1 ? [0, 1] : [0, 2, steps], momentWeights: steps === 1 ? [0.3, 0.7] : [0.3, 0.5, 1.5] } : {};
  const { errors, step } = await compare(under.gpu, { spec, tasks, steps, batch, ...(images && { images }) }, { adjoint, plan: { lanes, teams, interval }, ...often, onNotice: () => {} });
  const worst = Object.entries(errors).sort((a, b) => (b[1] || 9) - (a[1] || 9)).slice(0, 4).map(([n, e]) => `${n} ${e.toExponential(1)}`).join(' ');
  console.log(`GRID ${k} ${step.fellBack ? 'FELLBACK' : ''} loss ${step.loss.toPrecision(3)} norm ${step.gradientNorm.toPrecision(3)} ${worst} ${JSON.stringify(row)}`);
  expect(beyond(1e-5, errors)).toEqual({});
}));
