import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform, release } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MetaplasticError } from '../errors.js';
import { inWords, isObject, unknownName } from '../options.js';
import { adapterName, type Gpu } from '../gpu/device.js';
import { parseConfig, type RunConfig } from '../config/config.js';
import { defineRule } from '../rules/define.js';
import type { RuleSpec, WrittenRule } from '../rules/rule.js';
import { RULE_FILE } from '../systems/options.js';
import { parseLog, type Evaluation, type LogLine } from '../runs/log.js';
import { RUN_PRESETS } from '../config/presets.js';
import { parseEnvironment, parseEvaluations, type Environment } from '../runs/recorded.js';
import { folderName, RUN_FILES } from '../runs/run-file.js';
import { readCheckpoint, type Checkpoint } from '../runs/checkpoint.js';
import { layoutOf } from '../parameters/layout.js';
import { defineSystem, type SystemSpec } from '../systems/system.js';
import { renderReport, type Report } from '../report/report.js';
import { diskError, makeFolder, makeNewFolder, readAny, readPlain, writeWhole } from './disk.js';
import { lockFolder, type FolderLock } from './lock.js';

/** What a run leaves behind, one file each. */
export const FILES = {
  ...RUN_FILES,
  /** The checkpoint of the best validation. */
  best: 'best.safetensors',
  evaluation: 'evaluation.json',
  report: 'report.html',
  /** Of lifetimes that were only lived, in a study. */
  lived: 'lived.json',
} as const;

/** The configuration of a preset's name or of a JSON file. */
export function readConfig(nameOrFile: string): RunConfig {
  if (Object.hasOwn(RUN_PRESETS, nameOrFile))
    return parseConfig(RUN_PRESETS[nameOrFile], nameOrFile);
  const presets = Object.keys(RUN_PRESETS);
  if (!existsSync(nameOrFile))
    throw new MetaplasticError({
      where: 'config',
      ...unknownName('preset or JSON file', inWords(nameOrFile), presets, nameOrFile),
      hint: `presets: ${presets.join(', ')}`,
    });
  const written = readJson(nameOrFile, readAny, withoutComments);
  return parseConfig(withModule(withRule(written, nameOrFile), nameOrFile), nameOrFile);
}

/** Bytes of a file with a rule at most: far more than a rule may be long. */
const MOST_OF_A_RULE = 2 ** 20;

/**
 * A configuration whose rule is a file beside it, `"rule": "NAME.rule.json"`, with the rule in its
 * place; any other as it is.
 */
function withRule(config: unknown, path: string): unknown {
  if (!isObject(config) || !isObject(config['system'])) return config;
  const { rule } = config['system'];
  if (typeof rule !== 'string' || !rule.endsWith(RULE_FILE)) return config;
  const file = resolve(dirname(path), rule);
  const where = `${path}: system.rule`;
  if (!existsSync(file))
    throw new MetaplasticError({
      where,
      expected: 'a file with a rule, beside the configuration',
      got: `${inWords(rule)}, and there is no ${file}`,
    });
  return { ...config, system: { ...config['system'], rule: readRule(file).written } };
}

/** A configuration whose tasks are made by a module, with the module's path from everywhere. */
function withModule(config: unknown, path: string): unknown {
  if (!isObject(config) || !isObject(config['task'])) return config;
  const { kind, path: module } = config['task'];
  if (kind !== 'module' || typeof module !== 'string') return config;
  return { ...config, task: { ...config['task'], path: resolve(dirname(path), module) } };
}

/** The rule of a file as it is written, and checked; errors name the file. */
export function readRule(path: string): { readonly written: RuleSpec; readonly rule: WrittenRule } {
  const written = readJson(path, of => readPlain(of, MOST_OF_A_RULE)) as RuleSpec;
  return { written, rule: defineRule(written, path) };
}

/** A text of JSON without // and /* … *\/, in whose place are spaces, so that errors tell the place. */
const withoutComments = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, found =>
    found.startsWith('"') ? found : found.replace(/[^\n]/g, ' '),
  );

/** What a JSON file says; `read` gets its bytes, `plain` makes JSON of its text. */
export function readJson(
  path: string,
  read: (path: string) => Buffer = readPlain,
  plain = (text: string) => text,
): unknown {
  const text = plain(textOf(read(path), path));
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')); // a mark of byte order, as some editors write
  } catch (error) {
    throw new MetaplasticError({
      where: path,
      problem: `expected a JSON file, ${(error as Error).message}`,
      cause: error,
    });
  }
}

