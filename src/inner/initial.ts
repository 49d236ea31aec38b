import { MetaplasticError } from '../errors.js';
import type { Choice, Primitive, System } from '../systems/system.js';
import { random } from '../tasks/random.js';
import type { Layout } from './layout.js';

/**
 * How meta-parameters begin (docs/papers.md §1.1, §2.3 and §3.1 have the published values). Biases b and
 * c begin at 0; what is drawn for every lifetime is none of them.
 */
export interface Initial {
  /**
   * `kaiming`: normal with std √(2 / columns), the fan-in; `xavier`: uniform within ±√(6 / (rows +
   * columns)). Default `kaiming`.
   */
  readonly weights?: 'kaiming' | 'xavier';
  /** Factor on the initial weights. Default 1. */
  readonly weightScale?: number;
  /**
   * Feedback weights: `normal` N(0, 1), or like weights. Default `normal` for direct-rectified
   * feedback, `xavier` for error paths.
   */
  readonly feedback?: 'normal' | 'kaiming' | 'xavier';
  /** Factor on the initial feedback weights. Default 1. */
  readonly feedbackScale?: number;
  /** Plasticity coefficients, all alike. Default 0. */
  readonly alpha?: number;
  /** Feedback strengths, all alike. Default 0.5. */
  readonly beta?: number;
  /**
   * Coefficients of the pool, one for each of the system's terms. Default 1e-3 for term 0, and 0
   * for the others.
   */
  readonly theta?: readonly number[];
  /** Learning rates, all alike. Default 0.01. */
  readonly eta?: number;
  /** Default 1e-4. */
  readonly weightDecay?: number;
  /** Default 0.9. */
  readonly momentum?: number;
  /**
   * Coefficients of the feedback rule, one for each of the system's primitives. Default: those of
   * `ALIGNMENT`, and 0 for primitives that are not among them.
   */
  readonly k?: readonly number[];
  /** Rate of the feedback rule. Default 1. */
  readonly etaB?: number;
}

/**
 * Published defaults of the feedback rules (docs/papers.md §3.1). k multiplies a direction, so what is a
 * factor on a squared norm there counts twice here.
 */
const ALIGNMENT: Readonly<
  Record<Choice<'feedbackRule'>, Readonly<Partial<Record<Primitive, number>>>>
> = {
  fixed: {},
  'weight-mirror': { decay: 2e-3, amp: 1e-3 },
  'information-alignment': { decay: 2e-3, amp: 2e-3, null: 2e-3 },
  'symmetric-alignment': { decay: 2e-3, self: 2e-3 },
  'activation-alignment': { amp: 2e-3, sparse: 2e-3 },
  'kolen-pollack': { decay: 2e-3 },
};

/** The meta-parameters before meta-training, in `layout`; the same seed gives the same numbers. */
export function initialParameters(
  system: System,
  layout: Layout,
  seed: number,
  initial: Initial = {},
): Float32Array {
  const parameters = new Float32Array(layout.size);
  const { terms, primitives } = system;
  const theta = listed('initial.theta', initial.theta, terms, 'terms', r => (r === 0 ? 1e-3 : 0));
  const k = listed(
    'initial.k',
    initial.k,
    primitives,
    'primitives',
    p => ALIGNMENT[system.feedbackRule][p] ?? 0,
  );
  layout.tensors.forEach((tensor, stream) => {
    const [rows, columns] = tensor.shape as [number, number];
    // a stream of its own: task i of a seed draws from stream i
    const { normal, uniform } = random(seed ^ 0x696e6974, stream);
    const drawn = {
      normal,
      kaiming: () => normal() * Math.sqrt(2 / columns),
      xavier: () => (2 * uniform() - 1) * Math.sqrt(6 / (rows + columns)),
    };
    const entry: (i: number) => number = {
      W: () => drawn[initial.weights ?? 'kaiming']() * (initial.weightScale ?? 1),
      b: () => 0,
      B: () =>
        drawn[
          initial.feedback ?? (system.feedback === 'direct-rectified' ? 'normal' : 'xavier')
        ]() * (initial.feedbackScale ?? 1),
      c: () => 0,
      alpha: () => initial.alpha ?? 0,
      beta: () => initial.beta ?? 0.5,
      theta: (i: number) => theta[i]!,
      eta: () => initial.eta ?? 0.01,
      weightDecay: () => initial.weightDecay ?? 1e-4,
      momentum: () => initial.momentum ?? 0.9,
      k: (i: number) => k[i]!,
      etaB: () => initial.etaB ?? 1,
    }[tensor.name.replace(/\d+$/, '')]!;
    for (let i = 0; i < tensor.size; i++) parameters[tensor.offset + i] = entry(i);
  });
  return parameters;
}

/** One coefficient for each of `what`, as given or by default. */
function listed<T>(
  where: string,
  given: readonly number[] | undefined,
  what: readonly T[],
  noun: string,
  byDefault: (one: T) => number,
): readonly number[] {
  if (given && given.length !== what.length) {
    throw new MetaplasticError({
      where,
      problem: what.length
        ? `expected ${what.length} coefficients, one for each of the ${noun} ${what.join(', ')}, got ${given.length}`
        : `expected none for a system without ${noun}, got ${given.length}`,
    });
  }
  return given ?? what.map(byDefault);
}
