import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { MetaplasticError } from '../errors.js';
import { layoutOf } from '../inner/layout.js';
import { defineSystem } from '../systems/system.js';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.js';
import { parseConfig, type RunConfig } from './config.js';
import { formatLogLine, parseLog, type LogLine } from './log.js';
import { parseEnvironment } from './recorded.js';

/** Names of the files that a run consists of, in its folder or in a zip of it. */
export const RUN_FILES = {
  config: 'config.json',
  environment: 'env.json',
  log: 'log.jsonl',
  checkpoint: 'checkpoint.safetensors',
} as const;

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
 * eval`, `report` and `train --resume` take it.
 */
export function writeRun({ config, environment, log, checkpoint }: Run): Uint8Array<ArrayBuffer> {
  const json = (value: unknown) => strToU8(`${JSON.stringify(value, null, 2)}\n`);
  return zipSync(
    {
      [config.name.replaceAll(/[^\w.-]+/g, '-')]: {
        [RUN_FILES.config]: json(config),
        [RUN_FILES.environment]: json(environment),
        [RUN_FILES.log]: strToU8(log.map(formatLogLine).join('')),
        [RUN_FILES.checkpoint]: writeCheckpoint(checkpoint, layoutOf(defineSystem(config.system))),
      },
    },
    { level: 6 },
  );
}

/**
 * Reads a zip of a run's folder, or its files by name; folders in names do not matter. Environment
 * and log may be missing.
 */
export function readRun(
  source: Uint8Array | Readonly<Record<string, Uint8Array>>,
  where: string,
): Run {
  const files = Object.fromEntries(
    Object.entries(source instanceof Uint8Array ? unzip(source, where) : source).map(
      ([path, bytes]) => [path.replace(/^.*\//, ''), bytes],
    ),
  );
  const needed = (name: string) =>
    files[name] ??
    fail(
      where,
      `expected a run with ${RUN_FILES.config} and ${RUN_FILES.checkpoint}, got ${Object.keys(files).join(', ') || 'no files'}`,
    );
  const json = (name: string, bytes: Uint8Array): unknown => {
    try {
      return JSON.parse(strFromU8(bytes));
    } catch (error) {
      return fail(`${where}/${name}`, `expected a JSON file, ${(error as Error).message}`);
    }
  };
  const config = parseConfig(
    json(RUN_FILES.config, needed(RUN_FILES.config)),
    `${where}/${RUN_FILES.config}`,
  );
  const checkpoint = readCheckpoint(
    needed(RUN_FILES.checkpoint),
    layoutOf(defineSystem(config.system)),
    `${where}/${RUN_FILES.checkpoint}`,
  );
  const environment = files[RUN_FILES.environment]
    ? parseEnvironment(
        json(RUN_FILES.environment, files[RUN_FILES.environment]!),
        `${where}/${RUN_FILES.environment}`,
      )
    : {};
  const log = files[RUN_FILES.log]
    ? parseLog(strFromU8(files[RUN_FILES.log]!), `${where}/${RUN_FILES.log}`)
    : [];
  return {
    config,
    environment,
    log: log.filter(line => line.metaStep <= checkpoint.metaStep),
    checkpoint,
  };
}

function unzip(bytes: Uint8Array, where: string): Record<string, Uint8Array> {
  const known: readonly string[] = Object.values(RUN_FILES);
  try {
    return unzipSync(bytes, { filter: ({ name }) => known.includes(name.replace(/^.*\//, '')) });
  } catch (error) {
    return fail(where, `expected a zip file of a run, ${(error as Error).message}`);
  }
}

function fail(where: string, problem: string): never {
  throw new MetaplasticError({
    where,
    problem,
    hint: 'give a zip of the folder that a run left, or its files',
  });
}
