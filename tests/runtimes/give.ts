import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll } from 'vitest';
import { wgsl } from '../../vite.wgsl.js';
import { root } from './present.js';

/**
 * A folder within the package, so that its files can import the package by name, with `subject.js`
 * in it: there before the tests of the suite, gone after. Returns its path, relative to the
 * project's folder.
 */
export function useGiven(name: string): string {
  const given = `dist/${name}-${process.pid}`;
  beforeAll(async () => {
    mkdirSync(join(root, given), { recursive: true });
    write(given, 'tsconfig.json', '{}'); // else Bun follows the project's paths to the sources
    await build({
      root,
      configFile: false,
      plugins: [wgsl()],
      logLevel: 'error',
      build: {
        target: 'es2023',
        minify: false,
        sourcemap: false,
        outDir: given,
        emptyOutDir: false,
        lib: { entry: 'tests/runtimes/subject.ts', formats: ['es'], fileName: () => 'subject.js' },
      },
    });
  });
  afterAll(() => rmSync(join(root, given), { recursive: true, force: true }));
  return given;
}

/** Writes a file into what is given, and returns its path. */
export function write(given: string, file: string, text: string): string {
  const path = join(root, given, file);
  writeFileSync(path, text);
  return path;
}

/**
 * README's program, but for the number of meta-steps; with the runtime's own WebGPU, if so, as the
 * comment in it says.
 */
export function readmeProgram({ own = false } = {}): string {
  const code = /```js\n(.*?)```/s
    .exec(readFileSync(join(root, 'README.md'), 'utf8'))![1]!
    .replace('m < 1000', 'm < 2');
  return own
    ? code
        .replace(/^import \{ openNodeGpu \}.*$/m, "import { openGpu } from 'metaplastic';")
        .replace('openNodeGpu()', 'openGpu()')
    : code;
}

/** The first loss that README's program prints. */
export const firstLoss = (out: string): number => Number(/^0 (\d+\.\d+)$/m.exec(out)?.[1]);

/** How far a runtime's first loss may lie from Node's, relative: plans may differ, and so rounding. */
export const TOLERANCE = 1e-5;

/**
 * Problems of `check` that every runtime is asked: every kind of kernel. The compilers see every
 * module, and one of them is in several runtimes, so a few numbers are enough.
 */
export const ASKED = [
  'rule pool, feedback chained',
  'images through an encoder',
  '32 lanes in rows and columns, reverse',
  'chunks and segments, checkpoint',
];

/** More, for one runtime of each compiler. */
export const MORE = [...ASKED, '4 lanes, 2 tasks a workgroup', 'Adam, 3 meta-steps, clipped'];
