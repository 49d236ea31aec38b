import { derivative } from '../rules/derive.js';
import { SEEN, type Coefficient, type Seen, type WrittenRule } from '../rules/rule.js';
import { simplified } from '../rules/simplify.js';
import { textOf } from '../rules/text.js';
import { namesOf as namesIn, type Tree } from '../rules/tree.js';
import type { SystemRule } from '../systems/system.js';
import { operationsIn, wgslName, wgslOf, wgslNumber } from '../rules/wgsl.js';

/**
 * The maths module `equation` of a written rule, for shaders/plasticities/equation.wgsl: what
 * happens to four synapses of a column in one look, and its adjoint under it. It knows no lane,
 * no address and no loop.
 *
 * What a name is, says in which struct it stands: `Synapse` is w and the states of synapses, `Own`
 * the coefficients of synapses, `Above` what the neurons have, `Below` what their input has (one
 * number), `Coarse` the coefficients that more than a synapse has. What flows back to what is one
 * number has four, of the four rows: they are summed elsewhere.
 */
export function equationModule(rule: WrittenRule): string {
  const names = namesOf(rule);
  const { synapse, own, above, below, coarse } = names;
  const outputs = outputsOf(rule);
  const all = allOf(names);
  const flow = all.map(({ name }) => flowTo(name, outputs));
  const change = bodyOf(
    outputs.map(({ tree }) => tree),
    all,
  );
  const back = bodyOf(flow, [...all, ...toldOf(outputs, 'd')]);
  const slope = rule.undoable ? slopeOfW(rule.dw, all) : undefined;
  const neurons = rule.neuron.length ? neuronEquation(rule) : undefined;
  const partOf = (fields: readonly Named[]) =>
    fields.map(({ name }) => back.results[all.findIndex(one => one.name === name)]!);
  return [
    ...saidBy(rule),
    'import package::shape::BATCH;',
    importOf(change.calls, back.calls, slope?.calls, neurons?.calls),
    structOf('Synapse', synapse),
    structOf('Own', own),
    structOf('Above', above),
    structOf('Below', below),
    structOf('Coarse', coarse),
    structOf('BelowFlow', below.map(asVector)),
    structOf('CoarseFlow', coarse.map(asVector)),
    'struct Flow { synapse: Synapse, own: Own, above: Above, below: BelowFlow, coarse: CoarseFlow }',
    `fn change(${SEEN_BY}) -> Synapse {
${change.statements}
  return ${made('Synapse', change.results)};
}`,
    `// d: what the changes are told.
fn change_adjoint(${SEEN_BY}, d: Synapse) -> Flow {
${back.statements}
  return Flow(
    ${made('Synapse', partOf(synapse))},
    ${made('Own', partOf(own))},
    ${made('Above', partOf(above))},
    ${made('BelowFlow', partOf(below))},
    ${made('CoarseFlow', partOf(coarse))}
  );
}`,
    slope?.code,
    `// After the changes in so many looks; m: SHARE m_l. Who is not there stays what it is.
fn moved(s: Synapse, sum: Synapse, m: vec4f, count: f32, there: vec4<bool>) -> Synapse {
  return ${made(
    'Synapse',
    synapse.map(({ field }, k) =>
      k === 0
        ? `select(s.${field}, s.${field} + m * sum.${field}, there)`
        : `select(s.${field}, s.${field} + sum.${field} / count, there)`,
    ),
  )};
}`,
    `// What the changes in a look are told, from g of what synapses became.
fn told_by(g: Synapse, m: vec4f, count: f32) -> Synapse {
  return ${made(
    'Synapse',
    synapse.map(({ field }, k) => (k === 0 ? `m * g.${field}` : `g.${field} / count`)),
  )};
}`,
    sumOf('plus', 'Synapse', synapse),
    sumOf('plus_own', 'Own', own),
    sumOf('plus_above', 'Above', above),
    sumOf('plus_below', 'BelowFlow', below),
    sumOf('plus_coarse', 'CoarseFlow', coarse),
    `// Nothing flows to who is not there.
fn kept(f: Flow, there: vec4<bool>) -> Flow {
  return Flow(
    ${keptOf('Synapse', 'synapse', synapse)},
    ${keptOf('Own', 'own', own)},
    ${keptOf('Above', 'above', above)},
    ${keptOf('BelowFlow', 'below', below)},
    ${keptOf('CoarseFlow', 'coarse', coarse)}
  );
}`,
    neurons?.code,
  ]
    .filter(Boolean)
    .join('\n');
}

