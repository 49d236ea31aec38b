import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { LIMIT } from '../../src/reference/central-differences.js';
import { checkRule, ruleHead, ruleProblems, ruleRow } from '../../src/proof/rule.js';
import { rules } from '../../src/reference/rules.js';
import { defineRule } from '../../src/rules/define.js';
import { RULE_PRESETS } from '../../src/rules/presets.js';
import type { RuleReference } from '../../src/rules/handwritten.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import { useGpu } from '../kernels/open.js';

const under = useGpu();
const [many, one] = ruleProblems(defineRule(RULE_PRESETS.bcm.rule));

describe('the problems of a rule', () => {
  const adjoints = (rule: RuleSpec) =>
    ruleProblems(defineRule(rule)).map(({ settings }) => settings?.adjoint ?? 'store');
  test('have every adjoint that it allows', () => {
    expect(new Set(adjoints(RULE_PRESETS.bcm.rule))).toEqual(new Set(['store', 'checkpoint']));
    expect(adjoints(RULE_PRESETS.gradient.rule)).toContain('reverse');
  });
  test('have one lane and many, one step and more, one sample and more', () => {
    expect(one).toMatchObject({ steps: 1, batch: 1, settings: { plan: { lanes: 1 } } });
    expect(many!.settings!.plan!.lanes).toBeGreaterThan(1);
    expect(ruleProblems(defineRule(RULE_PRESETS.gradient.rule)).map(p => p.batch)).toContain(3);
  });
});

