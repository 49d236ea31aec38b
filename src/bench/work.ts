import { equationOperations, isMadeOfProducts, namesOf } from '../gpu/equation.js';
import type { Plan } from '../gpu/plan.js';
import { feedbackMatrix, isMixed } from '../parameters/layout.js';
import type { WrittenRule } from '../rules/rule.js';
import { productsOf, ruleOf, statesOf, writtenOf, type Layer } from '../systems/system.js';

/**
 * What a piece of work asks for, by the mathematics and whatever way a kernel takes: operations (a
 * product and a sum are two), and bytes that go to and from memory if every stage of every inner
 * step reads each number that it needs once and writes each that it makes once. A kernel that keeps
 * its state on the chip from stage to stage moves less, and may so exceed what storage gives.
 *
 * Only what grows with synapses, parameters or samples × neurons is counted, not a neuron's own
 * work, such as its activation.
 */
export interface Amount {
  readonly flops: number;
  readonly bytes: number;
}

/** Amount of operations, and of numbers read or written. */
const amount = (flops: number, numbers: number): Amount => ({ flops, bytes: 4 * numbers });
const plus = (...some: readonly Amount[]): Amount =>
  some.reduce((a, b) => ({ flops: a.flops + b.flops, bytes: a.bytes + b.bytes }), amount(0, 0));
const times = (n: number, { flops, bytes }: Amount): Amount => ({
  flops: n * flops,
  bytes: n * bytes,
});

/**
 * The parts of a lifetime, each for all tasks of a meta-batch; and the whole of it, forward and
 * adjoint.
 */
export const PARTS = ['birth', 'step', 'query', 'step.adjoint', 'query.adjoint'] as const;
export type Part = (typeof PARTS)[number];

/**
 * Operations and bytes of the parts of a meta-batch’s lifetimes, counted by the mathematics and
 * not by what a kernel does.
 */
export function lifetimeWork(
  plan: Plan,
): Readonly<Record<Part | 'episode' | 'episode.adjoint', Amount>> {
  const { steps, tasks, moments } = plan;
  const inside = plan.system.layers.slice(plan.system.encoderLayers);
  const sum = (of: (layer: Layer) => Amount) =>
    times(
      tasks,
      inside.map(of).reduce((a, b) => plus(a, b), amount(0, 0)),
    );
  const parts: Record<Part, Amount> = {
    birth: sum(l => amount(0, 2 * fastSynapses(plan, l) + statesIn(plan, l))),
    step: sum(l => plus(forward(plan, l, plan.batch), feedback(plan, l), plasticity(plan, l))),
    query: sum(l => forward(plan, l, plan.queries)),
    'step.adjoint': sum(l =>
      plus(
        plasticityAdjoint(plan, l),
        feedbackAdjoint(plan, l),
        forwardAdjoint(plan, l, plan.batch),
      ),
    ),
    'query.adjoint': sum(l => forwardAdjoint(plan, l, plan.queries)),
  };
  const asked = moments.length;
  const kept = plan.adjoint === 'checkpoint' ? Math.floor((steps - 1) / plan.interval) + 1 : steps;
  const cleared = times(tasks, amount(0, plan.perTask.gradient));
  const compared =
    plan.adjoint === 'reverse'
      ? sum(l => amount(3 * fastSynapses(plan, l), 2 * fastSynapses(plan, l)))
      : amount(0, 0);
  return {
    ...parts,
    episode: plus(parts.birth, times(steps, parts.step), times(asked, parts.query)),
    'episode.adjoint': plus(
      cleared,
      times(steps, parts['step.adjoint']),
      times(asked, parts['query.adjoint']),
      times(
        steps - kept,
        sum(l => plasticity(plan, l)),
      ),
      compared,
      plan.system.encoderLayers ? amount(0, 0) : normOf(plan),
    ),
  };
}