/** What the changes of neurons' states are, and their adjoint, four neurons at once. */
function neuronEquation(rule: WrittenRule) {
  const states = rule.neuron.map(({ name }) => named(name, 's', true));
  const network = networkOf(rule);
  const outputs = rule.neuron.map(({ name, change }) => ({ name, tree: change }));
  const seen = [...states, { ...named('x', 's', true), code: 'x' }, ...network];
  const change = bodyOf(
    outputs.map(({ tree }) => tree),
    seen,
  );
  const back = bodyOf(
    seen.map(({ name }) => flowTo(name, outputs)),
    [...seen, ...toldOf(outputs, 'd')],
  );
  const kept = back.results.map(code => `select(vec4f(), ${code}, there)`);
  const code = [
    structOf('Neuron', states),
    structOf('Network', network),
    structOf('NetworkFlow', network.map(asVector)),
    'struct NeuronFlow { neuron: Neuron, x: vec4f, network: NetworkFlow }',
    `fn change_neuron(s: Neuron, x: vec4f, c: Network) -> Neuron {
${change.statements}
  return ${made('Neuron', change.results)};
}`,
    `fn change_neuron_adjoint(
  s: Neuron, x: vec4f, c: Network, d: Neuron, there: vec4<bool>
) -> NeuronFlow {
${back.statements}
  return NeuronFlow(
    ${made('Neuron', kept.slice(0, states.length))}, ${kept[states.length]},
    ${made('NetworkFlow', kept.slice(states.length + 1))}
  );
}`,
    `fn moved_neuron(s: Neuron, sum: Neuron) -> Neuron {
  return ${made(
    'Neuron',
    states.map(({ field }) => `s.${field} + sum.${field} / f32(BATCH)`),
  )};
}`,
    `fn told_by_neuron(g: Neuron) -> Neuron {
  return ${made(
    'Neuron',
    states.map(({ field }) => `g.${field} / f32(BATCH)`),
  )};
}`,
    sumOf('plus_neuron', 'Neuron', states),
    sumOf('plus_network', 'NetworkFlow', network),
  ].join('\n');
  return { code, calls: [...change.calls, ...back.calls] };
}

/** A name of a rule: its field in a struct, how functions call it, and whether it has four numbers. */
export interface Named {
  readonly name: string;
  readonly field: string;
  readonly code: string;
  readonly vector: boolean;
}

/** Every name that a rule reads, by the struct that it stands in. */
export interface Names {
  readonly synapse: readonly Named[];
  readonly own: readonly Named[];
  readonly above: readonly Named[];
  readonly below: readonly Named[];
  readonly coarse: readonly Named[];
}

/** What the input has; the neuron has all else. */
const BELOW: readonly Seen[] = ['pre', 'e_pre'];

/** Where in a record lies what a synapse of layer l + 1 sees. */
export const SEEN_AT: Readonly<Record<Seen, string>> = {
  pre: 'X_AT[l]',
  x: 'neurons_at(l)',
  post: 'LEFT + NEURON_AT[l]',
  e: 'ERROR + ERROR_AT[l + 1u]',
  e_pre: 'ERROR + ERROR_AT[l]',
};

export function namesOf({ reads, synapse, neuron, coefficients }: WrittenRule): Names {
  const of = (which: (c: Coefficient) => boolean) => coefficients.filter(which);
  return {
    synapse: ['w', ...synapse.map(s => s.name)].map(name => named(name, 's', true)),
    own: of(c => c.per === 'synapse').map(({ name }) => named(name, 'own', true)),
    above: [...reads.filter(r => !BELOW.includes(r)), ...neuron.map(s => s.name)].map(name =>
      named(name, 'a', true),
    ),
    below: [...reads.filter(r => BELOW.includes(r)), ...neuron.map(s => `${s.name}_pre`)].map(
      name => named(name, 'b', false),
    ),
    coarse: of(c => c.per !== 'synapse').map(({ name, per }) => named(name, 'c', per === 'neuron')),
  };
}

