import { MetaplasticError, type ErrorParts } from '../errors.js';

/** An error about a place of a text, which it shows: the text, and a caret under the column. */
export function errorAt(
  text: string,
  column: number,
  where: string,
  parts: Omit<ErrorParts, 'where'>,
): MetaplasticError {
  return new MetaplasticError({ where, ...parts, column, detail: pointed(text, column) });
}

/** How many characters of a text an error shows, and how many of them before the place. */
const SHOWN = 72;
const BEFORE = 48;

function pointed(text: string, column: number): string {
  const from =
    text.length <= SHOWN ? 0 : Math.max(0, Math.min(column - BEFORE, text.length - SHOWN));
  const start = from > 0 ? '…' : '';
  const end = from + SHOWN < text.length ? '…' : '';
  const line = [...Array(Math.min(SHOWN, text.length - from)).keys()]
    .map(k => printable(text[from + k]!))
    .join('');
  return `${start}${line}${end}\n${' '.repeat(start.length + column - from)}^`;
}

/** One character for one, so that what stands below stands below: spaces, and no strange ones. */
export const printable = (character: string) =>
  /\s/.test(character) ? ' ' : /[!-~¡-ɏͰ-Ͽ‐-‧‰-⁞←-⋿]/.test(character) ? character : '�';
