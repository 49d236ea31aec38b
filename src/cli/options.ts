import { MetaplasticError } from '../errors.js';

/** The whole number that an option's text is, digits only: neither '' nor '1e3' nor ' 7'. */
export function wholeNumber(
  option: string,
  given: string,
  least = 1,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const n = Number(given);
  if (/^\d+$/.test(given) && n >= least && n <= most) return n;
  const range =
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number ≥ ${least}`
      : `a whole number from ${least} to ${most}`;
  throw new MetaplasticError({ where: option, expected: range, got: JSON.stringify(given) });
}

/** The positive number that an option's text is, in decimal digits. */
export function positiveNumber(option: string, given: string): number {
  const x = Number(given);
  if (/^\d*\.?\d+(e[+-]?\d+)?$/i.test(given) && x > 0 && x < Infinity) return x;
  throw new MetaplasticError({
    where: option,
    expected: 'a number > 0',
    got: JSON.stringify(given),
  });
}
