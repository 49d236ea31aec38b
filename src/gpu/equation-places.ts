import { coefficientName } from '../parameters/layout.js';
import type { Seen, WrittenRule } from '../rules/rule.js';
import { wgslNumber } from '../rules/wgsl.js';
import { namesOf, networkOf, SEEN_AT, type Named } from './equation.js';
import { livesWithConvolutions } from './looks.js';
import type { Plan } from './plan.js';

/**
 * The module `equation_places` of a written rule: where the numbers lie that its equation reads
 * (src/gpu/equation.ts), and where what flows back to them goes.
 */
export function equationPlacesModule(plan: Plan, rule: WrittenRule): string {
  const { synapse, own, above, below, coarse } = namesOf(rule);
  const inside = plan.system.layers.slice(plan.system.encoderLayers);
  const per = new Map(rule.coefficients.map(c => [c.name, c.per]));
  const placeOf = ({ name }: Named, index: number) => {
    const layer = per.get(name) === 'network' ? undefined : inside[index];
    return plan.places.at(coefficientName(name, layer)) ?? 0;
  };
  const tables = [...own, ...coarse].map(
    one => `const ${table(one)} = ${u32s(inside.map((_, l) => placeOf(one, l)))};`,
  );
  const stateNumber = ({ name }: Named) =>
    rule.neuron.findIndex(s => s.name === name || `${s.name}_pre` === name);
  const isState = (one: Named) => stateNumber(one) >= 0;
  const ofNeurons = coarse.filter(({ name }) => per.get(name) === 'neuron');
  const shared = coarse.filter(({ name }) => per.get(name) !== 'neuron');
  const inputsMatter = below.some(({ name }) => name !== 'pre');
  // Maps lie apart from the neurons that make them: errors below are those of the maps, and states
  // have no whole quads where a layer begins.
  const maps = livesWithConvolutions(plan.system);
  const errorBelow = ({ name }: Named) => maps && name === 'e_pre';
  const stateAbove = (at: string) =>
    maps ? `weight4(${at} + four(i, FAN_OUT[l]))` : `weight_quad((${at} + i) / 4u)`;
  return [
    `import package::shape::{
  BELOW, BELOW_AT, ERROR, ERROR_AT, FAN_OUT, INPUT_GRADIENT, LEFT, NEURON_AT,
  NEURON_GRADIENT, NEURON_STATE_AT, NEURON_STATE_SIZE, NEURON_STATES_AT, PLASTIC_SIZE, RECORD,
  SECOND_ORDER, SLOT, STATE_GRADIENT, STATE_GRADIENT_STEP, STATES_BELOW, UP, X_AT
};
import package::activation::{curvature, slope};
import package::coefficient::{coefficient, coefficient_quad};
import package::equation::{
  Above, Below, BelowFlow, Coarse, CoarseFlow, Own, Synapse${
    rule.neuron.length ? ', Network, NetworkFlow, Neuron' : ''
  }
};
import package::lanes::join_rows;
import package::looks::{
  cell_at, neurons_from, positions, reach, seen_from, state_seen, states_above
};
import package::memory::{
  activity, activity4, add_adjoint, add_adjoints, add_gradient, add_gradient_quad, four,
  gradient_quad, neurons_at, set_gradient_quad, set_weight_quad, speaks, weight, weight4, weight_quad
};
import package::team::team_sum;`,
    `// Does anybody ask for what flows to neurons and inputs? At first order only states do.
const TELLS = SECOND_ORDER || ${rule.neuron.length > 0};`,
    ...tables,
    ...synapsePlaces(synapse),
    ...ownPlaces(own),
    `// Where state k of the neurons of x_l lies in slot 0, and its d in the gradient.
fn state_at(k: u32, l: u32) -> u32 {
  return NEURON_STATES_AT + k * NEURON_STATE_SIZE + NEURON_STATE_AT[l];
}
fn d_state_at(k: u32, l: u32) -> u32 {
  return NEURON_GRADIENT + k * NEURON_STATE_SIZE + NEURON_STATE_AT[l];
}`,
    `// Of neurons i … i + 3 of layer l + 1 in a look at the batch whose first record is \`first\`.
fn above_of(l: u32, first: u32, look: u32, slot: u32, i: u32) -> Above {
  let neurons = first + neurons_from(l, look, RECORD) + four(i, FAN_OUT[l]);
  ${above.some(isState) ? 'let states = states_above(l, look) + slot * SLOT;' : ''}
  return Above(${above
    .map(one =>
      isState(one)
        ? stateAbove(`state_at(${stateNumber(one)}u, l + 1u) + states`)
        : `activity4(${SEEN_AT[one.name as Seen]} + neurons)`,
    )
    .join(', ')});
}`,
    `// Of input j of layer l + 1.
fn below_of(l: u32, first: u32, look: u32, slot: u32, j: u32) -> Below {
  let input = first + seen_from(l, look, RECORD) + reach(l, j);
  ${below.some(isState) ? 'let state = state_seen(l, look, j) + slot * SLOT;' : ''}
  return Below(${below
    .map(one =>
      isState(one)
        ? `weight(state_at(${stateNumber(one)}u, l) + state)`
        : errorBelow(one)
          ? 'activity(input + UP + BELOW_AT[l]) * slope(activity(input + X_AT[l]))'
          : `activity(input + ${SEEN_AT[one.name as Seen]})`,
    )
    .join(', ')});
}`,
    `fn coarse_of(l: u32, i: u32) -> Coarse {
  return Coarse(${coarse
    .map(one =>
      one.vector
        ? `coefficient_quad((${table(one)}[l] + i) / 4u)`
        : `coefficient(${table(one)}[l])`,
    )
    .join(', ')});
}`,
    `// Does what flows to the inputs of layer l + 1 go on? That of data does not.
fn asks_below(l: u32) -> bool {
  return TELLS && ${below.length > 0} && (${inputsMatter} || l > 0u || INPUT_GRADIENT);
}`,
    `// Adds what flows to neurons i … i + 3 in a look to the adjoint of its record.
fn tell_above(l: u32, look: u32, i: u32, d: Above) {
  if (!SECOND_ORDER) { return; }
  let n = FAN_OUT[l];
  let neurons = neurons_from(l, look, RECORD);
${above
  .filter(one => !isState(one))
  .map(one => `  add_adjoints(neurons + ${SEEN_AT[one.name as Seen]}, i, n, d.${one.field});`)
  .join('\n')}
}`,
    `// What flows to the states of neurons of a convolution, which no other look has; and of neurons
// that all looks have, the sum of them.
fn tell_states_of_look(l: u32, look: u32, i: u32, d: Above) {
${
  maps && above.some(isState)
    ? `  if (positions(l) == 1u) { return; }
  let n = FAN_OUT[l];
  let neuron = cell_at(l + 1u, look % positions(l) * n);
  let at = look / positions(l) * RECORD + STATES_BELOW + BELOW_AT[l + 1u] + neuron;
${above
  .filter(isState)
  .map(one => `  add_adjoints(at + ${stateNumber(one)}u * BELOW, i, n, d.${one.field});`)
  .join('\n')}`
    : ''
}
}`,
    `fn tell_states(l: u32, i: u32, d: Above) {
  let at = states_above(l, 0u) + i;
${above
  .filter(isState)
  .map(
    one =>
      `  add_gradient_quad((d_state_at(${stateNumber(one)}u, l + 1u) + at) / 4u, d.${one.field});`,
  )
  .join('\n')}
}`,
    `// And to the input that lies so far behind the first of the first record, from four rows.
fn tell_below(l: u32, first: u32, input: u32, d: BelowFlow) {
${below
  .map(one => {
    const flow = `dot(d.${one.field}, vec4f(1.0))`;
    if (isState(one))
      return `  add_adjoint(input + STATES_BELOW + ${stateNumber(one)}u * BELOW + BELOW_AT[l], ${flow});`;
    if (errorBelow(one))
      return `  if (SECOND_ORDER) { tell_error_below(l, first, input, ${flow}); }`;
    return `  if (SECOND_ORDER) { add_adjoint(input + ${SEEN_AT[one.name as Seen]}, ${flow}); }`;
  })
  .join('\n')}
}`,
    ...(below.some(errorBelow) ? [TELL_ERROR_BELOW] : []),
    ...coarsePlaces(ofNeurons, shared),
    joinOf('join_above', 'Above', above),
    joinOf('join_coarse', 'CoarseFlow', coarse),
    ...(rule.neuron.length ? neuronPlaces(rule) : []),
  ].join('\n');
}

