import { greatest, least } from '../extremes.js';
import { isNumber } from '../options.js';
import { VALUES } from './evaluate.js';
import { errorAt, type Parsed } from './parse.js';
import type { Start } from './rule.js';
import { builder } from './simplify.js';
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
  const make = builder();
  const isAlike = ({ to: [a, b] }: Applied) => make.simplify(a!) === make.simplify(b!);
  const refuse = (part: Tree, problem: string, hint: string) => {
    throw errorAt(text, at.get(part)!, where, { problem, hint });
  };
  const range = (part: Tree): Interval => {
    if (part.kind === 'number') return [part.value, part.value];
    if (part.kind === 'name') return rangeOf(part.name);
    const ranges = part.to.map(range);
    const [a, b] = ranges;
    refuseStart(part, a!, b);
    const result = isOfAlike(part) ? alike(part.of, a!) : RANGES[part.of](a!, b ?? a!);
    if (namesOf(part).size === 0 && !result.every(isNumber))
      refuse(part, `${textOf(part)} is no number that float32 holds`, 'write a smaller one');
    return result;
  };
  const isOfAlike = (part: Applied) => (part.of === '*' || part.of === '-') && isAlike(part);

  const refuseStart = (part: Applied, [low, high]: Interval, b?: Interval) => {
    const shown = part.to.map(textOf);
    const [first, second] = shown;
    const exponent = part.to[1];
    const isBroken =
      part.of === '^' && !(exponent!.kind === 'number' && Number.isInteger(exponent!.value));
    if (low < 0 && (isBroken || part.of === 'sqrt' || part.of === 'log')) {
      const within = (base: string) =>
        isBroken ? `${base}^${bracketed(second!)}` : `${part.of}(${base})`;
      // the logarithm of 0 is as bad
      const cures =
        part.of === 'log'
          ? [`abs(${first}) + 0.001`, `max(${first}, 0.001)`]
          : [`abs(${first})`, `max(${first}, 0)`];
      const what = isBroken ? 'power' : part.of === 'log' ? 'logarithm' : 'root';
      const which = isBroken ? ' whose exponent is not written as a whole number' : '';
      refuse(
        part,
        `${first} may be negative at the start, and a ${what} of it${which} is then NaN`,
        `write ${cures.map(within).join(' or ')}`,
      );
    }
    const isZero = (range: Interval) => range[0] === 0 && range[1] === 0;
    const from = 'let it start at another number, or add one';
    if (part.of === '/' && isZero(b!))
      refuse(part, `${second} is 0 at the start, and ${first} is divided by it`, from);
    if (part.of === '^' && isZero([low, high]) && b![1] < 0)
      refuse(part, `${first} is 0 at the start, and has a negative power`, from);
    if (part.of === 'log' && isZero([low, high]))
      refuse(part, `${first} is 0 at the start, and its logarithm is −∞`, from);
  };
  range(tree);
}

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
