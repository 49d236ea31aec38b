import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Learner } from '../../src/learner/learner.js';
import { useGpu } from './open.js';
import { inOrder, tensorsOf } from '../../src/parameters/layout.js';
const under = useGpu();
const PRIM = ['decay', 'amp', 'null', 'sparse', 'self'];
const names = (process.env.CASES ?? 'conv-gradient').split(',');
test.each(names)('%s', async name => {
  const c = JSON.parse(readFileSync(`/work/shared/oracle/${name}.json`, 'utf8'));
  const cfg = c.config;
  const spec: any = {
    image: c.image, layers: c.layers, frozen: cfg.frozen ?? [],
    loss: cfg.loss === 'mse' ? 'squared-error' : 'cross-entropy',
  };
  if (cfg.system === 'flp') Object.assign(spec, { rule: cfg.rule, multiplier: cfg.multiplier });
  if (cfg.system === 'gradient') Object.assign(spec, { rule: 'gradient', activation: cfg.act, feedback: cfg.feedback === 'sign' ? 'sign-symmetric' : cfg.feedback, eta: 'layer' });
  if (cfg.system === 'align') Object.assign(spec, { rule: 'gradient', activation: cfg.act, feedback: 'chained', eta: 'network', reduction: 'mean', weightDecay: true, primitives: PRIM, feedbackRule: cfg.kolen_pollack ? 'kolen-pollack' : 'symmetric-alignment' });
  const plan = process.env.PLAN ? JSON.parse(process.env.PLAN) : undefined;
  const learner = await Learner.create(under.gpu, {
    system: spec, episode: { steps: c.steps, batch: c.batch, queries: c.queries }, tasks: c.tasks.length,
    adjoint: (process.env.ADJOINT ?? 'store') as any, ...(plan && { plan }),
  });
  const flat = (x: any): number[] => (Array.isArray(x) ? x.flat(Infinity) : [x]);
  const named = (tree: any) => {
    const all = new Float32Array(learner.layout.size);
    const seen: Record<string, number> = {};
    for (const t of learner.layout.tensors) {
      const kind = t.name.replace(/\d+$/, '');
      const key = ({ weightDecay: 'weight_decay', etaB: 'eta_B' } as any)[kind] ?? kind;
      let v = tree[key];
      if (kind !== t.name) {
        const list = v as any[];
        const layer = Number(/\d+$/.exec(t.name)![0]);
        const chainedB = kind === 'B' && list.length === c.layers.length;
        v = kind === 'B' && !chainedB && cfg.feedback === 'direct' ? list[layer - 2] : list[layer - 1];
      }
      const f = flat(v);
      if (f.length !== t.size) throw new Error(`${t.name}: ${f.length} for ${t.size} ${t.shape}`);
      all.set(f, t.offset); seen[t.name] = 1;
    }
    return all;
  };
  learner.write(tensorsOf(learner.layout, named(c.parameters)));
  const f32 = (k: string) => Float32Array.from(c.tasks.flatMap((t: any) => flat(t[k])));
  const episodes: any = { tasks: c.tasks.length, steps: c.steps, batch: c.batch, queries: c.queries, supportX: f32('support_x'), supportY: f32('support_y'), queryX: f32('query_x'), queryY: f32('query_y') };
  const { gradient, loss } = await learner.gradient(episodes) as any;
  const want = named(c.expected.gradient);
  const got = inOrder(learner.layout, gradient);
  const errs: Record<string, number> = { loss: Math.abs(loss - c.expected.meta_loss) / c.expected.meta_loss };
  for (const t of learner.layout.tensors) {
    const a = got.subarray(t.offset, t.offset + t.size), b = want.subarray(t.offset, t.offset + t.size);
    const d = Math.hypot(...a.map((x, i) => x - b[i]!)), n = Math.hypot(...b);
    errs[t.name] = n ? d / n : d;
  }
  const { finalWeights, finalFeedback } = await learner.adapt(episodes) as any;
  c.layers.forEach((_: any, l: number) => {
    const w = finalWeights[0][`W${l + 1}`];
    if (w) { const b = flat(c.expected.final_W[0][l]); errs[`final W${l + 1}`] = Math.hypot(...w.data.map((x: number, i: number) => x - b[i]!)) / Math.hypot(...b); }
    const fb = finalFeedback?.[0]?.[`B${l + 1}`];
    if (fb && c.expected.final_B) { const b = flat(c.expected.final_B[0][l]); errs[`final B${l + 1}`] = Math.hypot(...fb.data.map((x: number, i: number) => x - b[i]!)) / Math.hypot(...b); }
  });
  console.log(name, Object.entries(errs).map(([k, v]) => `${k} ${v.toExponential(1)}`).join('  '));
  expect(Object.values(errs).every(e => e < 1e-5)).toBe(true);
  learner.destroy();
});