/** Where errors below are told that were read as what came down to maps, times the slope there. */
const TELL_ERROR_BELOW = `fn tell_error_below(l: u32, first: u32, input: u32, d: f32) {
  let up_at = input + UP + BELOW_AT[l];
  let x = activity(first + input + X_AT[l]);
  add_adjoint(up_at, d * slope(x));
  add_adjoint(input + X_AT[l], d * activity(first + up_at) * curvature(x));
}`;

/** Names that are made of a rule's end with a _, as no name of a shader does. */
const table = ({ field }: Named) => `at_${field}_`;
const u32s = (numbers: readonly number[]) =>
  `array<u32, ${numbers.length}>(${numbers.map(n => `${n}u`).join(', ')})`;

/** W and the states behind it, at the quad of W; and their gradients. */
function synapsePlaces(synapse: readonly Named[]): string[] {
  const state = (k: number) => (k === 0 ? 'at' : `at + ${k}u * (PLASTIC_SIZE / 4u)`);
  const d = (k: number) =>
    k === 0 ? 'at' : `at + (STATE_GRADIENT + ${k - 1}u * STATE_GRADIENT_STEP) / 4u`;
  const listed = (of: (k: number, field: string) => string, between: string) =>
    synapse.map(({ field }, k) => of(k, field)).join(between);
  return [
    `// Weights whose quad is at, and their states behind them; and their gradients.
fn read_synapse(at: u32) -> Synapse {
  return Synapse(${listed(k => `weight_quad(${state(k)})`, ', ')});
}
fn write_synapse(at: u32, s: Synapse) {
${listed((k, field) => `  set_weight_quad(${state(k)}, s.${field});`, '\n')}
}
fn read_d_synapse(at: u32) -> Synapse {
  return Synapse(${listed(k => `gradient_quad(${d(k)})`, ', ')});
}
fn write_d_synapse(at: u32, d: Synapse) {
${listed((k, field) => `  set_gradient_quad(${d(k)}, d.${field});`, '\n')}
}`,
  ];
}