/** What the kernel of that label does in a meta-step; undefined for one that nobody has counted. */
export function kernelWork(plan: Plan, label: string): Amount | undefined {
  const { tasks, layout, perTask, system } = plan;
  const parameters = layout.size;
  const [shader, ...rest] = label.split(' ');
  const layer = system.layers[Number(rest.at(-1)) - 1];
  const lifetime = lifetimeWork(plan);
  if (shader === 'episode' || shader === 'episode.adjoint') return lifetime[shader];
  if (shader === 'norm') return normOf(plan);
  if (shader === 'collect') return amount((2 * tasks + 3) * parameters, (tasks + 1) * parameters);
  if (shader === 'adam') return amount(14 * parameters, 7 * parameters);
  if (!layer) return undefined;
  const { index } = layer;
  const { rows } = perTask;
  const product = times(
    tasks,
    amount(
      2 * rows * productsOf(layer),
      synapses(layer) + rows * (system.sizes[index - 1]! + system.sizes[index]!),
    ),
  );
  return /^(?:encode|convolve)/.test(shader!) ? product : undefined;
}

/** The norm of every task's gradient; without an encoder the lifetime's adjoint ends with it. */
const normOf = ({ tasks, layout }: Plan): Amount =>
  times(tasks, amount(2 * layout.size, layout.size));

const synapses = ({ fanIn, fanOut }: Layer): number => fanIn * fanOut;

/** Synapses that a lifetime keeps: a plastic bias is one, too, whose input is always 1. */
const fastSynapses = ({ system }: Plan, layer: Layer): number =>
  synapses(layer) + (system.plasticBias ? layer.fanOut : 0);

/** States of a written rule that the layer's synapses have. */
const statesIn = ({ system }: Plan, layer: Layer): number =>
  layer.plastic ? statesOf(system).synapse.length * synapses(layer) : 0;

/** Looks of a layer at a batch: a dense one has one at each sample. */
const looksOf = ({ batch }: Plan, { positions }: Layer): number => batch * positions;

/** z = W x of so many samples. */
const forward = (plan: Plan, layer: Layer, samples: number): Amount =>
  amount(2 * samples * layer.positions * fastSynapses(plan, layer), fastSynapses(plan, layer));

/** d_W += d_z xᵀ and, above another layer, d_x = Wᵀ d_z. */
function forwardAdjoint(plan: Plan, layer: Layer, samples: number): Amount {
  if (plan.system.firstOrder) return amount(0, 0);
  const n = fastSynapses(plan, layer);
  const below = layer.index > 1 ? synapses(layer) : 0;
  return amount(2 * samples * layer.positions * (n + below), 2 * n + below);
}

/**
 * Entries of the matrix that tells the layer: B of what it is told, or of the error that it carries
 * on.
 */
function told({ system }: Plan, layer: Layer): number {
  if (isMixed(layer)) return layer.units * system.sizes.at(-1)!;
  if (!layer.carries) return 0;
  const [rows, columns] = feedbackMatrix(system, layer);
  return rows * columns;
}

/** How often a batch goes through that matrix: kernels of a convolution once in every look. */
const timesTold = (plan: Plan, layer: Layer): number =>
  isMixed(layer) || plan.system.feedback === 'direct' ? plan.batch : looksOf(plan, layer);

const feedback = (plan: Plan, layer: Layer): Amount =>
  amount(2 * timesTold(plan, layer) * told(plan, layer), told(plan, layer));

/** d_s or d_e = Bᵀ d, d_B += d sᵀ; direct-rectified feedback makes f again. */
function feedbackAdjoint(plan: Plan, layer: Layer): Amount {
  if (plan.system.firstOrder) return amount(0, 0);
  const learns = plan.system.feedbackWeights === 'inherited' ? 1 : 0;
  const again = isMixed(layer) ? 2 : 0;
  return amount(
    (2 + 2 * learns + again) * timesTold(plan, layer) * told(plan, layer),
    (1 + 2 * learns) * told(plan, layer),
  );
}

