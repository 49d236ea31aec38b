import { MetaplasticError } from '../errors.js';
import type { RuleSpec, WrittenRule } from './rule.js';

/** Checks a rule as it is written. The language that reads it comes with another commit. */
export function defineRule(spec: RuleSpec, where = 'rule'): WrittenRule {
  throw new MetaplasticError({
    where,
    expected: 'the name of a built-in rule',
    got: Object.keys(spec).join(', '),
  });
}
