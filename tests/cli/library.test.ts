import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parseSync } from 'vite';
import { expect, test } from 'vitest';

/** Everything that the built module imports, directly or not: names of packages, as they stand. */
function packagesOf(entry: URL, seen = new Set<string>()): string[] {
  if (seen.has(entry.href)) return [];
  seen.add(entry.href);
  // parsed, because the texts of shaders have imports too
  const path = fileURLToPath(entry);
  const text = readFileSync(path, 'utf8');
  const { staticImports, staticExports, dynamicImports } = parseSync(path, text).module;
  const names = [
    ...[...staticImports, ...staticExports.flatMap(({ entries }) => entries)].map(
      ({ moduleRequest }) => moduleRequest?.value,
    ),
    ...dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1)),
  ].filter(name => name !== undefined);
  return names.flatMap(name =>
    name.startsWith('.') ? packagesOf(new URL(name, entry), seen) : [name],
  );
}

test.each([
  ['index', ['fast-png', 'fflate', 'jpeg-js', 'valibot']],
  ['bench/index', ['valibot']],
])('%s imports nothing of Node, so that it runs in a browser', (entry, more) => {
  expect(
    [...new Set(packagesOf(new URL(`../../dist/${entry}.js`, import.meta.url)))].sort(),
  ).toEqual([...more, 'wesl/core']);
});

test('the file for browsers imports nothing, but for readers of images when they are asked for, and is at most 140 kB to load', () => {
  const file = new URL('../../dist/metaplastic.browser.js', import.meta.url);
  const text = readFileSync(file, 'utf8');
  expect(text).not.toMatch(/^import\b/); // where a bundler puts what it leaves to be imported
  expect([...text.matchAll(/\bimport\([`'"]([^`'"]+)[`'"]\)/g)].map(([, name]) => name)).toEqual([
    './metaplastic.browser.image-data.js',
    './metaplastic.browser.image-data.js',
  ]);
  expect(gzipSync(text, { level: 9 }).length).toBeLessThan(140_000);
});