/** One coefficient a synapse is read like a weight. */
const rates = ({ system }: Plan): number =>
  ruleOf(system).coefficient !== 'theta' && system.granularity === 'synapse' ? 1 : 0;

/** W ← W + a (Σ left rightᵀ − κ W); the pool's factors ask for v = Wᵀ y. */
function plasticity(plan: Plan, layer: Layer): Amount {
  if (!layer.plastic) return amount(0, 0);
  const equation = equationOf(plan);
  if (equation) return byEquation(plan, equation, layer);
  const {
    batch,
    record: { rank, v },
  } = plan;
  const n = fastSynapses(plan, layer);
  return amount(
    (2 * looksOf(plan, layer) * rank + 5 + (v ? 2 * batch : 0)) * n,
    (2 + rates(plan) + (v ? 1 : 0)) * n,
  );
}

/**
 * The product Σ left rightᵀ again, d_a, d_left, d_right (which lanes that share a task and hold no
 * synapses find on a way of their own), d_κ, d_W; undoing the update or reading what was kept; the
 * adjoint of v = Wᵀ y.
 */
function plasticityAdjoint(plan: Plan, layer: Layer): Amount {
  if (!layer.plastic) return amount(0, 0);
  const equation = equationOf(plan);
  if (equation) return byEquationAdjoint(plan, equation, layer);
  const {
    batch,
    adjoint,
    lanes,
    grid,
    record: { rank, v },
    system,
  } = plan;
  const products = 2 * looksOf(plan, layer) * rank;
  const rightsAsked = system.rule === 'pool' || layer.index > 1;
  const undone = adjoint === 'reverse';
  const flops = 2 * products + 10 + (undone ? 4 : 0) + (v ? 4 * batch : 0);
  const numbers = 3 + 3 * rates(plan) + (undone ? 1 : 0) + (v ? 3 : 0);
  const ofRights = rightsAsked
    ? amount(2 + products, lanes > 1 && !grid ? 1 + rates(plan) : 0)
    : amount(0, 0);
  // a bias has no neuron before it
  return plus(
    times(fastSynapses(plan, layer), amount(flops, numbers)),
    times(synapses(layer), ofRights),
  );
}

/** The rule that every synapse is changed by on its own, if it is no product. */
function equationOf({ system }: Plan): WrittenRule | undefined {
  const written = writtenOf(system);
  return written && !isMadeOfProducts(written) ? written : undefined;
}

/** Numbers of a synapse: its weight and states, and the coefficients that it has of its own. */
function ofSynapse(rule: WrittenRule): { readonly fast: number; readonly own: number } {
  const { synapse, own } = namesOf(rule);
  return { fast: synapse.length, own: own.length };
}

/** The change in every look; then W ← W + m Σ dw, and states likewise. */
function byEquation(plan: Plan, rule: WrittenRule, layer: Layer): Amount {
  const { change } = equationOperations(rule);
  const { fast, own } = ofSynapse(rule);
  return times(synapses(layer), amount(looksOf(plan, layer) * change + 2 * fast, 2 * fast + own));
}

/**
 * What flows to all that a change has read, in every look, from d of W and of the states, which
 * are read and written as the adjoint's own; lanes that share a task find what flows to their
 * inputs on a way of their own.
 */
function byEquationAdjoint(plan: Plan, rule: WrittenRule, layer: Layer): Amount {
  const { adjoint: way, lanes, grid } = plan;
  const looks = looksOf(plan, layer);
  const { change, adjoint, slope } = equationOperations(rule);
  const { fast, own } = ofSynapse(rule);
  const undone = way === 'reverse';
  const flops = looks * adjoint + fast + (undone ? looks * (change + slope) + 4 : 0);
  const tells = namesOf(rule).below.length > 0 && layer.index > 1;
  const again = tells && lanes > 1 && !grid ? 2 * fast + own : 0;
  const numbers = 3 * fast + 3 * own + (undone ? 1 : 0) + again;
  return times(synapses(layer), amount(flops, numbers));
}