/** The coefficients that states of neurons may read. */
export const networkOf = ({ coefficients }: WrittenRule): Named[] =>
  coefficients.filter(c => c.per === 'network').map(({ name }) => named(name, 'c', false));

const named = (name: string, struct: string, vector: boolean): Named => {
  const field = wgslName(name);
  return { name, field, code: `${struct}.${field}`, vector };
};
const asVector = (one: Named): Named => ({ ...one, vector: true });

const SEEN_BY = 's: Synapse, own: Own, a: Above, b: Below, c: Coarse';

/** A right-hand side, and what changes by it. */
interface Output {
  readonly name: string;
  readonly tree: Tree;
}

/** What changes of a synapse. */
const outputsOf = ({ dw, synapse }: WrittenRule): readonly Output[] => [
  { name: 'w', tree: dw },
  ...synapse.map(({ name, change }) => ({ name, tree: change })),
];

const allOf = ({ synapse, own, above, below, coarse }: Names): readonly Named[] => [
  ...synapse,
  ...own,
  ...above,
  ...below,
  ...coarse,
];

/** Operations of an equation's code for one synapse in one look. */
export interface EquationOperations {
  readonly change: number;
  /** And its adjoint, with the sums of what flows to each name. */
  readonly adjoint: number;
  /** ∂ dw / ∂ w, of an update that can be undone; else 0. */
  readonly slope: number;
}
const COUNTED = new WeakMap<WrittenRule, EquationOperations>();

/** A function counts as one operation, what neurons and inputs could do once as one a synapse. */
export function equationOperations(rule: WrittenRule): EquationOperations {
  const known = COUNTED.get(rule);
  if (known) return known;
  const outputs = outputsOf(rule);
  const all = allOf(namesOf(rule));
  const counted = {
    change: operationsIn(outputs.map(({ tree }) => tree)) + outputs.length,
    adjoint: operationsIn(all.map(({ name }) => flowTo(name, outputs))) + all.length,
    slope: rule.undoable ? operationsIn([derivative(rule.dw, 'w')]) : 0,
  };
  COUNTED.set(rule, counted);
  return counted;
}

/** What is told to a change, as a name that no rule can declare. */
const told = (name: string) => `d ${name}`;
const toldOf = (outputs: readonly Output[], struct: string): Named[] =>
  outputs.map(({ name }) => ({ ...named(name, struct, true), name: told(name) }));

/** What flows to a name: Σ over the changes of d change · ∂ change / ∂ name. */
function flowTo(name: string, outputs: readonly Output[]): Tree {
  const parts = outputs.map((output): Tree => ({
    kind: 'apply',
    of: '*',
    to: [{ kind: 'name', name: told(output.name) }, derivative(output.tree, name)],
  }));
  return simplified(parts.reduce((sum, part) => ({ kind: 'apply', of: '+', to: [sum, part] })));
}

/** ∂ dw / ∂ w, which does not depend on w. */
function slopeOfW(dw: Tree, seen: readonly Named[]) {
  const { statements, results, calls } = bodyOf([derivative(dw, 'w')], seen);
  const code = `fn slope_of_w(own: Own, a: Above, b: Below, c: Coarse) -> vec4f {
${statements}
  return ${results[0]!};
}`;
  return { code, calls };
}

/** Statements and results, each of four numbers, of a function that makes these trees. */
function bodyOf(trees: readonly Tree[], seen: readonly Named[]) {
  const byName = new Map(seen.map(one => [one.name, one]));
  const { statements, results, calls } = wgslOf(trees, name => byName.get(name)!);
  return {
    calls,
    statements: statements.map(s => `  ${s}`).join('\n'),
    results: results.map(({ code, vector }) => (vector ? code : `vec4f(${code})`)),
  };
}

/** What of shaders/equations/functions.wgsl is called. */
function importOf(...calls: readonly (readonly string[] | undefined)[]): string {
  const called = [...new Set(calls.flatMap(some => some ?? []))].toSorted();
  return called.length ? `import package::functions::{${called.join(', ')}};` : '';
}