/** Coefficients of synapses, by the quad of their rows' first column. */
function ownPlaces(own: readonly Named[]): string[] {
  const fields = own.map(({ field }) => `${field}: u32`).join(', ') || 'none: u32';
  return [
    `struct OwnPlaces { ${fields} }
fn own_places(l: u32, i: u32) -> OwnPlaces {
  return OwnPlaces(${own.map(one => `(${table(one)}[l] + i) / 4u`).join(', ')});
}
fn read_own(places: OwnPlaces, column: u32) -> Own {
  return Own(${own.map(({ field }) => `coefficient_quad(places.${field} + column)`).join(', ')});
}
fn add_d_own(places: OwnPlaces, column: u32, d: Own) {
${own.map(({ field }) => `  add_gradient_quad(places.${field} + column, d.${field});`).join('\n')}
}`,
  ];
}

/** What flows to coefficients of neurons, at the end of a row; and of layers, at the end of these. */
function coarsePlaces(ofNeurons: readonly Named[], shared: readonly Named[]): string[] {
  return [
    ...shared.map(({ field }) => `var<private> d_${field}_: f32;`),
    `fn tell_coarse(l: u32, i: u32, d: CoarseFlow) {
${ofNeurons
  .map(one => `  add_gradient_quad((${table(one)}[l] + i) / 4u, d.${one.field});`)
  .join('\n')}
${shared.map(({ field }) => `  d_${field}_ += dot(d.${field}, vec4f(1.0));`).join('\n')}
}
fn forget_layer() {
${shared.map(({ field }) => `  d_${field}_ = 0.0;`).join('\n')}
}
fn tell_layer(l: u32) {
${shared
  .map(
    one => `  let sum_${one.field}_ = team_sum(d_${one.field}_);
  if (speaks()) { add_gradient(${table(one)}[l], sum_${one.field}_); }`,
  )
  .join('\n')}
}`,
  ];
}

