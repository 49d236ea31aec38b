import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode } from 'fast-png';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeSafetensors } from '../../src/runs/safetensors.js';
import { random } from '../../src/tasks/random.js';
import { newFolder, program } from '../cli/command.js';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const GUIDES = file('docs/guides');
/** Inside the package, so that programs can import it by name. */
const HERE = file(`dist/guides-${process.pid}`);

beforeAll(() => cpSync(GUIDES, HERE, { recursive: true }));
afterAll(() => rmSync(HERE, { recursive: true, force: true }));

/** The program of a guide to its end; what it printed. */
function run(name: string, ...args: string[]): string {
  const { status, out, err } = program(join(HERE, `${name}.mjs`), args);
  expect(err).toBe('');
  expect(status).toBe(0);
  return out;
}

/** The last number that a line beginning so has. */
function numberAfter(out: string, words: string): number {
  const line = out.split('\n').find(line => line.startsWith(words))!;
  return Number(/(-?\d[\d.e+-]*)\D*$/.exec(line)![1]);
}

test('every program is on the page of its name, and every guide has one', () => {
  const named = (end: string) =>
    readdirSync(GUIDES)
      .filter(name => name.endsWith(end))
      .map(name => name.slice(0, -end.length));
  for (const name of named('.mjs'))
    expect(readFileSync(join(GUIDES, `${name}.md`), 'utf8')).toContain(`<<< ./${name}.mjs`);
  expect(named('.mjs')).toEqual(named('.md'));
});

test('a task of your own is learned', () => {
  const out = run('task');
  expect(numberAfter(out, 'accuracy before and after 12 examples')).toBeGreaterThan(0.75);
});

test('a rule of your own is meta-trained', () => {
  const out = run('rule');
  expect(out).toContain('tiring reads pre, post – it is told post');
  expect(numberAfter(out, '30')).toBeLessThan(numberAfter(out, '0'));
});

test('your own images are learned, by classes that were never seen', () => {
  const folder = newFolder();
  drawImages(folder);
  const out = run('images', folder);
  expect(out).toContain('192 images of 32 classes');
  expect(numberAfter(out, 'accuracy on unseen classes')).toBeGreaterThan(0.7);
});

test('a life goes on, and so does meta-training', () => {
  const out = run('life', join(newFolder(), 'learner.safetensors'));
  expect(out).toContain('networks 4 asked 2 times');
  expect(out).toContain('the same to the bit: true');
});

test('a meta-training is watched, and its best learner taken', () => {
  const out = run('validate');
  expect(out).toMatch(/^best validation [\d.]+ after meta-step \d0$/m);
  expect(numberAfter(out, 'on other tasks')).toBeGreaterThan(0);
});

test('adjoints differ in memory, not in what they say', () => {
  const out = run('adjoint');
  expect(numberAfter(out, 'reverse  ')).toBeLessThan(numberAfter(out, 'store'));
  expect(out).not.toContain('fell back');
  for (const adjoint of ['checkpoint differs', 'reverse differs'])
    expect(numberAfter(out, adjoint)).toBeLessThan(1e-5);
  expect(out).toMatch(/^GPU memory +\d+ MiB$/m);
});

test('a report is read from its files', () => {
  const folder = newFolder();
  const out = run('report', folder);
  expect(numberAfter(out, 'meta-steps')).toBe(20);
  expect(out).toMatch(/^FLP, meta-learned: \d/m);
});

test('a network is looked at from inside', () => {
  const out = run('metrics');
  expect(out).toMatch(/^layer 3: angle of B and Wᵀ \d+° → \d+° → \d+°$/m);
  expect(numberAfter(out, 'an example helps itself')).toBeGreaterThan(0);
});

test('a sweep is one meta-batch', () => {
  const out = run('sweep');
  expect(out.match(/^eta .*: median loss \d/gm)).toHaveLength(8);
  expect(numberAfter(out, 'eta 0.03')).toBeLessThan(numberAfter(out, 'eta 0:'));
});

test('a device may be of somebody else', () => {
  expect(run('device')).toBe(
    'a meta-step on a device of somebody else: true\nnumbers in a buffer of theirs: 10\n',
  );
});

test('the library works in a worker', () => {
  expect(run('worker')).toContain('done after 3 meta-steps');
});

test('weights come from PyTorch, and go back', () => {
  const path = join(newFolder(), 'net.safetensors');
  const tensor = (name: string, ...shape: number[]) => ({
    name,
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
  });
  const theirs = [
    tensor('0.weight', 8, 1),
    tensor('0.bias', 8),
    tensor('2.weight', 1, 8),
    tensor('2.bias', 1),
  ];
  writeFileSync(path, writeSafetensors(theirs, {}));
  expect(run('pytorch', path)).toContain('wrote 0.weight (8, 1), 0.bias (8), 2.weight (1, 8)');
});

/** 32 classes of 6 images: a pattern of 4 × 4 patches each, with noise. */
function drawImages(folder: string): void {
  const [patches, size] = [4, 16];
  for (let c = 0; c < 32; c++) {
    const draw = random(1, c);
    const pattern = Array.from({ length: patches ** 2 }, () => 40 + 180 * draw.below(2));
    mkdirSync(join(folder, `kind-${c}`));
    for (let k = 0; k < 6; k++) {
      const data = Uint8Array.from({ length: size ** 2 }, (_, i) => {
        const [x, y] = [i % size, Math.floor(i / size)];
        const patch = Math.floor(y / patches) * patches + Math.floor(x / patches);
        return Math.min(255, Math.max(0, pattern[patch]! + 120 * (draw.uniform() - 0.5)));
      });
      const png = encode({ width: size, height: size, data, channels: 1, depth: 8 });
      writeFileSync(join(folder, `kind-${c}`, `${k}.png`), png);
    }
  }
}
