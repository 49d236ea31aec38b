import { describe, expect, test } from 'vitest';
import { defineRule } from '../../src/rules/define.js';
import { RULE_PRESETS } from '../../src/rules/presets.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import { textOf } from '../../src/rules/text.js';
import { refusal } from '../refusal.js';

const oja: RuleSpec = {
  dw: 'alpha * (post * pre - post^2 * w)',
  coefficients: { alpha: { per: 'synapse' } },
};
const bcm: RuleSpec = {
  name: 'bcm',
  dw: 'eta * pre * x * (x - theta)',
  neuron: { theta: { d: 'k * (x^2 - theta)', start: 0.5 } },
  coefficients: {
    eta: { per: 'layer', start: { uniform: [0, 0.1] }, rate: 1e-3 },
    k: { per: 'network', start: { normal: 0.1 }, l1: 0.1 },
  },
};
const withState = (dw: string, d: string, start?: number): RuleSpec => ({
  dw,
  synapse: { h: { d, ...(start !== undefined && { start }) } },
});
const ofLayer = (dw: string, start?: number): RuleSpec => ({
  dw,
  coefficients: { a: { per: 'layer', ...(start !== undefined && { start }) } },
});

describe('a rule', () => {
  test('keeps what was written, with every default', () => {
    expect(defineRule(oja).spec).toEqual({
      name: 'rule',
      dw: 'alpha * (post * pre - post^2 * w)',
      synapse: {},
      neuron: {},
      coefficients: { alpha: { per: 'synapse', start: 0.01 } },
    });
    expect(defineRule(withState('h', 'w')).spec.synapse).toEqual({ h: { d: 'w', start: 0 } });
    expect(defineRule(bcm).spec).toEqual({ ...bcm, synapse: {} });
  });
  test('knows its coefficients and states, in the order in which they are written', () => {
    const { coefficients, neuron, synapse } = defineRule(bcm);
    expect(coefficients).toEqual([
      { name: 'eta', per: 'layer', start: { uniform: [0, 0.1] }, rate: 1e-3 },
      { name: 'k', per: 'network', start: { normal: 0.1 }, l1: 0.1 },
    ]);
    expect(neuron.map(({ change, ...rest }) => ({ ...rest, change: textOf(change) }))).toEqual([
      { name: 'theta', start: 0.5, change: 'k * (x^2 - theta)' },
    ]);
    expect(synapse).toEqual([]);
  });
  test.each<[string, RuleSpec, string, readonly string[]]>([
    ['what to be', oja, 'post', ['pre', 'post']],
    ['an error', { dw: 'e * pre + x' }, 'error', ['pre', 'x', 'e']],
    ['the error below', { dw: 'e_pre' }, 'error', ['e_pre']],
    ['an error, in a state', withState('h', 'e - h'), 'error', ['e']],
    ['nothing', bcm, 'nothing', ['pre', 'x']],
    ['nothing, and sees nothing', { dw: '-0.1 * w' }, 'nothing', []],
  ])('says that it is told %s', (_, spec, from, reads) => {
    const rule = defineRule(spec);
    expect([rule.from, rule.reads]).toEqual([from, reads]);
  });
  test('is simplified', () => {
    expect(textOf(defineRule({ dw: '1 * w + w - 0 * x' }).dw)).toBe('2 * w');
  });
  test('defines itself again from its spec, also as JSON', () => {
    for (const { rule } of Object.values(RULE_PRESETS)) {
      const defined = defineRule(rule);
      expect(defineRule(JSON.parse(JSON.stringify(defined.spec)) as RuleSpec)).toEqual(defined);
    }
  });
  test('that was checked is left as it is', () => {
    const rule = defineRule(oja);
    expect(defineRule(rule)).toBe(rule);
  });
  test('that came as a copy is checked anew', async () => {
    const copy = structuredClone(defineRule(oja));
    expect(defineRule(copy)).toEqual(copy);
    const forged = { ...copy, spec: { ...copy.spec, dw: 'y' } };
    expect(await refusal(() => defineRule(forged))).toMatch(/^rule\.dw: unknown name `y`/);
  });
  test('cannot be changed, nor by changing what was given', () => {
    const spec = structuredClone(bcm) as any;
    const rule = defineRule(spec);
    spec.coefficients.eta.start.uniform[0] = 9;
    expect(rule.coefficients[0]!.start).toEqual({ uniform: [0, 0.1] });
    expect(() => ((rule.spec.coefficients as any).eta.per = 'network')).toThrow(TypeError);
    expect(() => ((rule.dw as any).of = '+')).toThrow(TypeError);
  });
});

