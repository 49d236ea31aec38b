import { random } from '../../src/tasks/random.js';

type Axes = Readonly<Record<string, readonly unknown[]>>;

/** One value of every axis. */
export type Row<A extends Axes> = { readonly [K in keyof A]: A[K][number] };

/**
 * Rows in which any two values of any two axes meet at least once, if they can go together: far
 * fewer than the full product, and most mistakes are made by one or
 * two settings together. Greedy and always the same: each row begins with a pair not yet met, and
 * takes of every other axis what meets the most that is new.
 * Every axis has a value that goes with all others.
 */
export function everyPair<const A extends Axes>(
  axes: A,
  goTogether: (pair: Partial<Row<A>>) => boolean,
): Row<A>[] {
  const keys = Object.keys(axes);
  const values = Object.values(axes);
  const count = keys.length;
  const name = (a: number, i: number, b: number, j: number) =>
    a < b ? `${a}.${i} ${b}.${j}` : `${b}.${j} ${a}.${i}`;
  const open = new Map<string, readonly [a: number, i: number, b: number, j: number]>();
  const apart = new Set<string>();
  for (let a = 0; a < count; a++)
    for (let b = a + 1; b < count; b++)
      for (const i of values[a]!.keys())
        for (const j of values[b]!.keys()) {
          if (
            goTogether({ [keys[a]!]: values[a]![i], [keys[b]!]: values[b]![j] } as Partial<Row<A>>)
          )
            open.set(name(a, i, b, j), [a, i, b, j]);
          else apart.add(name(a, i, b, j));
        }

  const rows: number[][] = [];
  while (open.size) {
    const row: number[] = [];
    const [a, i, b, j] = open.values().next().value!;
    row[a] = i;
    row[b] = j;
    for (let c = 0; c < count; c++) {
      if (row[c] !== undefined) continue;
      const pairs = (k: number) =>
        row.flatMap((v, d) => (v === undefined ? [] : [name(c, k, d, v)]));
      const news = (k: number) => pairs(k).filter(pair => open.has(pair)).length;
      // Of equals any, so that no two axes go hand in hand.
      const shuffled = random(rows.length, c)
        .shuffled([...values[c]!.keys()])
        .filter(k => !pairs(k).some(pair => apart.has(pair)));
      row[c] = shuffled.reduce((best, k) => (news(k) > news(best) ? k : best));
    }
    row.forEach((v, c) =>
      row.forEach((w, d) => {
        if (c < d) open.delete(name(c, v, d, w));
      }),
    );
    rows.push(row);
  }
  return rows.map(
    row => Object.fromEntries(row.map((v, c) => [keys[c]!, values[c]![v]])) as Row<A>,
  );
}
