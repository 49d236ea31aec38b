import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defineRule } from '../../src/rules/define.js';
import {
  MOST_COEFFICIENTS,
  MOST_NEURON_STATES,
  MOST_SYNAPSE_STATES,
} from '../../src/rules/options.js';
import { DEEPEST, MOST_CHARACTERS, MOST_NODES } from '../../src/rules/parse.js';
import { RULE_PRESETS } from '../../src/rules/presets.js';
import type { RuleSpec } from '../../src/rules/rule.js';
import { FUNCTIONS } from '../../src/rules/tree.js';
import { refusal } from '../refusal.js';

const page = readFileSync('docs/rules.md', 'utf8');
/** As one line, without the spaces that fill up a table. */
const words = page.replaceAll(/\s+/g, ' ');

describe('docs/rules.md', () => {
  test('has every function and every published rule', () => {
    expect(Object.keys(FUNCTIONS).filter(name => !page.includes(`\`${name}\``))).toEqual([]);
    const rules: readonly [string, { readonly rule: RuleSpec }][] = Object.entries(RULE_PRESETS);
    const missing = rules
      .filter(([name, { rule }]) => {
        const states = Object.values({ ...rule.synapse, ...rule.neuron }).map(({ d }) => d);
        const texts = name === 'taylor' ? states : [rule.dw, ...states];
        return (
          !words.includes(`| \`${name}\``) || texts.some(text => !words.includes(`\`${text}\``))
        );
      })
      .map(([name]) => name);
    expect(missing).toEqual([]);
  });
  test('tells the bounds', () => {
    expect(words).toContain(
      `at most ${MOST_CHARACTERS.toLocaleString('en')} characters, ${MOST_NODES.toLocaleString('en')} numbers, names and operators, and ${DEEPEST} brackets`,
    );
    expect(words).toContain(`at most ${MOST_SYNAPSE_STATES}; \`d\` is`);
    expect(words).toContain(`the same, at most ${MOST_NEURON_STATES} |`);
    expect(words).toContain(`at most ${MOST_COEFFICIENTS}; one \`per\``);
  });
  test('shows an error as it is', async () => {
    const spec: RuleSpec = { dw: 'eta * prr * x', coefficients: { eta: { per: 'layer' } } };
    const said = await refusal(() => defineRule(spec));
    expect(page).toContain(said.replaceAll(/^/gm, '    '));
  });
  test('begins with a rule that is one', () => {
    const text = /defineRule\((\{[^]*?\n\})\)/.exec(page)![1]!;
    const json = text
      .replaceAll(/(\w+):/g, '"$1":')
      .replaceAll("'", '"')
      .replaceAll(/,(\s*\})/g, '$1');
    expect(defineRule(JSON.parse(json) as RuleSpec).name).toBe('bcm');
  });
});
