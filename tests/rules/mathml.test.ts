import { describe, expect, test } from 'vitest';
import { defineRule } from '../../src/rules/define.js';
import { mathmlOf, mathmlOfRule } from '../../src/rules/mathml.js';
import { RULE_PRESETS } from '../../src/rules/presets.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import { treeOf } from './trees.js';

/** MathML as a line: indices behind _, powers behind ^, fractions with a bar, roots with √. */
const line = (mathml: string): string =>
  mathml
    .replaceAll('<mspace width="0.2em"/>', '')
    .replaceAll('&#x2062;', ' ')
    .replaceAll(/<\/?(?:mi|mn|mo|mtext|math|mtable)(?: [^>]*)?>/g, '')
    .replaceAll(/<\/mtr>/g, '; ')
    .replaceAll(/<\/?(?:mtr|mtd)>/g, '')
    .replaceAll(/<(m\w+)>/g, '$1[')
    .replaceAll(/<\/m\w+>/g, ']');

describe('an expression as MathML', () => {
  test.each([
    ['a + b * c', 'mrow[a+mrow[b c]]'],
    ['(a + b) * c', 'mrow[mrow[(mrow[a+b])] c]'],
    ['a - (b - c)', 'mrow[a−mrow[(mrow[b−c])]]'],
    ['a * 2', 'mrow[a·2]'],
    ['-a * b', 'mrow[mrow[−a] b]'],
    ['a - -b', 'mrow[a−mrow[(mrow[−b])]]'],
    ['a / (b + 1)', 'mfrac[amrow[b+1]]'],
    ['(a / b)^2', 'msup[mrow[(mfrac[ab])]2]'],
    ['(-2)^a', 'msup[mrow[(mrow[−2])]a]'],
    ['a^-2', 'msup[amrow[−2]]'],
    ['exp(-a^2)', 'msup[emrow[−msup[a2]]]'],
    ['sqrt(abs(a))', 'msqrt[mrow[|a|]]'],
    ['max(a, 0)', 'mrow[maxmrow[(mrow[a,0])]]'],
    ['sigmoid(a)', 'mrow[σmrow[(a)]]'],
    ['1e-7 * a', 'mrow[mrow[1·msup[10mrow[−7]]] a]'],
    ['theta + tau_slow + t12', 'mrow[mrow[θ+msub[τslow]]+msub[t12]]'],
  ])('%s', (text, expected) => {
    expect(line(mathmlOf(treeOf(text)))).toBe(expected);
  });
});

describe('a rule as MathML', () => {
  const of = (rule: RuleSpec) => line(mathmlOfRule(defineRule(rule)));
  const [i, j] = ['msub[xi]', 'msub[xj]'];
  test('has indices of the neuron, its input, or the layer', () => {
    expect(of(RULE_PRESETS.covariance.rule)).toBe(
      `mrow[Δmsub[wmrow[ij]]]=mrow[mrow[msub[ηi] mrow[(mrow[msub[posti]−msub[mi]])]] mrow[(mrow[${j}−msub[mj]])]]; ` +
        `mrow[Δmsub[mi]]=mrow[k mrow[(mrow[${i}−msub[mi]])]]; `,
    );
    expect(
      of({
        dw: 'a * b * post * e_1',
        synapse: { e_1: { d: 'w' } },
        coefficients: { a: { per: 'synapse' }, b: { per: 'layer' } },
      }),
    ).toBe(
      'mrow[Δmsub[wmrow[ij]]]=mrow[mrow[mrow[msub[amrow[ij]] msub[bl]] msub[posti]] msub[emrow[1ij]]]; ' +
        'mrow[Δmsub[emrow[1ij]]]=msub[wmrow[ij]]; ',
    );
  });
  test('is well-formed, and of elements of MathML Core alone', () => {
    for (const { rule } of Object.values(RULE_PRESETS)) {
      const mathml = mathmlOfRule(defineRule(rule));
      const open: string[] = [];
      for (const [, close, name, self] of mathml.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
        expect([
          'math',
          'mtable',
          'mtr',
          'mtd',
          'mrow',
          'mi',
          'mn',
          'mo',
          'msub',
          'msup',
          'mfrac',
          'msqrt',
          'mspace',
        ]).toContain(name);
        if (close) expect(open.pop()).toBe(name);
        else if (!self) open.push(name!);
      }
      expect(open).toEqual([]);
      expect(mathml.replaceAll(/<[^>]*>/g, '')).not.toMatch(/[<>"]/);
    }
  });
});
