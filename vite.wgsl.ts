import { readdirSync, readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

/** Turns `*.wgsl` into strings, so that shaders travel inside the ESM files; for the browser's one file without comments, with short names, and without spaces where none is needed. */
export function wgsl({ terse = false } = {}): Plugin {
  const imported = terse ? namesImported() : new Set<string>();
  return {
    name: 'wgsl',
    transform(code, id) {
      return id.endsWith('.wgsl') ? { code: `export default ${JSON.stringify(terse ? withoutSpaces(withShortNames(withoutComments(code), imported)) : code)}`, map: null } : undefined;
    },
  };
}

const withoutComments = (code: string) => code.replaceAll(/\/\/.*$/gm, '');
const withoutSpaces = (code: string) => code.replaceAll(/^\s+|[ \t]+$/gm, '').replaceAll(/ *([-,;:{}()+*/%&|?<>=!]+) */g, '$1').replaceAll(/([;{}])\n+/g, '$1');

/** Names that some shader imports from another, which must stay. */
function namesImported(): Set<string> {
  const folder = new URL('shaders/', import.meta.url), files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.wgsl'));
  return new Set(files.flatMap(file => [...readFileSync(new URL(file, folder), 'utf8').matchAll(/import [^;]*;/g)].flatMap(([line]) => line.match(/\w+/g)!)));
}

/** What nobody else can see – parameters, variables, functions and constants of this shader alone – is called by a letter or two, the most frequent first. Bindings, entry points and members keep their names. */
function withShortNames(code: string, imported: ReadonlySet<string>): string {
  const words = code.match(/\b[A-Za-z_]\w*/g)!, used = new Set(words), all = (pattern: RegExp) => [...code.matchAll(pattern)].map(([, name]) => name!);
  const parameters = [...code.matchAll(/^fn \w+\((.*?)\)(?: ->| \{)/gm)].flatMap(([, list]) => [...list!.matchAll(/(\w+):/g)].map(([, name]) => name!));
  const kept = new Set([...imported, ...all(/@(\w+)/g), ...all(/@compute[^{]*?fn (\w+)/g), ...all(/var<[^>]*> *(\w+)/g), ...all(/\.(\w+)/g)]);
  const own = [...new Set([...parameters, ...all(/\b(?:let|var) +(\w+)/g), ...all(/^(?:fn|const|struct) +(\w+)/gm)])].filter(name => name.length > 1 && !kept.has(name));
  const count = (name: string) => words.filter(word => word === name).length, letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const free = [...letters, ...letters.flatMap(b => letters.map(a => a + b))].filter(name => !used.has(name) && !['as', 'do', 'fn', 'if', 'is', 'of'].includes(name));
  const short = new Map(own.toSorted((a, b) => count(b) - count(a)).map((name, k) => [name, free[k]!]));
  return code.replaceAll(/\b[A-Za-z_]\w*/g, word => short.get(word) ?? word);
}