/** What lanes found of the same rows, four sums at a time. */
function joinOf(name: string, struct: string, fields: readonly Named[]): string {
  const fours = Array.from({ length: Math.ceil(fields.length / 4) }, (_, b) =>
    fields.slice(4 * b, 4 * b + 4),
  );
  const joins = fours.map((some, b) => {
    const four = [0, 1, 2, 3].map(k => (some[k] ? `d.${some[k].field}` : 'vec4f()'));
    return `  let joined${b} = join_rows(l, mat4x4f(${four.join(', ')}));`;
  });
  const joined = fields.map((_, k) => `joined${Math.floor(k / 4)}[${k % 4}]`);
  return `fn ${name}(l: u32, d: ${struct}) -> ${struct} {
${joins.join('\n')}
  return ${fields.length ? `${struct}(${joined.join(', ')})` : 'd'};
}`;
}

/** States of neurons i … i + 3 of x_l, and the coefficients that they read. */
function neuronPlaces(rule: WrittenRule): string[] {
  const states = namesOf(rule).above.filter(({ name }) => rule.neuron.some(s => s.name === name));
  const network = networkOf(rule);
  const at = (k: number) => `(state_at(${k}u, l) + slot * SLOT + i) / 4u`;
  const d = (k: number) => `(d_state_at(${k}u, l) + i) / 4u`;
  return [
    `fn read_neuron(l: u32, slot: u32, i: u32) -> Neuron {
  return Neuron(${states.map((_, k) => `weight_quad(${at(k)})`).join(', ')});
}
fn write_neuron(l: u32, slot: u32, i: u32, s: Neuron) {
${states.map(({ field }, k) => `  set_weight_quad(${at(k)}, s.${field});`).join('\n')}
}
fn read_d_neuron(l: u32, i: u32) -> Neuron {
  return Neuron(${states.map((_, k) => `gradient_quad(${d(k)})`).join(', ')});
}
fn write_d_neuron(l: u32, i: u32, s: Neuron) {
${states.map(({ field }, k) => `  set_gradient_quad(${d(k)}, s.${field});`).join('\n')}
}
fn network() -> Network {
  return Network(${network.map(one => `coefficient(${table(one)}[0])`).join(', ')});
}
fn add_d_network(d: NetworkFlow) {
${network
  .map(
    one => `  let sum_${one.field}_ = team_sum(dot(d.${one.field}, vec4f(1.0)));
  if (speaks()) { add_gradient(${table(one)}[0], sum_${one.field}_); }`,
  )
  .join('\n')}
}`,
  ];
}

/** The module `states` of a rule that has some: with what they begin. */
export function statesModule(rule: WrittenRule): string {
  const synapses = rule.synapse.map(
    ({ start }, k) =>
      `    set_weight_quad(w + q + ${k + 1}u * (PLASTIC_SIZE / 4u), vec4f(${wgslNumber(start)}));`,
  );
  return `import package::shape::{
  DEPTH, FAN_IN, FAST_AT, LANES, NEURON_STATES, NEURON_STATES_AT, NEURON_STATE_AT, NEURON_STATE_SIZE,
  PLASTIC, PLASTIC_SIZE, QUADS
};
import package::memory::{lane, set_weight_quad};
${rule.neuron.length ? 'import package::neurons::{neuron_blocks, neurons_of};' : ''}
// Of the synapses of layer l + 1, in slot 0.
fn begin_states_of_layer(l: u32) {
  if (!PLASTIC[l]) { return; }
  let w = FAST_AT[l] / 4u;
  for (var q = lane; q < QUADS[l] * FAN_IN[l]; q += LANES) {
${synapses.join('\n')}
  }
}
${rule.neuron.length ? beginOfNeurons(rule) : 'fn begin_neurons() {}'}
`;
}

const beginOfNeurons = ({ neuron }: WrittenRule) => `// Of neurons, in slot 0.
const STARTS = array<f32, ${neuron.length}>(${neuron.map(s => wgslNumber(s.start)).join(', ')});
fn begin_neurons() {
  for (var l = 0u; l <= DEPTH; l++) {
    let blocks = neuron_blocks(l);
    for (var q = lane; q < NEURON_STATES * blocks; q += LANES) {
      let k = q / blocks;
      let at = NEURON_STATES_AT + k * NEURON_STATE_SIZE + NEURON_STATE_AT[l];
      set_weight_quad((at + neurons_of(l, q % blocks).states) / 4u, vec4f(STARTS[k]));
    }
  }
}`;
