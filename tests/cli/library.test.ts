import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

/** Everything that the built module imports, directly or not: names of packages, as they stand. */
function packagesOf(entry: URL, seen = new Set<string>()): string[] {
  if (seen.has(entry.href)) return [];
  seen.add(entry.href);
  const names = [
    ...readFileSync(fileURLToPath(entry), 'utf8').matchAll(
      /^(?:import|export)[^'"]*?['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm,
    ),
  ].map(([, from, lazy]) => (from ?? lazy)!);
  return names.flatMap(name =>
    name.startsWith('.') ? packagesOf(new URL(name, entry), seen) : [name],
  );
}

test.each([
  ['index', ['fast-png', 'fflate', 'valibot']],
  ['bench/index', ['valibot']],
])('%s imports nothing of Node, so that it runs in a browser', (entry, more) => {
  expect(
    [...new Set(packagesOf(new URL(`../../dist/${entry}.js`, import.meta.url)))].sort(),
  ).toEqual([...more, 'wesl/core']);
});

test('the file for browsers imports nothing, but for a reader of PNG when it is asked for, and is at most 140 kB to load', () => {
  const file = new URL('../../dist/metaplastic.browser.js', import.meta.url);
  const text = readFileSync(file, 'utf8');
  expect(text).not.toMatch(/^import\b/); // where a bundler puts what it leaves to be imported
  expect([...text.matchAll(/\bimport\([`'"]([^`'"]+)[`'"]\)/g)].map(([, name]) => name)).toEqual([
    './metaplastic.browser.omniglot.js',
  ]);
  expect(gzipSync(text, { level: 9 }).length).toBeLessThan(140_000);
});
