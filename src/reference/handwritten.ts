import { MetaplasticError } from '../errors.js';
import { inWords } from '../options.js';
import type { HandwrittenRule, Local, RuleReference, RuleSystem } from '../rules/handwritten.js';

/** References that were asked for before: every step asks. */
const KNOWN = new WeakMap<HandwrittenRule, RuleReference>();

/**
 * The reference of a rule that somebody wrote by hand. It throws a MetaplasticError that names the
 * rule and the function where that throws, returns something else than numbers of its shape, or
 * makes NaN of moderate numbers.
 */
export function referenceOf(rule: HandwrittenRule): RuleReference {
  const known = KNOWN.get(rule);
  if (known) return known;
  const made = checked(rule);
  KNOWN.set(rule, made);
  return made;
}

function checked({ name, reference }: HandwrittenRule): RuleReference {
  const whereOf = (method: keyof RuleReference) =>
    `rule ${JSON.stringify(name)}: reference.${method}`;
  const call = <T>(method: keyof RuleReference, work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
      throw new MetaplasticError({ where: whereOf(method), problem: `throws ${said}`, cause });
    }
  };
  const answer = (
    method: 'drive' | 'decay',
    local: Local,
    system: RuleSystem,
    shape: readonly number[],
  ): Float64Array => {
    const numbers: unknown = call(method, () => reference[method](local, system));
    const length = shape.reduce((all, n) => all * n, 1);
    if (!(numbers instanceof Float64Array) || numbers.length !== length)
      throw new MetaplasticError({
        where: whereOf(method),
        expected: `a Float64Array of ${length} numbers, (${shape.join(', ')})`,
        got: numbers instanceof Float64Array ? `one of ${numbers.length}` : inWords(numbers),
      });
    refuseNaN(whereOf(method), numbers, local);
    return numbers;
  };
  return {
    drive: (local, system) => answer('drive', local, system, shapeOf(local)),
    decay: (local, system) => answer('decay', local, system, shapeOf(local).slice(0, 1)),
    adjoint(local, system, dDrive, dDecay, dLocal) {
      call('adjoint', () => reference.adjoint(local, system, dDrive, dDecay, dLocal));
      for (const numbers of Object.values(dLocal) as Float64Array[])
        refuseNaN(whereOf('adjoint'), numbers, local);
    },
  };
}

/** n_l, n_{l-1}. */
const shapeOf = ({ W, pre }: Local) => [W.length / pre.length, pre.length] as const;

/** Numbers beyond this belong to a lifetime that diverges, of which NaN is no fault of a rule. */
const MODERATE = 1e6;

function refuseNaN(where: string, numbers: Float64Array, local: Local): void {
  const at = numbers.findIndex(Number.isNaN);
  if (at < 0) return;
  const seen = Object.values(local) as Float64Array[];
  if (seen.every(all => all.every(x => Math.abs(x) < MODERATE)))
    throw new MetaplasticError({
      where,
      expected: 'numbers, of numbers of moderate size',
      got: `NaN at index ${at}`,
    });
}
