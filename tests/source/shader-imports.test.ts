import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const IMPORT = /import package::\w+::(?:\{([^}]*)\}|(\w+(?: as \w+)?));/g;

/** Names that a shader imports and never says again. */
function unused(file: string, text: string): string[] {
  const code = text.replaceAll(/\/\/.*/g, '');
  const said = new Set(code.replaceAll(IMPORT, '').match(/\w+/g));
  return [...code.matchAll(IMPORT)]
    .flatMap(([, several, one]) => (several ?? one!).split(','))
    .map(item => item.trim().split(' as ').at(-1)!)
    .filter(name => name !== '' && !said.has(name))
    .map(name => `${file}: ${name}`);
}

test('no shader imports what it does not use', () => {
  const text = 'import package::a::{ b, c as d }; // b\nimport package::e::f;\nfn g() { f(); }';
  expect(unused('x', text)).toEqual(['x: b', 'x: d']);
  const files = readdirSync('shaders', { recursive: true, encoding: 'utf8' });
  const shaders = files.filter(file => file.endsWith('.wgsl'));
  expect(
    shaders.flatMap(file => unused(file, readFileSync(join('shaders', file), 'utf8'))),
  ).toEqual([]);
});
