import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpack } from '../../src/node/unpack.js';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Where packages of other runtimes lie, if somebody has installed them. */
export const PACKAGES = join(folder, 'node_modules');

const FROM_NPM = 'npm ci --prefix tests/runtimes';
const RUNTIMES = {
  deno: { names: ['deno'], install: FROM_NPM },
  bun: { names: ['bun'], install: FROM_NPM },
  firefox: {
    names: ['firefox-esr', 'firefox'],
    install: `apt-get install firefox-esr, and ${FROM_NPM} for what steers it`,
  },
} as const;
type Runtime = keyof typeof RUNTIMES;

/** What to say where a runtime is absent. */
export const absence = (runtime: Runtime): string =>
  `${runtime} is absent, so its tests are skipped; to run them: ${RUNTIMES[runtime].install}`;

/**
 * The program of a runtime, from the packages of this folder or by the PATH; undefined, and said so,
 * if it is absent, which is an error with METAPLASTIC_RUNTIMES=all, as `.ci/run` has it.
 */
export function find(runtime: Runtime): string | undefined {
  const places = [join(PACKAGES, '.bin'), ...process.env['PATH']!.split(delimiter)];
  const path = RUNTIMES[runtime].names
    .flatMap(name => places.map(place => join(place, name)))
    .find(candidate => existsSync(candidate));
  const steered = runtime !== 'firefox' || existsSync(join(PACKAGES, 'puppeteer-core'));
  if (path && steered && spawnSync(path, ['--version'], { timeout: 60_000 }).status === 0)
    return path;
  if (process.env['METAPLASTIC_RUNTIMES'] === 'all') throw new Error(absence(runtime));
  console.warn(absence(runtime));
  return undefined;
}

/**
 * The environment in which a runtime finds the software adapter, whatever else there is: also one
 * that cannot open a Vulkan loader from within.
 */
export function withSoftwareAdapter(): Record<string, string> {
  const { NODE_OPTIONS: _, ...env } = process.env as Record<string, string>;
  const adapter = unpack('swiftshader', ['swiftshader.tar.br']);
  return {
    ...env,
    NO_COLOR: '1',
    ...(adapter && {
      VK_DRIVER_FILES: join(adapter, 'vk_swiftshader_icd.json'),
      LD_LIBRARY_PATH: [adapter, env['LD_LIBRARY_PATH']].filter(Boolean).join(delimiter),
    }),
  };
}

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end, while other tests of the file go on. */
export function runProgram(
  path: string,
  args: readonly string[],
  env: Record<string, string> = withSoftwareAdapter(),
): Promise<Outcome> {
  const child = spawn(path, args, { env });
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', status => resolve({ status, out, err }));
  });
}

/** The project's folder. */
export const root = dirname(dirname(folder));
