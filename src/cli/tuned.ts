import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Gpu } from '../gpu/device.js';
import { rememberedTuning, type Tuning, type TuningMemory } from '../outer/tune.js';
import type { RunConfig } from '../run/config.js';
import { learnerOptions } from '../run/train.js';
import type { World } from '../run/worlds.js';
import { writeWhole } from './run-folder.js';

/** The file in the user's cache folder where tunings are remembered. */
export const tuningFile = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'metaplastic', 'tuning.json');

/** A memory that is a JSON file. One that cannot be read is as good as none. */
export function fileMemory(path: string): TuningMemory {
  const all = (): Record<string, string> => {
    try {
      return existsSync(path)
        ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>)
        : {};
    } catch {
      return {};
    }
  };
  return {
    getItem: key => all()[key] ?? null,
    setItem: (key, value) =>
      writeWhole(path, `${JSON.stringify({ ...all(), [key]: value }, null, 2)}\n`),
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
  );
  if (!tuning) return config;
  console.error(`tuned: ${describeTuning(tuning)} (--no-tune leaves it to the plan)`);
  return { ...config, meta: { ...config.meta, adjoint: tuning.adjoint }, plan: tuning.plan };
}

export const describeTuning = ({ adjoint, plan: { lanes, teams, grid } }: Tuning): string =>
  `adjoint ${adjoint}, ${lanes} lane(s) a task, ${teams} task(s) a workgroup${grid === false ? ', rows whole' : ''}`;
