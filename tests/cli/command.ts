import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line to its end. */
export const metaplastic = (args: readonly string[], env: Record<string, string> = {}): Outcome =>
  program(CLI, args, { ...environment(), ...env });

/** Runs a program to its end. */
export function program(
  path: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], {
    encoding: 'utf8',
    env,
  });
  return { status, out: stdout, err: withoutDrivers(stderr) };
}

/** Starts the command line; `ended` resolves when it has ended. */
export function start(
  args: readonly string[],
  { cwd }: { readonly cwd?: string } = {},
): { interrupt(signal?: NodeJS.Signals): void; ended: Promise<Outcome> } {
  const child = spawn(process.execPath, [CLI, ...args], { env: environment(), cwd });
  let out = '',
    err = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString();
  });
  return {
    interrupt: (signal = 'SIGINT') => child.kill(signal),
    ended: new Promise(resolve =>
      child.on('close', status => resolve({ status, out, err: withoutDrivers(err) })),
    ),
  };
}

/**
 * Without what Dawn itself says of the drivers that a machine has: a line, and more that are
 * indented and end with an empty one.
 */
const withoutDrivers = (err: string): string =>
  err.replaceAll(/^Warning: .*\n(?:(?: .*\n)+\n)?/gm, '');

/**
 * Without vitest's own variables, without colours, and without what somebody has tuned on this
 * machine.
 */
function environment(): Record<string, string> {
  const { NODE_OPTIONS: _, ...env } = process.env as Record<string, string>;
  return { ...env, NO_COLOR: '1', METAPLASTIC_TUNE: 'off' };
}

const root = mkdtempSync(join(tmpdir(), 'metaplastic-test-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));

/** An empty folder, gone when the tests have ended. */
export const newFolder = (): string => mkdtempSync(join(root, 'folder-'));

/** A run of a second: sines, a small network. */
export const TINY = {
  name: 'tiny',
  seed: 3,
  task: { kind: 'sine', steps: 5, batch: 1, queries: 5 },
  system: { sizes: [1, 6, 1] },
  initial: { alpha: 0.01 },
  meta: {
    tasks: 6,
    steps: 6,
    rates: { W: 1e-2, B: 1e-2, alpha: 1e-3, beta: 1e-2 },
    adjoint: 'store',
  },
  evaluation: { tasks: 10, at: [0, 5] },
  checkpointEvery: 2,
};

/** Writes a config into a new folder and returns its path. */
export function writeConfig(config: object): string {
  const path = join(newFolder(), 'config.json');
  writeFileSync(path, JSON.stringify(config));
  return path;
}
