import { random } from '../../src/tasks/random.js';

/** One value of every axis. */
export type Row<A extends Record<string, readonly unknown[]>> = { readonly [K in keyof A]: A[K][number] };

/**
 * Rows in which any two values of any two axes meet at least once: far fewer than the full product, and most mistakes are made by one or
 * two settings together. Greedy and always the same: each row begins with a pair not yet met, and takes of every other axis what meets the most that is new.
 */
export function everyPair<const A extends Record<string, readonly unknown[]>>(axes: A): Row<A>[] {
  const sizes = Object.values(axes).map(values => values.length), count = sizes.length;
  const name = (a: number, i: number, b: number, j: number) => (a < b ? `${a}.${i} ${b}.${j}` : `${b}.${j} ${a}.${i}`);
  const open = new Map<string, readonly [a: number, i: number, b: number, j: number]>();
  for (let a = 0; a < count; a++) for (let b = a + 1; b < count; b++) for (let i = 0; i < sizes[a]!; i++) for (let j = 0; j < sizes[b]!; j++) open.set(name(a, i, b, j), [a, i, b, j]);

  const rows: number[][] = [];
  while (open.size) {
    const row: number[] = [], [a, i, b, j] = open.values().next().value!;
    row[a] = i;
    row[b] = j;
    for (let c = 0; c < count; c++) {
      if (row[c] !== undefined) continue;
      const news = Array.from({ length: sizes[c]! }, (_, k) => row.filter((v, d) => v !== undefined && open.has(name(c, k, d, v))).length);
      // Of equals any, so that no two axes go hand in hand.
      row[c] = random(rows.length, c).shuffled([...news.keys()]).reduce((best, k) => (news[k]! > news[best]! ? k : best));
    }
    row.forEach((v, c) => row.forEach((w, d) => { if (c < d) open.delete(name(c, v, d, w)); }));
    rows.push(row);
  }
  const keys = Object.keys(axes);
  return rows.map(row => Object.fromEntries(row.map((v, c) => [keys[c]!, axes[keys[c]!]![v]])) as Row<A>);
}