/** A message about a place: the text, and a caret under the column. */
const at = (column: number, text: string) => `\n${text}\n${' '.repeat(column)}^`;
const SEEN = 'w, pre, x, post, e, e_pre';

describe('a name is refused:', () => {
  test.each<[string, RuleSpec, string]>([
    [
      'one that nobody knows',
      ofLayer('a * prr * x'),
      `rule.dw: unknown name \`prr\` (did you mean pre?); known: ${SEEN}, a${at(4, 'a * prr * x')}`,
    ],
    [
      'one of JavaScript',
      { dw: 'w + constructor' },
      `rule.dw: unknown name \`constructor\`; known: ${SEEN}${at(4, 'w + constructor')}`,
    ],
    [
      'a misspelt state',
      { dw: 'w * thet', neuron: { theta: { d: 'x' } } },
      `rule.dw: unknown name \`thet\` (did you mean theta?); known: ${SEEN}, theta, theta_pre${at(4, 'w * thet')}`,
    ],
    [
      'in a state of neurons what a neuron does not see',
      { dw: 'm', neuron: { m: { d: 'x - pre' } } },
      `rule.neuron.m.d: expected one of x, m, got \`pre\`; the state of a neuron reads x, states of neurons, and coefficients per network${at(4, 'x - pre')}`,
    ],
    [
      'in a state of neurons the state below',
      { dw: 'm', neuron: { m: { d: 'm_pre' } } },
      `rule.neuron.m.d: expected one of x, m, got \`m_pre\`; the state of a neuron reads x, states of neurons, and coefficients per network${at(0, 'm_pre')}`,
    ],
    [
      'in a state of neurons a coefficient of layers',
      { ...ofLayer('m'), neuron: { m: { d: 'a * x' } } },
      `rule.neuron.m.d: expected one of x, m, got \`a\`; the state of a neuron reads x, states of neurons, and coefficients per network${at(0, 'a * x')}`,
    ],
    [
      'in a state of neurons one that nobody knows',
      { dw: 'm', neuron: { m: { d: 'y' } } },
      `rule.neuron.m.d: unknown name \`y\`; known: x, m${at(0, 'y')}`,
    ],
    [
      'a coefficient that is a function',
      { dw: 'w', coefficients: { exp: { per: 'layer' } } },
      'rule.coefficients.exp: expected a name that means nothing else, got `exp`, a function; choose another name',
    ],
    [
      'a state that every rule may read',
      { dw: 'w', synapse: { e_pre: { d: 'w' } } },
      'rule.synapse.e_pre: expected a name that means nothing else, got `e_pre`, what every rule may read; choose another name',
    ],
    [
      'a coefficient that is the weight',
      { dw: 'w', coefficients: { w: { per: 'layer' } } },
      'rule.coefficients.w: expected a name that means nothing else, got `w`, what every rule may read; choose another name',
    ],
    [
      'one that is declared twice',
      { dw: 'm', synapse: { m: { d: 'w' } }, coefficients: { m: { per: 'layer' } } },
      'rule.coefficients.m: expected a name that means nothing else, got `m`, a state of synapses; choose another name',
    ],
    [
      'one that is a state of the neuron below',
      { dw: 'm', neuron: { m: { d: 'x' } }, coefficients: { m_pre: { per: 'layer' } } },
      'rule.coefficients.m_pre: expected a name that means nothing else, got `m_pre`, the state m of the neuron below; choose another name',
    ],
    [
      'one of strange characters',
      { dw: 'w', synapse: { 'a b': { d: 'w' } } },
      'rule.synapse: expected at most 4 states of synapses by name (a letter, then letters, digits and _, at most 40 in all), got {"a b":{"d":"w"}}',
    ],
    [
      'one of more than 40 characters',
      { dw: 'w', coefficients: { ['a'.repeat(41)]: { per: 'layer' } } },
      `rule.coefficients: expected at most 16 coefficients by name (a letter, then letters, digits and _, at most 40 in all), got {"${'a'.repeat(41)}":{"per":"layer"}}`,
    ],
    [
      'one that is none of an object’s own',
      JSON.parse('{"dw":"w","neuron":{"__proto__":{"d":"x"}}}') as RuleSpec,
      'rule.neuron: expected at most 4 states of neurons by name (a letter, then letters, digits and _, at most 40 in all), got {"__proto__":{"d":"x"}}',
    ],
  ])('%s', async (_, spec, message) => {
    expect(await refusal(() => defineRule(spec))).toBe(message);
  });
});

