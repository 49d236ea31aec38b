import { greatest, least } from '../extremes.js';
import { shown } from '../errors.js';
import { isNumber } from '../options.js';
import { VALUES } from './evaluate.js';
import type { Parsed } from './parse.js';
import { errorAt } from './place.js';
import type { Start } from './rule.js';
import { sharing } from './shared.js';
import { textOf } from './text.js';
import { namesOf, type FunctionName, type Operation, type Tree } from './tree.js';

/** Between which numbers something lies. */
export type Interval = readonly [low: number, high: number];

export const ANY: Interval = [-Infinity, Infinity];
export const POSITIVE: Interval = [0, Infinity];

/** Where a coefficient lies that starts so. */
export function rangeOfStart(start: Start): Interval {
  if (typeof start === 'number') return [start, start];
  if ('uniform' in start) return start.uniform;
  return start.normal === 0 ? [0, 0] : ANY;
}

type Applied = Extract<Tree, { kind: 'apply' }>;

/**
 * Refuses what is not finite from the start: a root, logarithm or broken power of what is negative,
 * a division by 0, a constant too large. Ranges are found by interval arithmetic, so what they
 * allow may still turn out to be NaN later in a lifetime, as anything may.
 */
export function checkStart(
  { text, tree, at }: Parsed,
  where: string,
  rangeOf: (name: string) => Interval,
): void {
  const { same } = sharing();
  const isOfAlike = ({ of, to: [a, b] }: Applied) =>
    (of === '*' || of === '-') && same(a!) === same(b!);
  const range = (part: Tree): Interval => {
    if (part.kind === 'number') return [part.value, part.value];
    if (part.kind === 'name') return rangeOf(part.name);
    const [a, b] = part.to.map(range);
    const result = isOfAlike(part) ? alike(part.of, a!) : RANGES[part.of](a!, b ?? a!);
    const flaw = flawOf(part, a!, b) ?? overflowOf(part, result);
    if (flaw) throw errorAt(text, at.get(part)!, where, flaw);
    return result;
  };
  range(tree);
}

/** What is wrong with an operator or function of such operands, and what to do about it. */
type Flaw = { readonly problem: string; readonly hint: string } | undefined;

function flawOf(part: Applied, a: Interval, b?: Interval): Flaw {
  const { of, to } = part;
  const isRoot = of === 'sqrt' || of === 'log' || isBroken(part);
  if (isRoot && a[0] < 0) return negativeIn(part);
  const from = 'let it start at another number, or add one';
  const [first, second] = to.map(operand => () => shown(textOf(operand), LONGEST));
  if (of === '/' && isZero(b!)) {
    const problem = `${second!()} is 0 at the start, and ${first!()} is divided by it`;
    return { problem, hint: from };
  }
  if (of === '^' && isZero(a) && b![1] < 0)
    return { problem: `${first!()} is 0 at the start, and has a negative power`, hint: from };
  if (of === 'log' && isZero(a))
    return { problem: `${first!()} is 0 at the start, and its logarithm is −∞`, hint: from };
  return undefined;
}

function negativeIn(part: Applied): Flaw {
  const [first, second] = part.to.map(operand => shown(textOf(operand), LONGEST));
  const within = (base: string) =>
    part.of === '^' ? `${base}^${bracketed(second!)}` : `${part.of}(${base})`;
  // the logarithm of 0 is as bad
  const cures =
    part.of === 'log'
      ? [`abs(${first}) + 0.001`, `max(${first}, 0.001)`]
      : [`abs(${first})`, `max(${first}, 0)`];
  const what = {
    '^': 'power of it whose exponent is not written as a whole number',
    log: 'logarithm of it',
    sqrt: 'root of it',
  }[part.of as '^' | 'log' | 'sqrt'];
  return {
    problem: `${first} may be negative at the start, and a ${what} is then NaN`,
    hint: `write ${cures.map(within).join(' or ')}`,
  };
}

function overflowOf(part: Applied, range: Interval): Flaw {
  if (range.every(isNumber) || namesOf(part).size > 0) return undefined;
  const problem = `${shown(textOf(part), LONGEST)} is no number that float32 holds`;
  return { problem, hint: 'write a smaller one' };
}

/** How many characters of an operand a message repeats. */
const LONGEST = 60;

/** Is it a power whose exponent is not written as a whole number? */
const isBroken = ({ of, to: [, exponent] }: Applied) =>
  of === '^' && !(exponent!.kind === 'number' && Number.isInteger(exponent!.value));
const isZero = ([low, high]: Interval) => low === 0 && high === 0;

const bracketed = (text: string) => (/^[\w.]+$/.test(text) ? text : `(${text})`);

/** Of a thing and itself. */
const alike = (of: Operation, a: Interval): Interval => (of === '-' ? [0, 0] : power(a, 2));

const around = (...values: readonly number[]): Interval =>
  values.some(Number.isNaN) ? ANY : [least(values), greatest(values)];

/** 0 · ∞ is 0 here: the end of a range is never reached. */
const by = (a: number, b: number) => (a === 0 || b === 0 ? 0 : a * b);
const product = ([a, b]: Interval, [c, d]: Interval) =>
  around(by(a, c), by(a, d), by(b, c), by(b, d));

function inverse([low, high]: Interval): Interval {
  if (low < 0 && high > 0) return ANY;
  return [high === 0 ? -Infinity : 1 / high, low === 0 ? Infinity : 1 / low];
}

function power([low, high]: Interval, exponent: number): Interval {
  if (exponent < 0) return inverse(power([low, high], -exponent));
  const ends = around(low ** exponent, high ** exponent);
  return exponent % 2 === 0 && low < 0 && high > 0 ? [0, ends[1]] : ends;
}

const rising =
  (of: FunctionName): ((a: Interval) => Interval) =>
  ([low, high]) => [VALUES[of](low, 0), VALUES[of](high, 0)];

const RANGES: Readonly<Record<Operation, (a: Interval, b: Interval) => Interval>> = {
  '+': (a, b) => around(a[0] + b[0], a[1] + b[1]),
  '-': (a, b) => around(a[0] - b[1], a[1] - b[0]),
  '*': product,
  '/': (a, b) => product(a, inverse(b)),
  '^': (a, b) => (b[0] === b[1] && Number.isInteger(b[0]) ? power(a, b[0]) : broken(a, b)),
  negate: ([low, high]) => [-high, -low],
  exp: rising('exp'),
  log: rising('log'),
  sqrt: rising('sqrt'),
  abs: ([low, high]) =>
    low < 0 && high > 0 ? [0, Math.max(-low, high)] : around(Math.abs(low), Math.abs(high)),
  sign: rising('sign'),
  tanh: rising('tanh'),
  sigmoid: rising('sigmoid'),
  relu: rising('relu'),
  softplus: rising('softplus'),
  min: (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1])],
  max: (a, b) => [Math.max(a[0], b[0]), Math.max(a[1], b[1])],
};

/** Of what is not negative, with an exponent that is not whole. */
const broken = (a: Interval, b: Interval): Interval =>
  a[0] === a[1] && b[0] === b[1] ? around(a[0] ** b[0]) : POSITIVE;
