import { PRIMITIVES, ruleOf, TERMS } from '../systems/system.js';
import type { Plan } from './plan.js';

/** Which file of shaders/ stands for each slot of the plan's system. */
export function slotsOf(plan: Plan): Record<string, string> {
  const { system, lanes, grid, adjoint, settings } = plan;
  const { feedback, feedbackRule, feedbackWeights } = system;
  const path = feedback !== 'direct-rectified';
  const kept = feedbackRule !== 'fixed' || feedbackWeights === 'drawn';
  const origin = feedbackWeights === 'drawn-every-step' ? 'redrawn' : feedbackWeights;
  const rate = { synapse: 'synapse', neuron: 'neuron', layer: 'layer', network: 'layer' } as const;
  const noise = feedbackRule === 'kolen-pollack' ? 'feedback' : 'weight';
  return {
    activation: `activations/${system.activation}`,
    loss: `losses/${system.loss}`,
    rule: `rules/${system.rule}`,
    feedback: path ? 'errors' : 'feedbacks/direct-rectified',
    path: path ? `feedbacks/${feedback}` : 'feedbacks/chained',
    feedback_activation: `activations/${system.feedbackActivation}`,
    signal: `signals/${system.signal}`,
    bias: `biases/${system.plasticBias ? 'plastic' : system.bias ? 'fixed' : 'none'}`,
    born: `births/${system.weights}`,
    origin: `origins/${kept ? 'kept' : origin}`,
    rate: `rates/${ruleOf(system).coefficient === 'theta' ? 'one' : rate[system.granularity]}`,
    coefficient: settings ? 'coefficients/own' : 'coefficients/shared',
    change: system.momentum ? 'changes/momentum' : 'changes/plain',
    velocity: system.momentum ? 'velocities/kept' : 'velocities/none',
    noise: `noises/${system.noise === 0 ? 'none' : noise}`,
    feedback_rule: feedbackRule === 'fixed' ? 'feedback-rules/fixed' : 'feedback-rules/alignment',
    tie: feedbackRule === 'kolen-pollack' ? 'ties/transposed' : 'ties/none',
    ...partsOfPool(plan),
    ...partsOfAlignment(plan),
    recall: adjoint === 'reverse' ? 'recalls/undo' : 'recalls/stored',
    products: `products/${productsOf(plan)}`,
    right_factors: `rights/${rightsOf(plan)}`,
    lanes: grid ? 'lanes/grid' : 'lanes/rows',
    team: lanes > 1 ? 'teams/workgroup' : 'teams/lane',
    perception: system.encoderLayers ? 'perceptions/encoded' : 'perceptions/direct',
  };
}

/** The pool's terms, and what only some of them ask for. */
function partsOfPool({ system, record }: Plan): Record<string, string> {
  const asked = (terms: readonly number[], file: string, folder: string) =>
    `${folder}/${terms.some(r => system.terms.includes(r)) ? file : 'none'}`;
  const terms = TERMS.map(r => [`term_${r}`, asked([r], `f${r}`, 'terms')]);
  return {
    ...Object.fromEntries(terms),
    left_post: `lefts/${record.rank > 1 ? 'post' : 'none'}`,
    left_ones: `lefts/${record.rank > 2 ? 'ones' : 'none'}`,
    back: `backs/${record.v ? 'told' : 'none'}`,
    back_adjoint: `backs/${record.v ? 'told.adjoint' : 'none'}`,
    sum_of_post: asked([5], 'post', 'sums'),
    post_by_error: asked([6, 7], 'post-by-error', 'sums'),
    error_by_drive: asked([8], 'error-by-drive', 'sums'),
  };
}

/** The primitives of alignment, and what only some of them ask for. */
function partsOfAlignment({ system }: Plan): Record<string, string> {
  const { mirror, primitives } = system;
  const has = (primitive: (typeof PRIMITIVES)[number]) => primitives.includes(primitive);
  const chosen = PRIMITIVES.map(p => [`primitive_${p}`, `primitives/${has(p) ? p : 'none'}`]);
  return {
    ...Object.fromEntries(chosen),
    reconstruction: `reflections/${has('null') ? 'reconstruction' : 'none'}`,
    projection: `reflections/${has('sparse') ? 'projection' : 'none'}`,
    mirror: `mirrors/${mirror}`,
    mirror_adjoint: `mirrors/${mirror === 'noise' ? 'noise.adjoint' : mirror}`,
  };
}

/** Is an update one product, few that a lane can hold, or many that are made in tiles? */
function productsOf({ batched, batch, record }: Plan): string {
  if (batched) return 'many';
  return batch * record.rank === 1 ? 'one' : 'few';
}

/** Where the adjoint of a product's right factors is summed over rows. */
function rightsOf({ batched, lanes }: Plan): string {
  if (batched) return 'many';
  return lanes === 1 ? 'along' : 'before';
}

/** What visits every synapse, four rows at a time, and what sums up along columns. */
const ROW_VISITORS = [
  'forward',
  'forward_weights',
  'plasticity',
  'plasticity_adjoint',
  'left',
  'back_adjoint',
  'align',
  'align_adjoint',
  'mirror',
  'mirror_adjoint',
];
const COLUMN_VISITORS = ['forward_inputs', 'right', 'back'];

/** Which sweep of shaders/ serves each visitor. */
export function sweepsOf({ grid }: Plan): Record<string, string> {
  const rows = ROW_VISITORS.map(visitor => [visitor, grid ? 'sweeps/grid' : 'sweeps/rows']);
  const columns = COLUMN_VISITORS.map(visitor => [visitor, 'sweeps/columns']);
  return Object.fromEntries([...rows, ...columns]);
}
