import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const LONGEST_LINE = 100;
const LONGEST_FUNCTION = 50;
const DEEPEST = 4;

interface Shape {
  readonly name: string;
  readonly lines: number;
  /** Levels of braces, the body's own included. */
  readonly depth: number;
}

/** The functions of a shader, from `fn` to their last brace. */
function functionsOf(text: string): Shape[] {
  const code = text.replace(/\/\/.*/g, '');
  return [...code.matchAll(/\bfn (\w+)/g)].map(({ index, 1: name }) => {
    let end = code.indexOf('{', index);
    let depth = 0;
    let deepest = 0;
    do {
      if (code[end] === '{') deepest = Math.max(deepest, ++depth);
      if (code[end] === '}') depth--;
      end++;
    } while (depth > 0 && end < code.length);
    return { name: name!, lines: code.slice(index, end).split('\n').length, depth: deepest };
  });
}

const longLines = (text: string) =>
  text.split('\n').filter(line => [...line].length > LONGEST_LINE);
const tooLong = (text: string) => functionsOf(text).filter(f => f.lines > LONGEST_FUNCTION);
const tooDeep = (text: string) => functionsOf(text).filter(f => f.depth > DEEPEST);

const shaders = ['shaders', 'src'].flatMap(folder =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.wgsl'))
    .map(name => join(folder, name)),
);
/** What `of` finds in each shader that it finds something in. */
const inShaders = (of: (text: string) => unknown[]) =>
  Object.fromEntries(
    shaders
      .map(file => [file, of(readFileSync(file, 'utf8'))] as const)
      .filter(([, found]) => found.length > 0),
  );

describe('shaders', () => {
  test('have no line of more than 100 characters', () => {
    expect(longLines(`// ${'Σ'.repeat(97)}\n// ${'Σ'.repeat(98)}`)).toHaveLength(1);
    expect(inShaders(longLines)).toEqual({});
  });

  test('have no function of more than 50 lines', () => {
    const body = (lines: number) => `fn f(x: f32) {\n${'  let y = x;\n'.repeat(lines - 2)}}`;
    expect([50, 51].map(lines => tooLong(body(lines)).length)).toEqual([0, 1]);
    expect(inShaders(tooLong)).toEqual({});
  });

  test('have no function of more than four levels of braces', () => {
    const nested = (levels: number) => `fn f() ${'{ '.repeat(levels)}${'} '.repeat(levels)}`;
    expect([4, 5].map(levels => tooDeep(nested(levels)).length)).toEqual([0, 1]);
    expect(inShaders(tooDeep)).toEqual({});
  });
});