describe('refused is a rule', () => {
  test.each<[string, unknown, string]>([
    [
      'that is none',
      3,
      'rule: expected an object with the keys name, dw, synapse, neuron, coefficients, got 3',
    ],
    ['without dw', {}, 'rule.dw: expected a text that is not empty, got nothing'],
    ['whose dw is no text', { dw: 3 }, 'rule.dw: expected a text that is not empty, got 3'],
    [
      'with a key that is none',
      { dw: 'w', synapses: {} },
      'rule.synapses: unknown key (did you mean synapse?); known: name, dw, synapse, neuron, coefficients',
    ],
    [
      'whose name would end a comment of WGSL',
      { dw: 'w', name: 'a\u0085fn main() {}' },
      'rule.name: expected a text of 1 to 40 letters, digits, spaces and . _ , \' ’ ( ) + -, got "a\\u0085fn main() {}"',
    ],
    [
      'with a state without d',
      { dw: 'm', neuron: { m: { start: 1 } } },
      'rule.neuron.m.d: expected a text that is not empty, got nothing',
    ],
    [
      'with a state whose d is no text',
      { dw: 'h', synapse: { h: { d: ['w'] } } },
      'rule.synapse.h.d: expected a text that is not empty, got ["w"]',
    ],
    [
      'with a coefficient without granularity',
      { dw: 'a', coefficients: { a: {} } },
      'rule.coefficients.a.per: expected one of synapse, neuron, layer, network, got nothing',
    ],
    [
      'with a start that is none',
      { dw: 'a', coefficients: { a: { per: 'layer', start: { uniform: [1, 0] } } } },
      'rule.coefficients.a.start: expected a finite number, { normal: sd from 0 to 1e37 } or { uniform: [from, to] }, got {"uniform":[1,0]}',
    ],
    [
      'with a coefficient that it never reads',
      ofLayer('w * pre'),
      'rule.coefficients.a: expected a coefficient that the rule reads, got one that stands nowhere in it; use it, or leave it out',
    ],
    [
      'that reads post and e',
      { dw: 'post * e' },
      `rule.dw: the rule reads \`e\`, and \`post\` as well; feedback tells a neuron either what to be (post) or its error (e, e_pre)${at(7, 'post * e')}`,
    ],
    [
      'that reads post, and e_pre in a state',
      { dw: 'post * h', synapse: { h: { d: 'w - e_pre' } } },
      `rule.synapse.h.d: the rule reads \`e_pre\`, and \`post\` as well; feedback tells a neuron either what to be (post) or its error (e, e_pre)${at(4, 'w - e_pre')}`,
    ],
    [
      'with more than 4 states of synapses',
      { dw: 'w', synapse: Object.fromEntries([...'abcde'].map(name => [name, { d: 'w' }])) },
      'rule.synapse: expected at most 4 states of synapses by name (a letter, then letters, digits and _, at most 40 in all), got {"a":{"d":"w"},"b":{"d":"w"},"c":{"d":"w"},"d":{"d":"w"},"e":{"d":"w"}}',
    ],
  ])('%s', async (_, spec, message) => {
    expect(await refusal(() => defineRule(spec as RuleSpec))).toBe(message);
  });
  test('with the place of its own where it is a part of something', async () => {
    expect(await refusal(() => defineRule({ dw: 'y' }, 'system.rule'))).toMatch(
      /^system\.rule\.dw: unknown name/,
    );
  });
});

