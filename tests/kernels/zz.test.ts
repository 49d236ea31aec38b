import { test } from 'vitest';
import { compare } from './agree.js';
import { solve, randomProblem } from '../reference/random-problem.js';
import { useGpu } from './open.js';
const under = useGpu();
for (const adjoint of ['store', 'checkpoint', 'reverse'] as const) for (const alpha of ['layer', 'synapse'] as const) test(adjoint, async () => {
  const spec = { spec: {"activation":"softplus","alpha":alpha,"sizes":[2,5,3,2],"rule":"hebb","feedbackActivation":"relu","signal":"target","loss":"cross-entropy","feedbackTo":"output","multiplier":[2,0.5,-1]} as const, tasks: 1, steps: 5, batch: 3, images: 7 };
  const { errors, want, problem } = await compare(under.gpu, spec, { adjoint, plan: { lanes: 1, teams: 2 }, moments: [0, 2, 5], momentWeights: [.3, .5, 1.5] });
  const v = (n: string) => { const { offset, size } = problem.layout.get(n)!; return Math.hypot(...want.gradient.subarray(offset, offset + size)); };
  console.log(adjoint, alpha, errors.alpha2, errors.alpha1, errors.alpha3, v('alpha1'), v('alpha2'), v('alpha3'));
});
