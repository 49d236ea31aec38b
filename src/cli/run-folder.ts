import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform, release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MetaplasticError } from '../errors.js';
import { adapterName, type Gpu } from '../gpu/device.js';
import { parseConfig, type RunConfig } from '../run/config.js';
import { parseLog, type Evaluation, type LogLine } from '../run/log.js';
import { PRESETS } from '../run/presets.js';
import { parseEnvironment, parseEvaluations, type Environment } from '../run/recorded.js';
import { RUN_FILES } from '../run/run-file.js';
import { renderReport } from '../run/report/report.js';

/** What a run leaves behind, one file each. */
export const FILES = {
  ...RUN_FILES,
  evaluation: 'evaluation.json',
  report: 'report.html',
  /** Of lifetimes that were only lived, in a study. */
  lived: 'lived.json',
} as const;

/** Writes a file whole or not at all: a run that dies while it writes leaves the last good one. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

/** The configuration of a preset's name or of a JSON file. */
export function readConfig(nameOrFile: string): RunConfig {
  const preset = PRESETS[nameOrFile];
  if (preset) return parseConfig(preset, nameOrFile);
  if (!existsSync(nameOrFile))
    throw new MetaplasticError({
      where: 'config',
      expected: 'a JSON file or a preset',
      got: `${JSON.stringify(nameOrFile)}`,
      hint: `presets: ${Object.keys(PRESETS).join(', ')}`,
    });
  return parseConfig(readJson(nameOrFile), nameOrFile);
}

export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new MetaplasticError({
      where: path,
      problem: `expected a JSON file, ${(error as Error).message}`,
    });
  }
}

/** The configuration of a run folder. */
export function readRun(folder: string): RunConfig {
  const path = join(folder, FILES.config);
  if (!existsSync(path))
    throw new MetaplasticError({
      where: folder,
      expected: `the folder of a run (with ${FILES.config})`,
      got: `${existsSync(folder) ? 'a folder without it' : 'nothing'}`,
      hint: 'give the folder that `train` named',
    });
  return parseConfig(readJson(path), path);
}

export function readLog(folder: string): LogLine[] {
  const path = join(folder, FILES.log);
  return existsSync(path) ? parseLog(readFileSync(path, 'utf8'), path) : [];
}

/** A JSON file of a run folder, if it is there. */
export function readOptional(folder: string, file: keyof typeof FILES): unknown {
  const path = join(folder, FILES[file]);
  return existsSync(path) ? readJson(path) : undefined;
}

/** The environment of a run folder; {} if it has none. */
export const readEnvironment = (folder: string): Environment =>
  parseEnvironment(readOptional(folder, 'environment') ?? {}, join(folder, FILES.environment));

/** The evaluations of a run folder, if it was evaluated. */
export function readEvaluations(folder: string): readonly Evaluation[] | undefined {
  const json = readOptional(folder, 'evaluation');
  return json === undefined ? undefined : parseEvaluations(json, join(folder, FILES.evaluation));
}

/** Makes the report of what the folder holds, and returns its path. */
export function writeReport(folder: string, config: RunConfig): string {
  const environment = readEnvironment(folder);
  const evaluation = readEvaluations(folder);
  const path = join(folder, FILES.report);
  writeWhole(
    path,
    renderReport({ config, environment, log: readLog(folder), ...(evaluation && { evaluation }) }),
  );
  return path;
}

/** A new folder for a run: `out`, or runs/NAME, numbered if that is taken. */
export function newFolder(out: string | undefined, name: string): string {
  if (out) {
    if (existsSync(join(out, FILES.config)))
      throw new MetaplasticError({
        where: '--out',
        expected: 'a new folder',
        got: `${out}, which holds a run`,
        hint: 'choose another, or go on with it by --resume',
      });
    return out;
  }
  const folder = (n: number) => join('runs', n > 1 ? `${name}-${n}` : name);
  let n = 1;
  while (existsSync(folder(n))) n++;
  return folder(n);
}

/** Where and with what a run was made. */
export function environmentOf(
  gpu: Gpu,
  config: { readonly seed: number },
): Record<string, unknown> {
  const { adapter } = gpu;
  return {
    adapter: { description: adapterName(adapter), software: adapter.software },
    seed: config.seed,
    metaplastic: version(),
    webgpu: versionOf('webgpu'),
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    processors: `${cpus().length} × ${cpus()[0]?.model ?? '?'}`,
    date: new Date().toISOString(),
  };
}

export const version = (): string =>
  (
    JSON.parse(
      readFileSync(
        join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'package.json'),
        'utf8',
      ),
    ) as { version: string }
  ).version;

function versionOf(name: string): string {
  try {
    const path = createRequire(import.meta.url).resolve(name);
    const at = path.lastIndexOf(join('node_modules', name));
    return (
      JSON.parse(
        readFileSync(join(path.slice(0, at), 'node_modules', name, 'package.json'), 'utf8'),
      ) as { version: string }
    ).version;
  } catch {
    return 'unknown';
  }
}

/** One line that says on what a command runs. */
export function describeAdapter({ adapter }: Gpu): string {
  const name = adapterName(adapter);
  return adapter.software
    ? `adapter: ${name} (software: runs on the CPU; its times say nothing about GPUs)`
    : `adapter: ${name}`;
}
