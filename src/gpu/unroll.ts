/**
 * Names of the module `shape` that bound the loops to unroll: over layers that such columns or
 * turns are in, and over the columns of a lane of a grid; and over its turns, where it holds its
 * synapses.
 */
const TURNS = ['COLUMN_TURNS', 'PRODUCT_TURNS', 'TILE_TURNS'];
const BOUNDS = ['DEPTH', 'COLUMNS', 'PRODUCT_COLUMNS', ...TURNS];

const CONSTANT = new RegExp(
  `const (${BOUNDS.join('|')}) *= *(?:array<u32, *\\d+>)?\\(?([\\du, ]+)\\)?;`,
  'g',
);
const LET = new RegExp(`let (\\w+) *= *(${BOUNDS.join('|')})\\[(\\w+)( *- *1u)?\\];`, 'g');
/** `for (var x = 0u; x < bound; x++) {`, or `for (var x = bound; x > 0u; x--) {`. */
const LOOP = /for *\(var (\w+) *= *(\w+); *\1 *([<>]) *(\w+); *\1(?:\+\+|--)\) *\{/;

/**
 * Linked WGSL with these loops written out, the counter a constant in each copy, so that indices
 * made of counters are constants: arrays that are only indexed so can lie in registers.
 * Compilers unroll short loops, but not over a whole layer's work; and a table's entry may be no
 * constant to them.
 */
export function unroll(code: string, { turns }: { readonly turns: boolean }): string {
  const tables = new Map(
    [...code.matchAll(CONSTANT)]
      .filter(([, name]) => turns || !TURNS.includes(name!))
      .map(([, name, numbers]) => [name!, numbers!.split(',').map(parseFloat)]),
  );

  /** `known`: counters and bounds that are constants in this piece of code. */
  function written(piece: string, known: ReadonlyMap<string, number>): string {
    const here = new Map(known);
    for (const [, name, table, index, below] of piece.matchAll(LET))
      if (known.has(index!) && tables.has(table!))
        here.set(name!, tables.get(table!)![known.get(index!)! - (below ? 1 : 0)]!);
    const loop = LOOP.exec(piece);
    if (!loop) return piece;
    const [header, counter, from, sign, to] = loop;
    const start = loop.index + header.length;
    const end = endOfBlock(piece, start);
    const body = piece.slice(start, end);
    const bound = here.get(sign === '<' ? to! : from!);
    const after = written(piece.slice(end), here);
    if (
      bound === undefined ||
      (sign === '<' ? from : to) !== '0u' ||
      ((to === 'DEPTH' || from === 'DEPTH') && body.search(LET) < 0)
    )
      return piece.slice(0, start) + written(body, here) + after;
    const values = Array.from({ length: bound }, (_, k) => (sign === '<' ? k : bound - k));
    // What a turn skips with `continue` it skips in a loop of one turn.
    const opening = /\bcontinue\b/.test(body) ? 'for (var once = true; once; once = false) {' : '{';
    return (
      piece.slice(0, loop.index) +
      values
        .map(
          value =>
            `${opening} const ${counter} = ${value}u; ${written(body, new Map([...here, [counter!, value]]))}}`,
        )
        .join(' ') +
      after.slice(1)
    );
  }
  return written(code, new Map([['DEPTH', tables.get('DEPTH')![0]!]]));
}

/** Where the block ends that begins before `start`: at its closing brace. */
function endOfBlock(code: string, start: number): number {
  let open = 1,
    at = start;
  for (; open > 0; at++) open += code[at] === '{' ? 1 : code[at] === '}' ? -1 : 0;
  return at - 1;
}