describe('refused is what is not finite from the start:', () => {
  const negative = (of: string, what: string, cure: string) =>
    `rule.dw: ${of} may be negative at the start, and a ${what} of it is then NaN; write ${cure}`;
  test.each<[string, RuleSpec, string]>([
    [
      'a broken power of the weight',
      { dw: 'w^0.5' },
      `rule.dw: w may be negative at the start, and a power of it whose exponent is not written as a whole number is then NaN; write abs(w)^0.5 or max(w, 0)^0.5${at(1, 'w^0.5')}`,
    ],
    [
      'a learned power of an error',
      ofLayer('2 * e^a', 2),
      `rule.dw: e may be negative at the start, and a power of it whose exponent is not written as a whole number is then NaN; write abs(e)^a or max(e, 0)^a${at(5, '2 * e^a')}`,
    ],
    [
      'a root of the weight',
      { dw: '1 + sqrt(w)' },
      `${negative('w', 'root', 'sqrt(abs(w)) or sqrt(max(w, 0))')}${at(4, '1 + sqrt(w)')}`,
    ],
    [
      'a logarithm',
      { dw: 'log(1 - x)' },
      `${negative('1 - x', 'logarithm', 'log(abs(1 - x) + 0.001) or log(max(1 - x, 0.001))')}${at(0, 'log(1 - x)')}`,
    ],
    [
      'a root of a coefficient that starts below 0',
      ofLayer('sqrt(a)', -1),
      `${negative('a', 'root', 'sqrt(abs(a)) or sqrt(max(a, 0))')}${at(0, 'sqrt(a)')}`,
    ],
    [
      'a root of the square of what starts around 0, less something',
      { dw: 'sqrt(a^2 - 1)', coefficients: { a: { per: 'layer', start: { uniform: [-2, 2] } } } },
      `${negative('a^2 - 1', 'root', 'sqrt(abs(a^2 - 1)) or sqrt(max(a^2 - 1, 0))')}${at(0, 'sqrt(a^2 - 1)')}`,
    ],
    [
      'a root that the inverse of what starts around 0 makes negative',
      {
        dw: 'sqrt(0.5 - 1 / a)',
        coefficients: { a: { per: 'layer', start: { uniform: [-1, 2] } } },
      },
      `${negative('0.5 - 1 / a', 'root', 'sqrt(abs(0.5 - 1 / a)) or sqrt(max(0.5 - 1 / a, 0))')}${at(0, 'sqrt(0.5 - 1 / a)')}`,
    ],
    [
      'a division by a state that starts at 0',
      withState('x / h', 'x'),
      `rule.dw: h is 0 at the start, and x is divided by it; let it start at another number, or add one${at(2, 'x / h')}`,
    ],
    [
      'a division by what is always 0',
      { dw: '1 / (x - x)' },
      `rule.dw: x - x is 0 at the start, and 1 is divided by it; let it start at another number, or add one${at(2, '1 / (x - x)')}`,
    ],
    [
      'a negative power of 0',
      withState('h^-1', 'x'),
      `rule.dw: h is 0 at the start, and has a negative power; let it start at another number, or add one${at(1, 'h^-1')}`,
    ],
    [
      'a logarithm of 0',
      withState('log(h)', 'x'),
      `rule.dw: h is 0 at the start, and its logarithm is −∞; let it start at another number, or add one${at(0, 'log(h)')}`,
    ],
    [
      'a constant beyond float32',
      { dw: 'w + 1e30 * 1e30' },
      `rule.dw: 1e+30 * 1e+30 is no number that float32 holds; write a smaller one${at(9, 'w + 1e30 * 1e30')}`,
    ],
  ])('%s', async (_, spec, message) => {
    expect(await refusal(() => defineRule(spec))).toBe(message);
  });
  test.each<[string, RuleSpec]>([
    ['a root of an activity', { dw: 'sqrt(pre) * x^1.5' }],
    ['a root of a square', { dw: 'sqrt(w^2) + sqrt(e * e)' }],
    ['a root of the square of a difference', { dw: 'sqrt((x - w) * (x - w))' }],
    ['the cures', { dw: 'abs(w)^0.5 + max(e, 0)^0.3 + sqrt(abs(w)) + log(abs(w) + 0.001)' }],
    ['a whole power of anything', { dw: 'w^3 + w^-2 + e^2' }],
    ['a division by what may be 0', { dw: 'x / w + 1 / pre' }],
    ['a division by a state that starts elsewhere', withState('x / h', 'x', 1)],
    ['a root of a coefficient that starts above 0', ofLayer('sqrt(a)', 1)],
    ['a root of a sigmoid', { dw: 'sqrt(sigmoid(w)) + log(softplus(w) + 1) + sqrt(exp(w))' }],
    ['a root of 1 − a square of tanh', { dw: 'sqrt(2 - tanh(w)) + sqrt(1 + sign(w))' }],
  ])('but not %s', (_, spec) => {
    expect(defineRule(spec).kind).toBe('written');
  });
});
