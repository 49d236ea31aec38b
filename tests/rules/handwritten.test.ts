import { expect, test } from 'vitest';
import { defineRule } from '../../src/rules/define.js';
import { DECLARED, type HandwrittenSpec } from '../../src/rules/handwritten.js';
import { defineSystem } from '../../src/systems/system.js';

const nothing = () => new Float64Array();
const rule: HandwrittenSpec = {
  name: 'mine',
  from: 'post',
  wgsl: DECLARED.join(' '),
  reference: { drive: nothing, decay: nothing, adjoint: () => {} },
};

test('a rule that is written by hand has a coefficient of synapses unless it says another', () => {
  expect(defineRule(rule)).toMatchObject({ coefficient: 'alpha', per: 'synapse' });
  expect(defineRule({ ...rule, from: 'error', per: 'layer' })).toMatchObject({
    coefficient: 'eta',
    per: 'layer',
  });
});

test('it is checked once, and stays what it is', () => {
  const checked = defineRule(rule);
  expect(defineRule(checked)).toBe(checked);
  expect(defineSystem({ sizes: [1, 1], rule: checked }).rule).toBe(checked);
});

test('its feedback is what it works from', () => {
  expect(defineSystem({ sizes: [1, 1], rule }).feedback).toBe('direct-rectified');
  expect(defineSystem({ sizes: [1, 1], rule: { ...rule, from: 'error' } }).feedback).toBe(
    'chained',
  );
});

test.each([
  ['without a name', { ...rule, name: '' }, /^rule\.name: expected a text/],
  ['that works from nothing', { ...rule, from: 'nothing' }, /^rule\.from: /],
  [
    'without a reference',
    { ...rule, reference: undefined },
    /^rule\.reference: expected an object/,
  ],
  ['that was JSON', JSON.parse(JSON.stringify(rule)), /which no JSON can hold/],
  ['with a key that is none', { ...rule, dw: 'x' }, /^rule: unknown key "dw"|^rule\.dw: /],
  [
    'whose module lacks a function',
    { ...rule, wgsl: rule.wgsl.replace('prepare_adjoint', '') },
    /^rule\.wgsl: expected a module that declares .*, got none of prepare_adjoint; start from/,
  ],
])('one %s is refused', (_, given, message) => {
  expect(() => defineRule(given as HandwrittenSpec)).toThrow(message);
});
