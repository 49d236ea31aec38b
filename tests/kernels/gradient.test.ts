import { test } from 'vitest';
import { Learner } from '../../src/outer/learner.js';
import { inFloat32 } from '../../src/reference/episode.js';
import { relativeErrors } from '../reference/central-differences.js';
import { randomProblem, solve } from '../reference/random-problem.js';
import { useGpu } from './open.js';

const under = useGpu();
for (const lanes of [1, 4]) for (const rule of ['hebb', 'oja'] as const) for (const steps of [1, 2]) for (const batch of [1, 3])
test('smoke', async () => {
  const spec = { sizes: [2, 5, 3, 2], rule };
  const problem = randomProblem({ spec, tasks: 3, steps, batch, queries: 4, seed: 2 });
  const want = solve(problem);
  const learner = await Learner.create(under.gpu, { system: spec, episode: { steps, batch, queries: 4 }, tasks: 3, plan: { lanes } });
  learner.writeParameters(problem.parameters);
  const got = await learner.gradient(inFloat32(problem.episodes));
  console.log(lanes, rule, steps, batch, got.loss- want.loss, Object.entries(relativeErrors(problem.layout, await learner.readGradient(), want.gradient)).map(([k, v]) => `${k} ${v.toExponential(1)}`).join(', '));
});
