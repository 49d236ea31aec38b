import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { defineRule } from '../../src/rules/define.js';
import { derivative } from '../../src/rules/derive.js';
import { mathmlOfRule } from '../../src/rules/mathml.js';
import { RULE_PRESETS } from '../../src/rules/presets.js';
import type { RuleSpec, WrittenRule } from '../../src/rules/rule.js';
import { textOf } from '../../src/rules/text.js';
import { FUNCTIONS, namesOf } from '../../src/rules/tree.js';
import { wgslName, wgslOf } from '../../src/rules/wgsl.js';
import { random, type Random } from '../../src/tasks/random.js';
import { mutate } from './mutate.js';

/** Inputs of each kind; METAPLASTIC_FUZZ asks for more. */
const INPUTS = Number(process.env['METAPLASTIC_FUZZ'] ?? 2000);

/** Milliseconds of the CPU that a text may take. */
const PATIENCE = 50;

const RULES: readonly RuleSpec[] = Object.values(RULE_PRESETS).map(({ rule }) => rule);

/** What a stranger's text may have in it. */
const PIECES = [
  Object.keys(FUNCTIONS).map(name => `${name}(`),
  ['w', 'pre', 'x', 'post', 'e', 'e_pre', 'eta', 'alpha', 'h', 'theta', 'theta_pre', 'y'],
  ['+', '-', '*', '/', '^', '**', '(', ')', ',', '((', '))', ' ', '\n', ';', '=', '.', '_'],
  ['0', '1', '2', '-1', '0.5', '1e3', '1e38', '1e999', '1e-400', '.', '9'.repeat(400)],
  [
    'constructor',
    '__proto__',
    'this',
    'eval("1")',
    '`',
    '${1}',
    '//',
    '/*',
    '\u0000',
    'é',
    '\ud800',
  ],
  ['let x = 1;', '} fn main() {', '<script>', '('.repeat(70), '-'.repeat(70), '2^'.repeat(40)],
].flat();

/** A text with one to four pieces that are cut out, put in, doubled or moved. */
function mutated(text: string, draw: Random): string {
  let now = text;
  for (let k = 0; k <= draw.below(4); k++) {
    const from = draw.below(now.length + 1);
    const to = from + draw.below(8);
    const piece = draw.below(3) ? PIECES[draw.below(PIECES.length)]! : now.slice(from, to);
    const at = draw.below(3) ? from : draw.below(now.length + 1);
    now = draw.below(2)
      ? now.slice(0, from) + piece + now.slice(to)
      : now.slice(0, at) + piece + now.slice(at);
  }
  return now;
}

/** Everything that is done with a rule before it is on a GPU. */
function used(rule: WrittenRule): void {
  mathmlOfRule(rule);
  const changes = [rule.dw, ...[...rule.synapse, ...rule.neuron].map(({ change }) => change)];
  for (const tree of changes) {
    const trees = [tree, ...[...namesOf(tree)].map(name => derivative(tree, name))];
    trees.forEach(textOf);
    wgslOf(trees, name => ({ code: wgslName(name), vector: true }));
  }
}

/** What a rule ends in: nothing, one error of ours, or something bad. */
function answer(spec: unknown): { readonly said: string; readonly took: number } {
  const start = process.cpuUsage();
  const took = () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e3;
  };
  try {
    const rule = defineRule(spec as RuleSpec);
    const time = took();
    used(rule);
    return { said: '', took: time };
  } catch (error) {
    if (!(error instanceof MetaplasticError)) return { said: `raw: ${String(error)}`, took: 0 };
    const { message } = error;
    return { said: message.length > 1000 ? `too long: ${message.length}` : message, took: took() };
  }
}

/** Those that end badly, and how many are refused. */
function answers(specs: Iterable<unknown>) {
  const bad: unknown[] = [];
  let refused = 0;
  for (const spec of specs) {
    const { said, took } = answer(spec);
    if (said) refused++;
    // once more, because what is slow may have been the collection of garbage
    const isSlow = took > PATIENCE && answer(spec).took > PATIENCE;
    if (isSlow || /^(raw|too long)/.test(said)) bad.push([said, took, spec]);
  }
  return { bad, refused };
}

describe('a rule from strangers is a rule or one clear error, and never slow:', () => {
  test('texts with faults', () => {
    const specs = Array.from({ length: INPUTS }, (_, k) => {
      const draw = random(17, k);
      const rule = structuredClone(RULES[k % RULES.length]!) as any;
      const texts = [rule, ...Object.values({ ...rule.synapse, ...rule.neuron })] as any[];
      const one = texts[draw.below(texts.length)];
      const key = 'dw' in one ? 'dw' : 'd';
      one[key] = mutated(one[key], draw);
      return rule;
    });
    const { bad, refused } = answers(specs);
    expect(bad).toEqual([]);
    expect(refused).toBeGreaterThan(INPUTS / 2);
    expect(refused).toBeLessThan(INPUTS);
  });
  test('JSON with faults', () => {
    const specs = Array.from({ length: INPUTS }, (_, k) =>
      mutate(RULES[k % RULES.length], random(18, k)),
    );
    const { bad, refused } = answers(specs);
    expect(bad).toEqual([]);
    expect(refused).toBeLessThan(INPUTS);
  });
  const many = (count: number, piece: (k: number) => string, by: string) =>
    Array.from({ length: count }, (_, k) => piece(k)).join(by);
  test.each([
    ['a long sum', many(149, () => 'w', '+')],
    ['a sum of many functions', many(59, k => `exp(${k}*w)`, '+')],
    ['a product of many functions', many(59, k => `exp(${k}*w)`, '*')],
    ['a product of many sums', many(74, k => `(w+${k})`, '*')],
    ['a quotient of many sums', many(74, k => `(w+${k + 1})`, '/')],
    ['a sum of many products of sums', many(29, k => `(w+${k}*x)*(pre-${k})`, '+')],
    ['a tower of functions', `${'tanh('.repeat(62)}w${')'.repeat(62)}`],
    ['a tower of squares', `${'('.repeat(60)}w${'+1)^2'.repeat(60)}`],
    ['a tower of powers', many(60, () => 'abs(w)', '^')],
    ['a large power', '((w+x)^1000)^1000'],
  ])('%s, made to be slow', (_, dw) => {
    const start = process.cpuUsage();
    expect(defineRule({ dw }).kind).toBe('written');
    expect(process.cpuUsage(start).user / 1e3).toBeLessThan(1000);
  });
});
