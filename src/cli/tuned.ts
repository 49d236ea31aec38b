import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import type { Gpu } from '../gpu/device.js';
import { rememberedTuning, type Tuning, type TuningMemory } from '../learner/tune.js';
import type { RunConfig } from '../config/config.js';
import { learnerOptions } from '../runs/train.js';
import type { World } from '../config/worlds.js';
import { makeFolder, writeWhole } from './disk.js';
import { flag, option } from '../options.js';
import { lockFolder } from './lock.js';
import { readJson } from './run-folder.js';

/** Leaves what is remembered aside. */
export const NO_TUNE = {
  entry: option(flag, { about: 'Does not use what metaplastic tune has remembered.' }),
};

/** The file in the user's cache folder where tunings are remembered. */
export const tuningFile = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'metaplastic', 'tuning.json');

const MEMORY = v.record(v.string(), v.string());

/** A memory that is a JSON file. One that cannot be read is as good as none, and is told. */
export function fileMemory(
  path: string,
  onNotice: (notice: string) => void = notice => console.error(`note: ${notice}`),
): TuningMemory {
  const all = (): Record<string, string> => {
    if (!existsSync(path)) return {};
    try {
      const read = v.safeParse(MEMORY, readJson(path));
      if (read.success) return read.output;
      onNotice(
        `${path}: expected an object of texts; it is not used until metaplastic tune renews it`,
      );
    } catch (error) {
      if (!(error instanceof MetaplasticError)) throw error;
      onNotice(`${error.message}; it is not used until metaplastic tune renews it`);
    }
    return {};
  };
  return {
    getItem(key) {
      const known = all();
      return Object.hasOwn(known, key) ? known[key]! : null;
    },
    setItem(key, value) {
      makeFolder(dirname(path));
      const lock = lockFolder(dirname(path), 'tune');
      try {
        writeWhole(path, `${JSON.stringify({ ...all(), [key]: value }, null, 2)}\n`);
      } finally {
        lock.release();
      }
    },
  };
}

/**
 * The configuration with what `metaplastic tune` remembered for it on this adapter, unless
 * `--no-tune` or METAPLASTIC_TUNE=off says not to; what a run has written down stays.
 */
export function tunedConfig(
  gpu: Gpu,
  config: RunConfig,
  { train, bank }: World,
  off: boolean | undefined,
): RunConfig {
  if (off || process.env['METAPLASTIC_TUNE'] === 'off' || config.plan) return config;
  const tuning = rememberedTuning(
    gpu,
    learnerOptions(config, train, bank),
    fileMemory(tuningFile()),
    notice => console.error(`note: ${notice}`),
  );
  if (!tuning) return config;
  console.error(`tuned: ${describeTuning(tuning)} (--no-tune leaves it to the plan)`);
  return { ...config, meta: { ...config.meta, adjoint: tuning.adjoint }, plan: tuning.plan };
}

export const describeTuning = ({ adjoint, plan: { lanes, teams, grid } }: Tuning): string =>
  `adjoint ${adjoint}, ${lanes} lane(s) a task, ${teams} task(s) a workgroup${grid === false ? ', rows whole' : ''}`;
