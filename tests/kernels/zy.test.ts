import { test } from 'vitest';
import { readFileSync } from 'node:fs';
import { defineRule } from '../../src/rules/define.js';
import { textOf } from '../../src/rules/text.js';
import { equationModule } from '../../src/gpu/equation.js';
test('x', () => {
  const c = JSON.parse(readFileSync(`/work/shared/oracle/rule-taylor.json`, 'utf8'));
  const r = defineRule(c.rule);
  console.log(textOf(r.dw)); console.log(equationModule(r));
  console.log(c.parameters.coefficients, c.expected.gradient.coefficients, c.expected.final_W[0][0]);
});