describe('the proof of a rule', () => {
  test('compares kernels, reference and central differences, tensor by tensor', async () => {
    const told: string[] = [];
    const [result] = await checkRule(under.gpu, RULE_PRESETS.bcm.rule, {
      problems: [one!],
      onResult: ({ name }) => told.push(name),
    });
    expect(result!.passed).toBe(true);
    const tensors = (of: string) => result!.comparisons.filter(c => c.of === of).map(c => c.tensor);
    expect(tensors('differences')).toEqual(tensors('gradient'));
    expect(tensors('final states')).toContain('theta.0');
    expect(told).toEqual([one!.name]);
  });

  test('does not pass where the reference is not what differences say', async () => {
    // h stays where relu has its corner
    const cornered: RuleSpec = {
      dw: 'eta * pre * relu(h)',
      synapse: { h: { d: 'c * pre' } },
      coefficients: {
        eta: { per: 'network', start: 0.1 },
        c: { per: 'network', start: { normal: 0 } },
      },
    };
    const [result] = await checkRule(under.gpu, cornered, { problems: [{ ...one!, steps: 3 }] });
    expect(result!.passed).toBe(false);
    const wrong = result!.comparisons.filter(({ error }) => !(error < 1e-4));
    expect(wrong.map(({ of, tensor }) => `${of} ${tensor}`)).toEqual(['differences rule.c']);
  });

  test('runs on rules that are written by hand, and finds a wrong adjoint of theirs', async () => {
    const wgsl = readFileSync(new URL('../../shaders/rules/oja.wgsl', import.meta.url), 'utf8');
    const mine = { name: 'mine', from: 'post', wgsl, reference: rules.oja } as const;
    const problems = [{ ...one!, steps: 3 }];
    expect((await checkRule(under.gpu, mine, { problems }))[0]!.passed).toBe(true);
    const wrong = { ...mine, reference: { ...rules.oja, adjoint: rules.hebb.adjoint } };
    const [result] = await checkRule(under.gpu, wrong, { problems });
    expect(result!.passed).toBe(false);
    for (const of of ['gradient', 'differences'])
      expect(result!.comparisons.some(c => c.of === of && !(c.error < 1e-4))).toBe(true);
  });

  describe('refuses a rule by hand by the part that cannot be asked', () => {
    const wgsl = readFileSync(new URL('../../shaders/rules/oja.wgsl', import.meta.url), 'utf8');
    const mine = { name: 'mine', from: 'post', wgsl, reference: rules.oja } as const;
    const throws = () => {
      throw new TypeError('no such thing');
    };
    const nan = (numbers: Float64Array) => numbers.fill(NaN);
    test.each<[string, Partial<RuleReference>, string]>([
      ['that throws', { drive: throws }, 'drive: throws TypeError: no such thing'],
      ['whose adjoint throws', { adjoint: throws }, 'adjoint: throws TypeError: no such thing'],
      [
        'of another shape',
        { decay: ({ pre }) => pre },
        'decay: expected a Float64Array of 3 numbers, (3), got one of 5',
      ],
      [
        'of no numbers',
        { drive: () => undefined as never },
        'drive: expected a Float64Array of 15 numbers, (3, 5), got nothing',
      ],
      [
        'that is NaN',
        { decay: ({ post }) => nan(post.slice()) },
        'decay: expected numbers, of numbers of moderate size, got NaN at index 0',
      ],
      [
        'whose adjoint is NaN',
        { adjoint: (_l, _s, _d, _e, dLocal) => void nan(dLocal.post) },
        'adjoint: expected numbers, of numbers of moderate size, got NaN at index 0',
      ],
    ])('a reference %s', async (_, part, message) => {
      const reference = { ...rules.oja, ...part };
      // one layer, of which the first is asked
      const problems = [{ ...one!, spec: { sizes: [5, 3] } }];
      const proof = checkRule(under.gpu, { ...mine, reference }, { problems });
      await expect(proof).rejects.toThrow(MetaplasticError);
      await expect(proof).rejects.toMatchObject({ message: `rule "mine": reference.${message}` });
    });
    test.each([
      [
        'that does not parse',
        'fn kappa(',
        'fn kappa((',
        /^rule "mine": wgsl: shader .*: does not link: /,
      ],
      [
        'that does not compile',
        'return share(l)',
        'return 1 +',
        /^rule "mine": wgsl: kernel .*: does not compile: /,
      ],
    ])('a module %s, and prints nothing beside', async (_, from, to, message) => {
      const printed = (['log', 'error', 'warn'] as const).map(of => vi.spyOn(console, of));
      expect(wgsl).toContain(from);
      const proof = checkRule(under.gpu, { ...mine, wgsl: wgsl.replace(from, to) });
      await expect(proof).rejects.toThrow(MetaplasticError);
      await expect(proof).rejects.toThrow(message);
      expect(printed.flatMap(spy => spy.mock.calls)).toEqual([]);
      vi.restoreAllMocks();
    });
  });

  test('makes coefficients smaller until lifetimes stay finite, and says so', async () => {
    const wild: RuleSpec = {
      dw: 'c * w^3 * pre * x',
      coefficients: { c: { per: 'network', start: 400 } },
    };
    const [result] = await checkRule(under.gpu, wild, { problems: [{ ...one!, steps: 4 }] });
    expect(result).toMatchObject({
      passed: true,
      note: expect.stringMatching(/^coefficients \/ \d/),
    });
    expect(ruleRow(result!)).toMatch(/pass {2}\(coefficients \/ \d+\)$/);
  });

  test('passes what rounding a rule’s numbers to float32 moves as far, and says so', async () => {
    // a difference of two numbers that are nearly alike
    const cancelling: RuleSpec = {
      dw: 'c * h * pre',
      synapse: { h: { d: 'k * (0.3 - h)', start: 0.30001 } },
      coefficients: { c: { per: 'layer', start: 0.1 }, k: { per: 'network', start: 0.2 } },
    };
    const [result] = await checkRule(under.gpu, cancelling, { problems: [{ ...one!, steps: 3 }] });
    const far = result!.comparisons.filter(({ error }) => !(error <= 1e-4));
    expect(far.map(({ of, tensor }) => `${of} ${tensor}`)).toEqual(['gradient rule.k']);
    expect(far[0]!.rounding).toBeGreaterThan(far[0]!.error / 4);
    expect(result!.passed).toBe(true);
    expect(ruleRow(result!)).toMatch(/pass {2}\(ill-conditioned: rounding the rule’s numbers/);
  });

  test('takes activities that are not negative where others are not finite', async () => {
    const rooted: RuleSpec = {
      dw: 'c * sqrt(pre + 0.01) * x',
      coefficients: { c: { per: 'network', start: 0.01 } },
    };
    const [result] = await checkRule(under.gpu, rooted, { problems: [one!] });
    expect(result).toMatchObject({ passed: true, note: 'activities ≥ 0' });
  });

  test('says of lifetimes that diverge anyhow that they do', async () => {
    const [result] = await checkRule(under.gpu, { dw: '1e30 * (w + pre)^3' }, { problems: [one!] });
    expect(result).toMatchObject({ passed: false, comparisons: [] });
    expect(ruleRow(result!)).toMatch(/FAIL {2}lifetimes diverge/);
  });

  test('has a column for each kind of error', () => {
    expect(ruleHead().trim().split(/ {2,}/)).toEqual([
      'loss',
      'gradient',
      'final weights',
      'final states',
      'central differences',
    ]);
    expect(LIMIT).toBeLessThan(1e-5);
  });
});
