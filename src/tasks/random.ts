/**
 * Counter-based random numbers: a hash of (seed, stream, counter), the same in WGSL and TypeScript,
 * so that task i of a seed is the same wherever and whenever it is drawn. The hash is pcg3d
 * (Jarzynski & Olano, "Hash functions for GPU rendering", JCGT 2020).
 */
export function hash(seed: number, stream: number, counter: number): number {
  let x = (Math.imul(seed, 1664525) + 1013904223) | 0;
  let y = (Math.imul(stream, 1664525) + 1013904223) | 0;
  let z = (Math.imul(counter, 1664525) + 1013904223) | 0;
  x = (x + Math.imul(y, z)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  x = (x + Math.imul(y, z)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  return z >>> 0;
}

/** A stream of random numbers: `seed` and `stream` name it, the counter runs inside. */
export interface Random {
  /** Uniform in [0, 1), 24 bits, exact in float32. */
  uniform(): number;
  /** Standard normal (Box–Muller). */
  normal(): number;
  /** Whole number in 0 … n − 1. */
  below(n: number): number;
  /** The items in random order (Fisher–Yates), as a new array. */
  shuffled<T>(items: readonly T[]): T[];
  /**
   * `count` of the items at different positions, in random order, as a new array; `count` ≤
   * items.length.
   */
  chosen<T>(items: readonly T[], count: number): T[];
  /** `count` different numbers of 0 … n − 1, likewise; costs as much as they are, whatever n is. */
  chosenBelow(n: number, count: number): number[];
}

export function random(seed: number, stream: number): Random {
  let counter = 0;
  const uniform = () => (hash(seed, stream, counter++) >>> 8) / 2 ** 24;
  const below = (n: number) => Math.floor(uniform() * n);
  return {
    uniform,
    below,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    shuffled(items) {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [out[i], out[j]] = [out[j]!, out[i]!];
      }
      return out;
    },
    chosen(items, count) {
      // Fisher–Yates from the front, stopped after `count` places.
      const out = [...items];
      for (let i = 0; i < count; i++) {
        const j = i + below(out.length - i);
        [out[i], out[j]] = [out[j]!, out[i]!];
      }
      return out.slice(0, count);
    },
    chosenBelow(n, count) {
      // The same, of a list of which only what has moved is written down.
      const moved = new Map<number, number>();
      return Array.from({ length: count }, (_, i) => {
        const j = i + below(n - i);
        const at = moved.get(j) ?? j;
        moved.set(j, moved.get(i) ?? i);
        return at;
      });
    },
  };
}
