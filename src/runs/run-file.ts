import { strFromU8, strToU8, zipSync } from 'fflate';
import { MetaplasticError } from '../errors.js';
import { check, checkMade, files } from '../options.js';
import { layoutOf, type Layout } from '../parameters/layout.js';
import { defineSystem } from '../systems/system.js';
import { checkMaxBytes, MAX_BYTES, unzip } from '../tasks/archive.js';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.js';
import { parseConfig, type RunConfig } from '../config/config.js';
import { formatLogLine, parseLog, type LogLine } from './log.js';
import { parseEnvironment } from './recorded.js';

/** Names of the files that a run consists of, in its folder or in a zip of it. */
export const RUN_FILES = {
  config: 'config.json',
  environment: 'env.json',
  log: 'log.jsonl',
  checkpoint: 'checkpoint.safetensors',
} as const;

/**
 * A run's name as the name of a folder: letters and digits of any script, at most 60 characters,
 * and never one that means another folder.
 */
export const folderName = (name: string): string =>
  [...name.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-').replace(/^[.-]+/, '')].slice(0, 60).join('') ||
  'run';

/** A run that can be looked at, evaluated and gone on with. */
export interface Run {
  readonly config: RunConfig;
  /** Where and with what it was made. */
  readonly environment: Readonly<Record<string, unknown>>;
  readonly log: readonly LogLine[];
  readonly checkpoint: Checkpoint;
}

/**
 * A run as a zip file of its folder, such as a page lets its user download; unpacked, `metaplastic
 * eval`, `report` and `train --resume` take it. The checkpoint of the best validation is not in it.
 */
export function writeRun(run: Run): Uint8Array<ArrayBuffer> {
  checkMade(run, ['config', 'environment', 'log', 'checkpoint'], 'writeRun', 'a run');
  const { config, environment, log, checkpoint } = run;
  const json = (value: unknown) => strToU8(`${JSON.stringify(value, null, 2)}\n`);
  return zipSync(
    {
      [folderName(config.name)]: {
        [RUN_FILES.config]: json(config),
        [RUN_FILES.environment]: json(environment),
        [RUN_FILES.log]: strToU8(log.map(formatLogLine).join('')),
        [RUN_FILES.checkpoint]: writeCheckpoint(
          checkpoint,
          layoutOf(defineSystem(config.system)),
          config.system,
        ),
      },
    },
    { level: 6 },
  );
}

/** How much a zip file of a run may hold. */
export interface ReadRunOptions {
  /**
   * Bytes that a zip's files may unpack to, together; default 2³⁰. A configuration and a checkpoint
   * have no more than they can mean in any case.
   */
  readonly maxBytes?: number;
}

/**
 * Reads a zip of a run's folder, or its files by name; folders in names do not matter. Environment
 * and log may be missing.
 *
 * @param where - the file's or folder's name, for errors.
 * @throws MetaplasticError for a zip file that is damaged or holds no run or two, and for what is
 * wrong in its files, by their names.
 */
export function readRun(
  source: Uint8Array | Readonly<Record<string, Uint8Array>>,
  where = 'readRun',
  { maxBytes = MAX_BYTES }: ReadRunOptions = {},
): Run {
  check(files, source, where);
  checkMaxBytes(maxBytes, 'readRun');
  const file = (name: string, most: number): Uint8Array | undefined => {
    const named = (path: string) => path.replace(/^.*\//, '') === name;
    const found =
      source instanceof Uint8Array
        ? [...unzip(source, { wanted: named, maxBytes: Math.min(most, maxBytes) }, where).values()]
        : Object.keys(source).flatMap(path => (named(path) ? [source[path]!] : []));
    if (found.length > 1)
      fail(where, `expected the files of one run, got ${name} in ${found.length} folders`);
    return found[0];
  };
  const needed = (name: string, most: number) =>
    file(name, most) ??
    fail(
      where,
      `expected a run with ${RUN_FILES.config} and ${RUN_FILES.checkpoint}, got no ${name}`,
    );
  const json = (name: string, bytes: Uint8Array): unknown => {
    try {
      return JSON.parse(strFromU8(bytes));
    } catch (error) {
      return fail(`${where}/${name}`, `expected a JSON file, ${(error as Error).message}`);
    }
  };

  const config = parseConfig(
    json(RUN_FILES.config, needed(RUN_FILES.config, MAX_JSON)),
    `${where}/${RUN_FILES.config}`,
  );
  const layout = layoutOf(defineSystem(config.system));
  const checkpoint = readCheckpoint(
    needed(RUN_FILES.checkpoint, bytesOf(layout)),
    layout,
    `${where}/${RUN_FILES.checkpoint}`,
    config.system,
  );
  const told = file(RUN_FILES.environment, MAX_JSON);
  const environmentName = `${where}/${RUN_FILES.environment}`;
  const environment = told
    ? parseEnvironment(json(RUN_FILES.environment, told), environmentName)
    : {};
  const log = file(RUN_FILES.log, maxBytes);
  const lines = log ? parseLog(strFromU8(log), `${where}/${RUN_FILES.log}`) : [];
  return {
    config,
    environment,
    log: lines.filter(line => line.metaStep <= checkpoint.metaStep),
    checkpoint,
  };
}

/** More than any configuration or environment has, in bytes. */
const MAX_JSON = 2 ** 24;

/**
 * The most that is unpacked for a checkpoint of a layout: three float32 for each number, a header,
 * and room for one of another network, which is then refused by the names of its tensors.
 */
const bytesOf = ({ size, tensors }: Layout) => 2 ** 24 + 4 * (12 * size + 1024 * tensors.length);

function fail(where: string, problem: string): never {
  throw new MetaplasticError({
    where,
    problem,
    hint: 'give a zip of the folder that a run left, or its files',
  });
}
