import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { expect, test } from 'vitest';
import { greatest, least } from '../../src/extremes.js';

/** Calls whose arguments are one number or item each: what is spread into them is data. */
const TAKE_ITEMS = ['min', 'max', 'hypot', 'push', 'unshift', 'splice', 'concat', 'of'];
const TAKE_CODES = ['fromCharCode', 'fromCodePoint'];

/** Calls in a program that spread something into their arguments where items are taken. */
function spreads(file: string, text: string): string[] {
  const { program } = parseSync(file, text);
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    const { type, callee, start, end } = node as Record<string, never>;
    const called = (callee as { property?: { name?: string } } | undefined)?.property?.name ?? '';
    const args = (node as { arguments?: { type: string }[] }).arguments ?? [];
    if (
      type === 'CallExpression' &&
      [...TAKE_ITEMS, ...TAKE_CODES].includes(called) &&
      args.some(a => a.type === 'SpreadElement')
    )
      found.push(`${file}: ${text.slice(start, end)}`);
    Object.values(node).forEach(visit);
  };
  visit(program);
  return found;
}

const sources = ['src', 'demos'].flatMap(folder =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.[jt]s$/.test(name) && !name.endsWith('.d.ts'))
    .map(name => join(folder, name)),
);

test('no program spreads data into arguments, of which a call takes some 120,000', () => {
  expect(spreads('x.ts', 'log.push(...lines); Math.max(0, ...xs)')).toHaveLength(2);
  expect(sources.flatMap(file => spreads(file, readFileSync(file, 'utf8')))).toEqual([]);
});
test('extremes are those of Math.min and Math.max, of a million numbers too', () => {
  const cases = [[], [3, -1, 2], [1, NaN, 2], [-0, 0], [Infinity, 1]];
  expect(cases.map(c => [least(c), greatest(c)])).toEqual(
    cases.map(c => [Math.min(...c), Math.max(...c)]),
  );
  const many = Float32Array.from({ length: 1e6 }, (_, i) => i);
  expect([least(many), greatest(many)]).toEqual([0, 999_999]);
});
