import { readdirSync, readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

/**
 * Turns `*.wgsl` into strings, so that shaders travel inside the ESM files; for the browser's one
 * file without comments, with short names, and without spaces where none is needed.
 */
export function wgsl({ terse = false } = {}): Plugin {
  const short = terse ? shortNames() : new Map<string, string>();
  const shortened = (code: string, id: string) =>
    id.includes('/shaders/') ? code.replaceAll(WORD, word => short.get(word) ?? word) : code;
  return {
    name: 'wgsl',
    transform(code, id) {
      return id.endsWith('.wgsl')
        ? {
            code: `export default ${JSON.stringify(terse ? withoutSpaces(shortened(withoutComments(code), id)) : code)}`,
            map: null,
          }
        : undefined;
    },
  };
}

const withoutComments = (code: string) => code.replaceAll(/\/\/.*$/gm, '');
const withoutSpaces = (code: string) =>
  code
    .replaceAll(/^\s+|[ \t]+$/gm, '')
    .replaceAll(/ *([-,;:{}()+*/%&|?<>=!]+) */g, '$1')
    .replaceAll(/([;{}])\n+/g, '$1');

const WORD = /\b[A-Za-z_]\w*/g;

/**
 * What parameters, variables, functions, constants and structs of all shaders are called instead: a
 * letter or two, the most frequent first, the same in every shader, because what is alike is
 * compressed well.
 * Attributes, entry points, bindings, members, modules and whatever modules made at run time name
 * keep their names, as do those of rules, which somebody may write by hand; and `team_barrier`, by
 * which tests know a barrier.
 */
function shortNames(): Map<string, string> {
  const folder = new URL('shaders/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file =>
    file.endsWith('.wgsl'),
  );
  const code = files
    .map(file => withoutComments(readFileSync(new URL(file, folder), 'utf8')))
    .join('\n');
  const all = (pattern: RegExp, of = code) => [...of.matchAll(pattern)].map(([, name]) => name!);
  const madeAtRunTime = ['equation.ts', 'equation-places.ts'].map(file =>
    readFileSync(new URL(`src/gpu/${file}`, import.meta.url), 'utf8'),
  );
  const rules = files
    .filter(file => file.startsWith('rules/'))
    .map(file => withoutComments(readFileSync(new URL(file, folder), 'utf8')));
  const count = new Map<string, number>();
  for (const [word] of code.matchAll(WORD)) count.set(word, (count.get(word) ?? 0) + 1);
  const kept = new Set([
    'team_barrier',
    ...all(/@(\w+)/g),
    ...all(/@compute[^{]*?fn (\w+)/g),
    ...all(/\bfn (\w+_)\(/g),
    ...all(/var<[^>]*> *(\w+)/g),
    ...all(/\.(\w+)/g),
    ...all(/package::(\w+)/g),
    ...madeAtRunTime.flatMap(text => all(/\b([A-Za-z_]\w*)/g, text)),
    ...rules.flatMap(text => all(/^fn (\w+)/gm, text)),
    ...rules.flatMap(text => all(/^import ([^;]*);/gm, text)).flatMap(text => all(/(\w+)/g, text)),
  ]);
  const parameters = all(/^fn \w+\((.*?)\)(?: ->| \{)/gm).flatMap(list => all(/(\w+):/g, list));
  const names = [
    ...new Set([
      ...parameters,
      ...all(/\b(?:let|var) +(\w+)/g),
      ...all(/^(?:fn|const|struct) +(\w+)/gm),
    ]),
  ]
    .filter(name => name.length > 1 && !kept.has(name))
    .toSorted((a, b) => count.get(b)! - count.get(a)!);
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const starts = [...letters, ...letters.map(letter => letter.toUpperCase())];
  const free = [...starts, ...starts.flatMap(a => letters.map(b => a + b))].filter(
    name => !count.has(name) && !['as', 'do', 'fn', 'if', 'is', 'of'].includes(name),
  );
  return new Map(names.map((name, k) => [name, free[k]!]));
}
