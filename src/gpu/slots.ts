import {
  PRIMITIVES,
  ruleOf,
  TERMS,
  type Granularity,
  type System,
  statesOf,
  writtenOf,
} from '../systems/system.js';
import { coefficientName } from '../parameters/layout.js';
import { equationModule, isMadeOfProducts, productModule } from './equation.js';
import { equationPlacesModule, statesModule } from './equation-places.js';
import { livesWithConvolutions } from './looks.js';
import type { Plan } from './plan.js';

/** Which file of shaders/ stands for each slot of the plan's system. */
export function slotsOf(plan: Plan): Record<string, string> {
  const { system, lanes, grid, adjoint, settings } = plan;
  const { feedbackRule, feedbackWeights } = system;
  const kept = feedbackRule !== 'fixed' || feedbackWeights === 'drawn';
  const origin = feedbackWeights === 'drawn-every-step' ? 'redrawn' : feedbackWeights;
  const noise = feedbackRule === 'kolen-pollack' ? 'feedback' : 'weight';
  return {
    activation: `activations/${system.activation}`,
    loss: `losses/${system.loss}`,
    ...partsOfRule(plan),
    feedback_activation: `activations/${system.feedbackActivation}`,
    signal: `signals/${system.signal}`,
    bias: `biases/${system.plasticBias ? 'plastic' : system.bias ? 'fixed' : 'none'}`,
    born: `births/${system.weights}`,
    origin: `origins/${kept ? 'kept' : origin}`,
    coefficient: settings ? 'coefficients/own' : 'coefficients/shared',
    change: system.momentum ? 'changes/momentum' : 'changes/plain',
    velocity: system.momentum ? 'velocities/kept' : 'velocities/none',
    noise: `noises/${system.noise === 0 ? 'none' : noise}`,
    feedback_rule: feedbackRule === 'fixed' ? 'feedback-rules/fixed' : 'feedback-rules/alignment',
    tie: feedbackRule === 'kolen-pollack' ? 'ties/transposed' : 'ties/none',
    ...partsOfPool(plan),
    ...partsOfAlignment(plan),
    recall: adjoint === 'reverse' ? 'recalls/undo' : 'recalls/stored',
    looks: `looks/${livesWithConvolutions(system) ? 'everywhere' : 'once'}`,
    handing: `handings/${livesWithConvolutions(system) ? 'maps' : 'none'}`,
    products: `products/${productsOf(plan)}`,
    right_factors: `rights/${rightsOf(plan)}`,
    lanes: grid ? 'lanes/grid' : 'lanes/rows',
    team: lanes > 1 ? 'teams/workgroup' : 'teams/lane',
    perception: system.encoderLayers ? 'perceptions/encoded' : 'perceptions/direct',
  };
}

/** How synapses change, at what rates, and what neurons are told. */
function partsOfRule({ system, adjoint, lanes }: Plan): Record<string, string> {
  const { rule, feedback } = system;
  const written = typeof rule !== 'string';
  const products = isMadeOfProducts(rule);
  const files = { synapse: 'synapse', neuron: 'neuron', layer: 'layer', network: 'layer' } as const;
  const { coefficient, granularity } = rateOf(system);
  const path = ruleOf(system).from === 'error';
  const undoing = livesWithConvolutions(system) ? 'before' : 'along';
  const equation = {
    equation_rows: 'equations/rows',
    equation_flow: 'equations/flow',
    equation_above: 'equations/above',
    equation_below: `equations/below.${lanes === 1 ? 'along' : 'before'}`,
    equation_undone: 'equations/undone',
    equation_recall: `recalls/equation.${adjoint === 'reverse' ? undoing : 'stored'}`,
    neurons: `neurons/${statesOf(system).neuron.length ? 'states' : 'none'}`,
  };
  return {
    plasticity: `plasticities/${products ? 'products' : 'equation'}`,
    plasticity_adjoint: `plasticities/${products ? 'products' : 'equation'}.adjoint`,
    ...(!products && equation),
    rule: `rules/${written ? 'none' : rule}`,
    rate: `rates/${coefficient === undefined ? 'one' : files[granularity]}`,
    states: 'states/none',
    functions: 'equations/functions',
    feedback: path ? 'errors' : `feedbacks/${feedback}`,
    path: path ? `feedbacks/${feedback}` : 'feedbacks/chained',
  };
}

/**
 * The coefficient that multiplies all of an update, by its name in the layout: α, η, the factor of
 * a written rule. The pool and equations bring their own.
 */
export function rateOf(system: System): { coefficient?: string; granularity: Granularity } {
  const { coefficient } = ruleOf(system);
  const { granularity } = system;
  const written = writtenOf(system);
  if (!written) return coefficient === 'theta' ? { granularity } : { coefficient, granularity };
  const factor = written.product?.factor;
  if (factor === undefined) return { granularity };
  const per = written.coefficients.find(({ name }) => name === factor)!.per;
  const name = coefficientName(factor);
  return { coefficient: per === 'network' ? name : `${name}.`, granularity: per };
}

/** Modules that are made for a plan's rule, where it is written. */
export function modulesOf(plan: Plan): Record<string, string> {
  const { rule } = plan.system;
  if (typeof rule === 'string') return {};
  if (rule.kind === 'handwritten') return { rule: rule.wgsl };
  if (isMadeOfProducts(rule)) return { rule: productModule(rule) };
  return {
    equation: equationModule(rule),
    equation_places: equationPlacesModule(plan, rule),
    ...(rule.synapse.length + rule.neuron.length > 0 && { states: statesModule(rule) }),
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
  'equation_above',
  'equation_recall',
  'left',
  'back_adjoint',
  'align',
  'align_adjoint',
  'mirror',
  'mirror_adjoint',
];
const COLUMN_VISITORS = ['forward_inputs', 'right', 'back', 'equation_below'];

/** Which sweep of shaders/ serves each visitor. */
export function sweepsOf({ grid }: Plan): Record<string, string> {
  const rows = ROW_VISITORS.map(visitor => [visitor, grid ? 'sweeps/grid' : 'sweeps/rows']);
  const columns = COLUMN_VISITORS.map(visitor => [visitor, 'sweeps/columns']);
  return Object.fromEntries([...rows, ...columns]);
}
