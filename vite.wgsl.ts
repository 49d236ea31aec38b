import { readdirSync, readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import {
  parseSrcModule,
  throwOnParseError,
  visitAst,
  type HasAttributes,
  type ImportElem,
  type ImportStatement,
} from 'wesl/core';

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
            code: `export default ${JSON.stringify(terse ? terseOf(shortened(withoutComments(code), id)) : code)}`,
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
    .replaceAll(/([,;{}])\n+/g, '$1');

const terseOf = (code: string) => inOneImport(withoutSpaces(code));

/**
 * Imports that follow each other as one; but for that of a sweep's visitor, in whose place the
 * linker puts the name of a module.
 */
const inOneImport = (code: string) =>
  code.replaceAll(/(?:import package::(?!visitor)[^;]+;){2,}/g, imports => {
    const modules = [...imports.matchAll(/import package::([^;]+);/g)].map(([, module]) => module);
    return `import package::{${modules.join(',')}};`;
  });

const WORD = /\b[A-Za-z_]\w*/g;

/**
 * What parameters, variables, functions, constants, structs and their members of all shaders are
 * called instead: a letter or two, the most frequent first, the same in every shader, because what
 * is alike is compressed well. Entry points and bindings keep their names, as does whatever else a
 * word stands for somewhere: attributes, modules, numbers of a vector; what modules that are made at
 * run time name, and what rules do, which somebody may write by hand; and `team_barrier`, by which
 * tests know a barrier.
 */
function shortNames(): Map<string, string> {
  const folder = new URL('shaders/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file =>
    file.endsWith('.wgsl'),
  );
  const declared = new Set<string>();
  const members = new Set<string>();
  const kept = new Set(['team_barrier', ...MADE_AT_RUN_TIME.flatMap(wordsIn)]);
  const count = new Map<string, number>();
  for (const file of files) {
    const src = withoutComments(readFileSync(new URL(file, folder), 'utf8'));
    const tree = parseSrcModule({ modulePath: 'package::shader', debugFilePath: file, src });
    throwOnParseError(tree);
    const places = new Set<number>();
    const imports: ImportElem[] = [];
    // What the host writes keeps its names.
    const uniforms = new Set([...src.matchAll(/var<uniform> \w+: (\w+)/g)].map(([, type]) => type));
    visitAst(tree.moduleElem, elem => {
      if (elem.kind === 'decl' || elem.kind === 'ref') places.add(elem.start);
      if (elem.kind === 'decl') declared.add(elem.ident.originalName);
      if (elem.kind === 'struct' && !uniforms.has(elem.name.ident.originalName))
        for (const { name } of elem.members.filter(({ name }) => !SWIZZLE.test(name.name))) {
          members.add(name.name);
          places.add(name.start);
        }
      if (elem.kind === 'gvar') kept.add(elem.name.decl.ident.originalName);
      if (elem.kind === 'fn' && isEntryPoint(elem)) kept.add(elem.name.ident.originalName);
      if (elem.kind === 'import') imports.push(elem);
    });
    if (file.startsWith('rules/')) for (const word of src.match(WORD) ?? []) kept.add(word);
    for (const module of tree.imports.flatMap(modulesOf)) kept.add(module);
    const isName = (at: number) =>
      places.has(at) ||
      src[at - 1] === '.' ||
      imports.some(({ start, end }) => start <= at && at < end);
    for (const { 0: word, index } of src.matchAll(WORD)) {
      count.set(word, (count.get(word) ?? 0) + 1);
      if (!isName(index) || word.endsWith('_')) kept.add(word);
    }
  }
  const names = [...new Set([...declared, ...members])]
    .filter(name => name.length > 1 && !kept.has(name))
    .toSorted((a, b) => count.get(b)! - count.get(a)!);
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const starts = [...letters, ...letters.map(letter => letter.toUpperCase())];
  const free = [...starts, ...starts.flatMap(a => letters.map(b => a + b))].filter(
    name =>
      !count.has(name) &&
      !SWIZZLE.test(name) &&
      !['as', 'do', 'fn', 'if', 'is', 'of'].includes(name),
  );
  return new Map(names.map((name, k) => [name, free[k]!]));
}

/** Words that take numbers out of a vector. */
const SWIZZLE = /^[xyzwrgba]{1,4}$/;

/**
 * What makes modules of a written rule. Every word there is kept: it must not say `block`, which the
 * parser of the tests takes for a keyword.
 */
const MADE_AT_RUN_TIME = ['src/gpu/equation.ts', 'src/gpu/equation-places.ts', 'src/rules/wgsl.ts'];
const wordsIn = (file: string) =>
  withoutComments(readFileSync(new URL(file, import.meta.url), 'utf8'))
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .match(WORD)!;

const isEntryPoint = ({ attributes = [] }: HasAttributes) =>
  attributes.some(({ attribute }) => 'name' in attribute && attribute.name === 'compute');

/** The modules on the way of an import. */
const modulesOf = ({ segments, finalSegment }: ImportStatement): readonly string[] => [
  ...segments.map(({ name }) => name),
  ...('subtrees' in finalSegment ? finalSegment.subtrees.flatMap(modulesOf) : []),
];