function textOf(bytes: Buffer, path: string): string {
  try {
    return bytes.toString();
  } catch (error) {
    throw diskError(error, path, 'read');
  }
}

/** The configuration of a run folder. */
export function readRun(folder: string): RunConfig {
  const path = join(folder, FILES.config);
  checkRun(folder);
  return parseConfig(readJson(path), path);
}

/** Locks the folder of a run that is there, for `command`. */
export function lockRun(folder: string, command: string): FolderLock {
  checkRun(folder);
  return lockFolder(folder, command);
}

function checkRun(folder: string): void {
  if (!existsSync(join(folder, FILES.config)))
    throw new MetaplasticError({
      where: folder,
      expected: `the folder of a run (with ${FILES.config})`,
      got: `${existsSync(folder) ? 'a folder without it' : 'nothing'}`,
      hint: 'give the folder that `train` named',
    });
}

export function readLog(folder: string): LogLine[] {
  const path = join(folder, FILES.log);
  return existsSync(path) ? parseLog(textOf(readPlain(path), path), path) : [];
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

/** The checkpoint in a file of a run of this system. */
export const readCheckpointAt = (path: string, system: SystemSpec): Checkpoint =>
  readCheckpoint(readPlain(path), layoutOf(defineSystem(system)), path, system);

/** The meta-parameters of a run's last checkpoint, if it has one. */
function readParametersOf(folder: string, { system }: RunConfig): Pick<Report, 'parameters'> {
  const path = join(folder, FILES.checkpoint);
  if (!existsSync(path)) return {};
  try {
    const { state } = readCheckpointAt(path, system);
    return { parameters: state.parameters };
  } catch (error) {
    if (!(error instanceof MetaplasticError)) throw error;
    console.error(`note: the report shows no weights (${error.message})`);
    return {};
  }
}

/** Makes the report of what the folder holds, and returns its path. */
export function writeReport(folder: string, config: RunConfig): string {
  const environment = readEnvironment(folder);
  const evaluation = readEvaluations(folder);
  const path = join(folder, FILES.report);
  writeWhole(
    path,
    renderReport({
      config,
      environment,
      log: readLog(folder),
      ...(evaluation && { evaluation }),
      ...readParametersOf(folder, config),
    }),
  );
  return path;
}

/**
 * A new folder for a run, locked: `out`, or runs/NAME, numbered if that is taken. It is gone again
 * with the lock if nothing was written there.
 */
export function newFolder(
  out: string | undefined,
  name: string,
): { readonly folder: string; readonly lock: FolderLock } {
  if (out === undefined) {
    makeFolder('runs');
    const folder = firstFree(n =>
      join('runs', n > 1 ? `${folderName(name)}-${n}` : folderName(name)),
    );
    return { folder, lock: lockFolder(folder, 'train', { made: true }) };
  }
  const lock = lockFolder(out, 'train');
  const found = Object.values(FILES).find(file => existsSync(join(out, file)));
  if (found === undefined) return { folder: out, lock };
  lock.release();
  throw new MetaplasticError({
    where: '--out',
    expected: 'a new folder',
    got:
      found === FILES.config ? `${out}, which holds a run` : `${out}, which holds a run's ${found}`,
    hint: 'choose another, or go on with it by --resume',
  });
}

/** Makes the first of these folders that nobody has, so that of two who ask each has one. */
function firstFree(folder: (n: number) => string): string {
  let n = 1;
  while (!makeNewFolder(folder(n))) n++;
  return folder(n);
}

/** Dotted keys in which two objects of JSON differ. */
export function differences(a: unknown, b: unknown, path = ''): string[] {
  if (!isObject(a) || !isObject(b)) return isSame(a, b) ? [] : [path];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap(key =>
    differences(a[key], b[key], path ? `${path}.${key}` : key),
  );
}

/** Goes no deeper than the shallower of two, since a file may nest without end. */
const isSame = (a: unknown, b: unknown): boolean =>
  a === b ||
  (Array.isArray(a) &&
    Array.isArray(b) &&
    a.length === b.length &&
    a.every((item, i) => differences(item, b[i]).length === 0));

/** A word of a command, as a shell takes it. */
export const shellWord = (word: string): string =>
  /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

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
    command: ['metaplastic', ...process.argv.slice(2)].map(shellWord).join(' '),
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
