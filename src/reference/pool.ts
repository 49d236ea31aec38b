import { POOL, type Term } from '../systems/pool.js';
import {
  add,
  addOuter,
  affine,
  affineAdjoint,
  dot,
  outer,
  times,
  timesTransposed,
} from './algebra.js';
import type { Local, RuleReference as Rule } from '../rules/handwritten.js';

/** Something that a term is made of, and its adjoint: from `d` adds to `dLocal`. */
interface Quantity<T> {
  value(local: Local): T;
  adjoint(local: Local, d: T, dLocal: Local): void;
}

const vectors = {
  error: { value: s => s.error, adjoint: (_, d, dS) => add(dS.error, d) },
  post: { value: s => s.post, adjoint: (_, d, dS) => add(dS.post, d) },
  ones: { value: s => new Float64Array(s.post.length).fill(1), adjoint: () => {} },
  pre: { value: s => s.pre, adjoint: (_, d, dS) => add(dS.pre, d) },
  errorBelow: { value: s => s.errorBelow, adjoint: (_, d, dS) => add(dS.errorBelow, d) },
  // What of pre the layer does not tell back: pre − Wᵀ post.
  unexplained: {
    value: s => timesTransposed(s.W, s.post).map((told, j) => s.pre[j]! - told),
    adjoint(s, d, dS) {
      add(dS.pre, d);
      add(dS.post, times(s.W, d), -1);
      addOuter(dS.W, s.post, d, -1);
    },
  },
} satisfies Record<Term['left'] | Term['right'], Quantity<Float64Array>>;

const scalars = {
  one: { value: () => 1, adjoint: () => {} },
  sumOfPost: {
    value: s => s.post.reduce((sum, y) => sum + y, 0),
    adjoint: (s, d, dS) =>
      add(
        dS.post,
        s.post.map(() => d),
      ),
  },
  // s = postᵀ W e_pre.
  postByErrorBelow: {
    value: s => dot(s.post, times(s.W, s.errorBelow)),
    adjoint(s, d, dS) {
      add(dS.post, times(s.W, s.errorBelow), d);
      add(dS.errorBelow, timesTransposed(s.W, s.post), d);
      addOuter(dS.W, s.post, s.errorBelow, d);
    },
  },
  // q = e_postᵀ z, where z = W pre + b.
  errorByDrive: {
    value: s => dot(s.error, affine(s.W, s.b, s.pre)),
    adjoint(s, d, dS) {
      add(dS.error, affine(s.W, s.b, s.pre), d);
      affineAdjoint(
        s.W,
        s.pre,
        s.error.map(e => d * e),
        dS.W,
        dS.b,
        dS.pre,
      );
    },
  },
} satisfies Record<Term['scale'], Quantity<number>>;

/**
 * The pool of plasticity terms (Shervani-Tabar & Rosenbaum 2023): ΔW = Σ_r θ_r F^r over the
 * system's terms r, so H holds all but F³ and κ_i = θ_3.
 *
 * With G = θ_r sign · dH, the adjoint of one term is: dθ_r += F^r · dH,   dscale += leftᵀ G right,
 *  dleft += scale G right,   dright += scale Gᵀ left.
 */
export const pool: Rule = {
  drive(local, { terms: chosen }) {
    const H = new Float64Array(local.W.length);
    forEachProduct(chosen, (r, { sign, scale, left, right }) =>
      add(
        H,
        outer(
          vectors[left].value(local),
          vectors[right].value(local),
          local.theta[r]! * sign * scalars[scale].value(local),
        ),
      ),
    );
    return H;
  },
  decay({ post, theta }, { terms: chosen }) {
    return new Float64Array(post.length).fill(chosen.includes(3) ? theta[chosen.indexOf(3)]! : 0);
  },
  adjoint(local, { terms: chosen }, dDrive, dDecay, dLocal) {
    forEachProduct(chosen, (r, { sign, scale, left, right }) => {
      const c = scalars[scale].value(local);
      const a = vectors[left].value(local);
      const b = vectors[right].value(local);
      const factor = local.theta[r]! * sign;
      const Gb = times(dDrive, b);
      const aGb = dot(a, Gb);
      dLocal.theta[r]! += sign * c * aGb;
      scalars[scale].adjoint(local, factor * aGb, dLocal);
      vectors[left].adjoint(
        local,
        Gb.map(g => factor * c * g),
        dLocal,
      );
      vectors[right].adjoint(
        local,
        timesTransposed(dDrive, a).map(g => factor * c * g),
        dLocal,
      );
    });
    if (chosen.includes(3))
      dLocal.theta[chosen.indexOf(3)]! += dDecay.reduce((sum, d) => sum + d, 0);
  },
};

/** Calls `each` for every chosen term that is a product, with its place in θ. */
function forEachProduct(
  chosen: readonly number[],
  each: (place: number, term: Term) => void,
): void {
  chosen.forEach((r, place) => {
    const term = POOL[r as keyof typeof POOL];
    if (term !== 'decay') each(place, term);
  });
}
