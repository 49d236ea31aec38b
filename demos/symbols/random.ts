/** A stream of random numbers: the same two numbers name the same stream. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal (Box–Muller). */
  normal(): number;
  /** Whole number in 0 … n − 1. */
  below(n: number): number;
  /** The items in random order, as a new array. */
  shuffled<T>(items: readonly T[]): T[];
  /** `count` of the items at different positions, in random order, as a new array. */
  chosen<T>(items: readonly T[], count: number): T[];
}

export function random(seed: number, stream: number): Random {
  let counter = 0;
  const uniform = () => (pcg3d(seed, stream, counter++) >>> 8) / 2 ** 24;
  const below = (n: number) => Math.floor(uniform() * n);
  return {
    uniform,
    below,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    shuffled(items) {
      const rest = [...items];
      for (let i = rest.length - 1; i > 0; i--) swap(rest, i, below(i + 1));
      return rest;
    },
    chosen(items, count) {
      const rest = [...items];
      for (let i = 0; i < count; i++) swap(rest, i, i + below(rest.length - i));
      return rest.slice(0, count);
    },
  };
}

function swap<T>(items: T[], i: number, j: number): void {
  [items[i], items[j]] = [items[j]!, items[i]!];
}

/** Jarzynski & Olano, "Hash functions for GPU rendering", JCGT 2020. */
function pcg3d(...numbers: readonly [number, number, number]): number {
  const scrambled = numbers.map(n => (Math.imul(n, 1664525) + 1013904223) | 0);
  const mixed = mix(scrambled).map(n => n ^ (n >>> 16));
  return mix(mixed)[2]!;
}

function mix([x = 0, y = 0, z = 0]: readonly number[]): number[] {
  const a = x + Math.imul(y, z);
  const b = y + Math.imul(z, a);
  const c = z + Math.imul(a, b);
  return [a | 0, b | 0, c | 0];
}
