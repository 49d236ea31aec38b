import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest';
import { ruleNamed, run } from '../../src/cli/rule.js';
import { ruleProblems } from '../../src/proof/rule.js';
import { defineRule } from '../../src/rules/define.js';
import { RULE_PRESETS } from '../../src/rules/presets.js';
import { newFolder } from './command.js';

let log: MockInstance<typeof console.log>;
beforeEach(() => {
  log = vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => log.mockRestore());
const printed = () => log.mock.calls.map(([line]) => String(line)).join('\n');
const said = async (...args: string[]) => {
  expect(await run([...args, '--no-proof'])).toBe(0);
  return printed();
};

function fileOf(rule: unknown): string {
  const path = join(newFolder(), 'mine.rule.json');
  writeFileSync(path, JSON.stringify(rule));
  return path;
}

describe('metaplastic rule', () => {
  test('says what a rule is', async () => {
    const lines = (await said('bcm')).split('\n');
    expect(lines).toEqual([
      'bcm: dw = eta * pre * post * (post - theta)',
      '',
      'reads         pre, x, post',
      'feedback      direct rectified: what a neuron is told to be (post)',
      'coefficients  eta, one per layer, from 0.0002, rate 0.00025',
      '              k, one per network, from 0.2, rate 0.001',
      'states        theta, one per neuron, from 0.5: d = k * (x^2 - theta)',
      'low-rank      rank 1, evaluated synapse by synapse all the same',
      'undone        no, it has states: adjoints store and checkpoint',
      '',
      'Derivatives, simplified',
      '',
      ...lines.slice(12),
    ]);
    expect(lines).toContain('  ∂ dw / ∂ theta        -eta * pre * post');
    expect(lines).toContain('  ∂ d(theta) / ∂ theta  -k');
  });

  test('says of the rate, the penalty and the start of a coefficient what a file says', async () => {
    const path = fileOf({
      dw: 'a * e * pre * w',
      coefficients: { a: { per: 'neuron', start: { uniform: [-1, 1] }, rate: 0.1, l1: 0.5 } },
    });
    const all = await said(path);
    expect(all).toContain('coefficients  a, one per neuron, from U(-1, 1), rate 0.1, L1 0.5');
    expect(all).toContain('low-rank      no: evaluated synapse by synapse');
    expect(all).toContain(
      'undone        yes, dw is affine in w: adjoints store, checkpoint and reverse',
    );
  });

  test('takes a text, which may begin with a minus, and its coefficients', async () => {
    const all = await said('-eta * e * pre', '--coefficient', 'eta:layer=-0.1');
    expect(all).toMatch(/^rule: dw = -eta \* e \* pre\n/);
    expect(all).toContain('coefficients  eta, one per layer, from -0.1');
    expect(all).toContain('low-rank      rank 1, by the kernels of the built-in rules');
  });

  test('shows the module that is made of it', async () => {
    expect(await said('bcm')).not.toContain('fn change(');
    expect(await said('bcm', '--wgsl')).toContain('// bcm: dw = eta * pre * post * (post - theta)');
    expect(printed()).toContain('fn change(');
    expect(await said('oja', '--wgsl')).toContain('fn kappa(');
  });

  test('proves it, a row for each problem', async () => {
    const [, one] = ruleProblems(defineRule(RULE_PRESETS.gradient.rule));
    expect(await run(['gradient'], [one!])).toBe(0);
    expect(printed()).toMatch(/\nadapter: /);
    expect(printed()).toMatch(/\nT = 1, batch 1, 1 lane, store .* pass\n/);
    expect(printed()).toMatch(/\n1 passed, 0 failed \(/);
  });

  test('ends with status 1 where it does not pass, and says why in JSON as well', async () => {
    const [, one] = ruleProblems(defineRule(RULE_PRESETS.gradient.rule));
    expect(await run(['1e30 * (w + pre)^3', '--json'], [one!])).toBe(1);
    expect(log).toHaveBeenCalledTimes(1);
    expect(JSON.parse(printed())).toMatchObject({
      rule: { dw: '1e30 * (w + pre)^3' },
      undoable: false,
      rank: null,
      failed: 1,
      results: [{ passed: false, error: expect.stringMatching(/^lifetimes diverge/) }],
    });
  });

  test.each<[string, string[], string | RegExp]>([
    [
      'an unknown name, under which it puts a caret',
      ['eta * pre * prr', '--coefficient', 'eta:layer'],
      'rule.dw: unknown name `prr` (did you mean pre?); known: w, pre, x, post, e, e_pre, eta\neta * pre * prr\n            ^',
    ],
    [
      'a misspelt preset',
      ['covarianze'],
      /^rule: unknown preset, file or text "covarianze" \(did you mean covariance\?\)/,
    ],
    [
      'a built-in rule that is none as text',
      ['pool'],
      /^rule: expected a rule that is written as text, got "pool", which is built in/,
    ],
    [
      'a file that is not there',
      ['nowhere.rule.json'],
      /^nowhere\.rule\.json: could not be read: it is not there/,
    ],
    [
      'a coefficient of nothing',
      ['pre', '--coefficient', 'eta'],
      /^--coefficient\.0: expected NAME:PER or NAME:PER=START/,
    ],
    [
      'a start that is no number',
      ['pre', '--coefficient', 'eta:layer=x'],
      /^--coefficient\.0: expected NAME:PER/,
    ],
    [
      'coefficients of a rule that has its own',
      ['oja', '--coefficient', 'a:layer'],
      /^--coefficient: expected a TEXT/,
    ],
    ['no rule', [], /^rule: expected one FILE, TEXT or PRESET, got 0/],
  ])('refuses %s', async (_, args, message) => {
    await expect(run(args)).rejects.toThrow(message);
    expect(log).not.toHaveBeenCalled();
  });

  test('takes a name of an expression for what it is', () => {
    expect(ruleNamed('pre').spec.dw).toBe('pre');
    expect(ruleNamed('oja').name).toBe('oja');
  });
});
