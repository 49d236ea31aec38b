import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Everything that the built module imports, directly or not: names of packages, as they stand. */
function packagesOf(entry: URL, seen = new Set<string>()): string[] {
  if (seen.has(entry.href)) return [];
  seen.add(entry.href);
  const names = [...readFileSync(fileURLToPath(entry), 'utf8').matchAll(/^(?:import|export)[^'"]*?['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm)].map(([, from, lazy]) => (from ?? lazy)!);
  return names.flatMap(name => name.startsWith('.') ? packagesOf(new URL(name, entry), seen) : [name]);
}

test.each([
  ['index', ['fast-png', 'fflate']],
  ['bench/index', []],
])('%s imports nothing of Node, so that it runs in a browser', (entry, more) => {
  expect([...new Set(packagesOf(new URL(`../../dist/${entry}.js`, import.meta.url)))].sort()).toEqual([...more, 'wesl/core', 'wgsl_reflect/wgsl_reflect.module.js']);
});
