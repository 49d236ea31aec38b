import { describe, expect, test } from 'vitest';
import { randomRule } from '../../src/reference/random-rule.js';
import { defineRule } from '../../src/rules/define.js';
import { derivative } from '../../src/rules/derive.js';
import { evaluator } from '../../src/rules/evaluate.js';
import { GRANULARITIES } from '../../src/rules/rule.js';
import { FUNCTIONS, namesOf, OPERATORS, type Tree } from '../../src/rules/tree.js';
import { random } from '../../src/tasks/random.js';

const RULES = Array.from({ length: 300 }, (_, seed) => defineRule(randomRule(seed)));
const treesOf = (rule: (typeof RULES)[number]) => [
  rule.dw,
  ...[...rule.synapse, ...rule.neuron].map(({ change }) => change),
];

function operationsIn(tree: Tree, found = new Set<string>()): Set<string> {
  if (tree.kind !== 'apply') return found;
  found.add(tree.of);
  tree.to.forEach(part => operationsIn(part, found));
  return found;
}

describe('random rules', () => {
  test('are the same for the same seed', () => {
    expect(randomRule(5)).toEqual(randomRule(5));
    expect(randomRule(5)).not.toEqual(randomRule(8));
  });
  test('are told in turn what to be, an error, and nothing', () => {
    expect(RULES.slice(0, 6).map(({ from }) => from)).toEqual([
      'post',
      'error',
      'nothing',
      'post',
      'error',
      'nothing',
    ]);
    expect(new Set(RULES.map(({ from }, seed) => `${from} ${seed % 3}`)).size).toBe(3);
  });
  test('have all operators, functions, names, granularities, states', () => {
    const used = new Set(
      RULES.flatMap(rule => treesOf(rule).flatMap(tree => [...operationsIn(tree)])),
    );
    expect([...OPERATORS, ...Object.keys(FUNCTIONS)].filter(of => !used.has(of))).toEqual([]);
    const names = new Set(RULES.flatMap(rule => treesOf(rule).flatMap(tree => [...namesOf(tree)])));
    const wanted = ['w', 'pre', 'x', 'post', 'e', 'e_pre', 'h', 'r', 'm', 'm_pre', 'theta_pre'];
    expect(wanted.filter(name => !names.has(name))).toEqual([]);
    const granularities = new Set(RULES.flatMap(rule => rule.coefficients.map(({ per }) => per)));
    expect(granularities.size).toBe(GRANULARITIES.length);
  });
  test('can be undone, or are one product, often enough', () => {
    expect(RULES.filter(({ undoable }) => undoable).length).toBeGreaterThan(60);
    expect(RULES.filter(({ product }) => product).length).toBeGreaterThan(5);
    expect(RULES.filter(({ rank }) => rank === undefined).length).toBeGreaterThan(100);
  });
  test('and their derivatives are finite and moderate, wherever activity is', () => {
    for (const [seed, rule] of RULES.entries())
      for (const tree of treesOf(rule)) {
        const names = [...namesOf(tree)];
        for (const part of [tree, ...names.map(name => derivative(tree, name))]) {
          const value = evaluator(part, name => names.indexOf(name));
          const draw = random(seed, 3);
          for (const scale of [0, 1, 3]) {
            const at = Float64Array.from(names, () => scale * draw.normal());
            expect(Math.abs(value(at)), `${seed} ${rule.spec.dw}`).toBeLessThan(1e4);
          }
        }
      }
  });
});