/** The rule as it was written, as comments. */
function saidBy({ name, spec }: WrittenRule): string[] {
  const states = (kind: 'synapse' | 'neuron') =>
    Object.entries(spec[kind] ?? {}).map(([state, { d }]) => `// ${kind} ${state}: ${oneLine(d)}`);
  return [`// ${name}: dw = ${oneLine(spec.dw)}`, ...states('synapse'), ...states('neuron')];
}
const oneLine = (text: string) => text.replaceAll(/[^\x20-\x7e]+/g, ' ');

/** A struct has one field at least, which nobody asks for if it is none of these. */
const structOf = (name: string, fields: readonly Named[]) =>
  `struct ${name} { ${
    fields.map(({ field, vector }) => `${field}: ${vector ? 'vec4f' : 'f32'}`).join(', ') ||
    'none: f32'
  } }`;
const made = (struct: string, values: readonly string[]) => `${struct}(${values.join(', ')})`;
const sumOf = (name: string, struct: string, fields: readonly Named[]) =>
  `fn ${name}(a: ${struct}, b: ${struct}) -> ${struct} {
  return ${made(
    struct,
    fields.map(({ field }) => `a.${field} + b.${field}`),
  )};
}`;
const keptOf = (struct: string, part: string, fields: readonly Named[]) =>
  made(
    struct,
    fields.map(({ field }) => `select(vec4f(), f.${part}.${field}, there)`),
  );

/**
 * Is a rule made of products of what neurons and inputs have (shaders/plasticities/products.wgsl)?
 * Others are equations.
 */
export function isMadeOfProducts(rule: SystemRule): boolean {
  return typeof rule === 'string' || rule.kind === 'handwritten' || rule.product !== undefined;
}

/**
 * The module `rule` of a written rule that is one product, for shaders/plasticities/products.wgsl:
 *   dw = direction · factor · (left · pre − κ w), κ of the neuron.
 */
export function productModule(rule: WrittenRule): string {
  const { direction, kappa } = rule.product!;
  const reads = kappa ? SEEN.filter(name => !BELOW.includes(name) && namesIn(kappa).has(name)) : [];
  const seen = reads.map((name): Named => ({ name, field: name, code: name, vector: true }));
  const read = seen
    .map(({ name }) => `    let ${name} = activity4(at_${name} + record);`)
    .join('\n');
  const places = reads.map(name => `  let at_${name} = first + ${SEEN_AT[name]} + neurons;`);
  const value = kappa && bodyOf([kappa], seen);
  const slopes = reads.map(name => bodyOf([derivative(kappa!, name)], seen));
  return [
    ...saidBy(rule),
    `import package::shape::{
  BATCH, ERROR, ERROR_AT, FAN_OUT, LEFT, NEURON_AT, RECORD
};
import package::looks::{looks, neurons_from, share};
import package::memory::{activity4, add_adjoints, four, neurons_at};
${importOf(value?.calls, ...slopes.map(({ calls }) => calls))}
const DIRECTION = ${wgslNumber(direction)};
fn prepare(first: u32, slot: u32) {}
fn prepare_adjoint(first: u32, slot: u32) {}`,
    value
      ? `// ${textOf(kappa)}
fn kappa(l: u32, neurons: vec4u, first: u32) -> vec4f {
${places.join('\n')}
  var sum = vec4f();
  for (var look = 0u; look < looks(l, BATCH); look++) {
    let record = neurons_from(l, look, RECORD);
${read}
  ${value.statements}
    sum += ${value.results[0]!};
  }
  return share(l) * sum;
}
fn kappa_adjoint(l: u32, i: u32, first: u32, d: vec4f) {
  let n = FAN_OUT[l];
  let neurons = four(i, n);
${places.join('\n')}
  for (var look = 0u; look < looks(l, BATCH); look++) {
    let record = neurons_from(l, look, RECORD);
${read}
${reads
  .map((name, k) => {
    const { statements, results } = slopes[k]!;
    return `    {
    ${statements}
      add_adjoints(record + ${SEEN_AT[name]}, i, n, share(l) * d * ${results[0]!});
    }`;
  })
  .join('\n')}
  }
}`
      : `fn kappa(l: u32, neurons: vec4u, first: u32) -> vec4f { return vec4f(); }
fn kappa_adjoint(l: u32, i: u32, first: u32, d: vec4f) {}`,
    'fn kappa_adjoint_of_layer(l: u32, d: f32) {}',
  ].join('\n');
}
