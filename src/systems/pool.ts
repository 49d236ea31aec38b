/**
 * The plasticity pool (Shervani-Tabar & Rosenbaum 2023, Eqs. 14–23): what each of its terms is made
 * of. F^r = sign · scale · left rightᵀ; but F³ = −W.
 */
export interface Term {
  readonly sign: 1 | -1;
  /** 1, S = Σ post, s = postᵀ W e_below, or q = errorᵀ z. */
  readonly scale: 'one' | 'sumOfPost' | 'postByErrorBelow' | 'errorByDrive';
  readonly left: 'error' | 'post' | 'ones';
  /** `unexplained` is what of pre the layer does not tell back: pre − Wᵀ post. */
  readonly right: 'pre' | 'errorBelow' | 'unexplained';
}

const term = (
  sign: Term['sign'],
  scale: Term['scale'],
  left: Term['left'],
  right: Term['right'],
): Term => ({ sign, scale, left, right });

export const POOL = {
  0: term(-1, 'one', 'error', 'pre'),
  1: term(-1, 'one', 'post', 'errorBelow'),
  2: term(-1, 'one', 'error', 'errorBelow'),
  3: 'decay',
  4: term(-1, 'one', 'ones', 'errorBelow'),
  5: term(-1, 'sumOfPost', 'error', 'pre'),
  6: term(-1, 'postByErrorBelow', 'post', 'errorBelow'),
  7: term(-1, 'postByErrorBelow', 'error', 'pre'),
  8: term(-1, 'errorByDrive', 'post', 'errorBelow'),
  9: term(1, 'one', 'post', 'unexplained'),
} as const satisfies Readonly<Record<number, Term | 'decay'>>;

/** Numbers of the pool's terms F⁰ … F⁹. */
export const TERMS = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
] as const satisfies readonly (keyof typeof POOL)[];

/** What the terms of a system ask of a layer; nothing, if it has none. */
export interface PoolNeeds {
  /** The error of the layer below. */
  readonly errorBelow: boolean;
  /** Products per sample: 1 with the error on the left, 2 with post as well, 3 with ones. */
  readonly rank: 1 | 2 | 3;
  /** v = Wᵀ post. */
  readonly v: boolean;
  /** The sums S, s and q. */
  readonly sums: boolean;
  /** z, of which q is made. */
  readonly z: boolean;
}

export function poolNeeds(terms: readonly number[]): PoolNeeds {
  const products = terms.map(r => POOL[r as keyof typeof POOL]).filter(t => t !== 'decay');
  const some = (holds: (t: Term) => boolean) => products.some(holds);
  const byErrorBelow = (t: Term) => t.scale === 'postByErrorBelow';
  const sums = some(t => t.scale !== 'one');
  return {
    errorBelow: some(t => t.right === 'errorBelow' || byErrorBelow(t)),
    rank: some(t => t.left === 'ones') ? 3 : some(t => t.left === 'post') || sums ? 2 : 1,
    v: some(t => t.right === 'unexplained' || byErrorBelow(t)),
    sums,
    z: some(t => t.scale === 'errorByDrive'),
  };
}
