import { test } from 'vitest';
import { readFileSync } from 'node:fs';
import { openNodeGpu } from '/work/wt-gpu/src/node/open.js';
import { Learner } from '/work/wt-gpu/src/learner/learner.js';
import { defineSystem } from '/work/wt-gpu/src/systems/system.js';

const names = (process.env.CASES ?? 'bcm').split(',');
const plan = JSON.parse(process.env.PLAN ?? '{}');
const adjoint = (process.env.ADJ ?? 'store') as any;
const rel = (a: number[], b: number[]) => {
  let d = 0, n = 0;
  a.forEach((x, i) => { d += (x - b[i]!) ** 2; n += b[i]! ** 2; });
  return a.length !== b.length ? NaN : Math.sqrt(d) / (Math.sqrt(n) || 1);
};
test('cases', async () => {
  const gpu = await openNodeGpu();
  for (const n of names) {
    const c = JSON.parse(readFileSync(`/work/shared/oracle/rule-${n}.json`, 'utf8'));
    const system = defineSystem({
      sizes: c.sizes, loss: c.config.loss === 'mse' ? 'squared-error' : 'cross-entropy', activation: c.config.act,
      rule: { ...c.rule }, bias: true,
      ...(c.config.feedback && { feedback: c.config.feedback === 'sign' ? 'sign-symmetric' : c.config.feedback }),
    } as any);
    const f = (k: string) => Float32Array.from(c.tasks.flatMap((t: any) => t[k].flat(3)));
    const episode = { tasks: c.tasks.length, steps: c.steps, batch: c.batch, queries: c.queries };
    const learner = await Learner.create(gpu, { system, episode, tasks: c.tasks.length, adjoint, plan } as any);
    const P = c.parameters, w: any = {};
    const put = (root: any, into: any) => {
      for (const t of learner.layout.tensors) {
        const m = /^rule\.(\w+)(?:\.(\d+))?$/.exec(t.name);
        let v;
        if (m) v = root.coefficients[m[1]!], v = m[2] ? (Array.isArray(v) ? v[+m[2] - 1] : v) : v;
        else if (t.name === 'beta') v = root.beta;
        else v = root[t.name.replace(/\d+$/, '')][+/\d+$/.exec(t.name)![0] - 1];
        into[t.name] = Float32Array.from([v].flat(4) as number[]);
      }
    };
    put(P, w);
    for (const [k, v] of Object.entries(w)) learner.write(k, v as any);
    const ep = { ...episode, supportX: f('support_x'), supportY: f('support_y'), queryX: f('query_x'), queryY: f('query_y') };
    const t0 = performance.now();
    const g = await learner.gradient(ep as any);
    const e: any = {}; put(c.expected.gradient, e);
    console.log(n, adjoint, 'lanes', learner.plan.lanes, learner.plan.grid, 'loss', Math.abs(g.loss / c.expected.meta_loss - 1).toExponential(1),
      Object.keys(e).map(k => `${k} ${rel([...g.gradient[k]!.data], [...e[k]]).toExponential(1)}`).join('  '), Math.round(performance.now() - t0), g.fellBack);
    if (adjoint === 'store' && process.env.FINAL) {
      const a = await learner.adapt(ep as any);
      const out: string[] = [];
      a.finalSynapse.forEach((s, i) => Object.entries(s).forEach(([k, v]) => { const [nm, l] = k.split('.'); out.push(`${k} ${rel([...v.data], c.expected.final_synapse[i][nm!][+l! - 1].flat()).toExponential(1)}`); }));
      a.finalNeuron.forEach((s, i) => Object.entries(s).forEach(([k, v]) => { const [nm, l] = k.split('.'); out.push(`${k} ${rel([...v.data], c.expected.final_neuron[i][nm!][+l!].flat()).toExponential(1)}`); }));
      a.finalWeights.forEach((s, i) => Object.entries(s).forEach(([k, v]) => out.push(`${k} ${rel([...v.data], c.expected.final_W[i][+k.slice(1) - 1].flat()).toExponential(1)}`)));
      console.log('   ', out.join(' '));
    }
    learner.destroy();
  }
  gpu.destroy();
}, 600000);
