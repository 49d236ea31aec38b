import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DivergenceError, MetaplasticError } from '../errors.js';
import { flag, inWords, option, positive, unknownName, whole } from '../options.js';
import type { Gpu } from '../gpu/device.js';
import { openNodeGpu } from '../node/open.js';
import { parseConfig, type RunConfig, type RunConfigInput } from '../config/config.js';
import type { Environment } from '../runs/recorded.js';
import { parseSwept } from '../studies/recorded.js';
import { facts } from '../report/page.js';
import { renderStudy } from '../studies/page.js';
import { STUDIES } from '../studies/index.js';
import {
  markdown,
  tablesText,
  type Results,
  type Size,
  type Study,
  type Trained,
} from '../studies/study.js';
import { live, type Sweep, type Swept } from '../studies/sweep.js';
import { openWorld, type ReadData } from '../config/worlds.js';
import { dataReader } from './data.js';
import { writeWhole } from './disk.js';
import { lockFolder } from './lock.js';
import { DATA, dataFolder, folder, optionsHelp, parse } from './options.js';
import {
  describeAdapter,
  differences,
  environmentOf,
  FILES,
  readEnvironment,
  readEvaluations,
  readLog,
  readOptional,
  readRun,
} from './run-folder.js';
import { onStop, unlessStopped, type Stop } from './stop.js';
import { readMade, trainIn } from './train.js';

const OPTIONS = {
  full: { entry: option(flag, { about: 'The paper’s own sizes.' }) },
  seeds: {
    value: 'N',
    entry: option(whole(1), {
      about: 'Seeds (or lifetimes of each setting) of every arm.',
      otherwise: 'as many as the study says',
    }),
  },
  scale: {
    value: 'F',
    entry: option(
      positive,
      {
        about:
          'Factor on the lengths, and below 1 on the unseen tasks, to see quickly whether it works: --scale 0.01.',
      },
      1,
    ),
  },
  data: DATA,
  out: folder('Folder for the study.', 'runs/study-NAME, with --full runs/study-NAME-full'),
};

export const HELP = `runs a published experiment and writes its table and figures

Usage: metaplastic study NAME [options]

${Object.values(STUDIES)
  .map(({ name, about, time }) => `  ${name}: ${about}\n      ${time}`)
  .join('\n')}

Times are for two CPU cores with a software adapter.

${optionsHelp(OPTIONS)}

Every arm has a folder of its own, as train leaves it. One that is finished is not run again, one that was interrupted
goes on: Ctrl-C stops, the same command resumes. Then study.json, table.md and study.html are written.`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, OPTIONS);
  const [name] = positionals;
  const study = name !== undefined && Object.hasOwn(STUDIES, name) ? STUDIES[name] : undefined;
  const known = Object.keys(STUDIES);
  if (positionals.length !== 1)
    throw new MetaplasticError({
      where: 'study',
      expected: 'the name of one study',
      got: `${positionals.join(' ') || 'none'}`,
      hint: `known: ${known.join(', ')}`,
    });
  if (!study)
    throw new MetaplasticError({
      where: 'study',
      ...unknownName('study', inWords(name), known, name),
    });
  const { full = false, seeds, scale } = values;
  const { out = join('runs', `study-${name}${full ? '-full' : ''}`) } = values;
  return runStudy(study, { full, seeds, scale }, out, dataReader(dataFolder(values)));
}

/**
 * Runs every arm that is not finished, then writes what they came to; nobody else may meanwhile.
 */
export async function runStudy(
  study: Study,
  size: Size,
  folder: string,
  read: ReadData,
): Promise<number> {
  const lock = lockFolder(folder, `study ${study.name}`);
  const stop = onStop();
  stop.now(tellStopped);
  try {
    return await runArms(study, size, folder, read, stop);
  } finally {
    stop.end();
    lock.release();
  }
}

/** Unseen tasks at least, of a study that is scaled down. */
const LEAST_UNSEEN = 10;

/** A configuration whose evaluation is scaled down as its lengths are. */
const evaluatedToo = (config: RunConfig, { scale }: Size): RunConfig => {
  const { tasks } = config.evaluation;
  const fewer = Math.max(Math.min(tasks, LEAST_UNSEEN), Math.round(tasks * Math.min(1, scale)));
  return { ...config, evaluation: { ...config.evaluation, tasks: fewer } };
};

const AGAIN = 'the same command goes on';
const tellStopped = () => console.error(`stopped; ${AGAIN}`);

async function runArms(
  study: Study,
  size: Size,
  folder: string,
  read: ReadData,
  stop: Stop,
): Promise<number> {
  const { arms, conditions, summarise } = study.design(size);
  const environments = new Map<string, Environment>();
  const notes: string[] = [];
  const at = (arm: string) => join(folder, arm);
  const trained = new Map<string, Trained>();
  const swept = new Map<string, Swept>();
  const results: Results = { trained: name => trained.get(name)!, swept: name => swept.get(name)! };
  // Looked at before anything runs: a folder of another size is refused at once.
  const adopted = (arm: string, config: RunConfigInput) =>
    adopt(at(arm), evaluatedToo(parseConfig(config, `study ${study.name}: ${arm}`), size), notes);
  const plans = arms.map(arm => {
    if ('sweep' in arm) {
      if (typeof arm.sweep !== 'function') readLived(at(arm.name), arm.sweep);
      return arm;
    }
    const { name, config } = arm;
    if (typeof config === 'function')
      return { name, configOf: () => adopted(name, config(results)) };
    const known = adopted(name, config);
    return { name, configOf: () => known };
  });

  let gpu: Gpu | undefined;
  const open = async () => {
    if (!gpu) console.error(describeAdapter((gpu = await openNodeGpu())));
    return gpu;
  };
  try {
    for (const [k, arm] of plans.entries()) {
      const path = at(arm.name);
      const say = (what: string) =>
        console.error(`arm ${k + 1} of ${arms.length}, ${arm.name}: ${what}`);
      if ('configOf' in arm) {
        const config = arm.configOf();
        let divergedAt: number | undefined;
        if (!isFinished(path, config)) {
          const lock = lockFolder(path, `study ${study.name}`);
          try {
            const from = existsSync(join(path, FILES.config)) ? readMade(path, config) : undefined;
            say(from?.checkpoint ? 'goes on' : 'begins');
            const world = await openWorld(config, read);
            const place = { folder: path, lock, stop, from, again: () => AGAIN };
            if (!(await trainIn(await open(), config, world, place))) return 130;
          } catch (error) {
            // what became of it is a result, beside those of the other arms
            if (!(error instanceof DivergenceError) || error.metaStep === undefined) throw error;
            divergedAt = error.metaStep;
            const note = `${arm.name} diverged at meta-step ${divergedAt} of ${config.meta.steps}`;
            say(error.message);
            notes.push(`${note}, and is left out of means.`);
          } finally {
            lock.release();
          }
        } else say('is finished');
        trained.set(arm.name, {
          config,
          log: readLog(path),
          evaluations: (divergedAt === undefined && readEvaluations(path)) || [],
          ...(divergedAt !== undefined && { divergedAt }),
        });
      } else {
        const sweep = typeof arm.sweep === 'function' ? arm.sweep(results) : arm.sweep;
        const found = readLived(path, sweep);
        say(
          found ? 'is finished' : `lives ${sweep.settings.length} setting(s) × ${sweep.lifetimes}`,
        );
        stop.afterThis(() => say('stops after the lifetimes that are lived at once'));
        const lived = found ?? (await liveIn(path, await open(), study.name, sweep, read, stop));
        if (lived) swept.set(arm.name, lived);
        if (stop.signal.aborted) {
          tellStopped();
          return 130;
        }
      }
      environments.set(arm.name, readEnvironment(path));
      stop.now(tellStopped);
    }
  } finally {
    gpu?.destroy();
  }

  const summary = summarise(results);
  const said = [...conditions, ...notes];
  const environment = inCommon([...environments.values()]);
  writeWhole(
    join(folder, 'study.json'),
    `${JSON.stringify({ study: study.name, ...size, conditions: said, environment, arms: arms.map(arm => arm.name), ...summary })}\n`,
  );
  writeWhole(join(folder, 'table.md'), markdown(study.title, summary, said));
  writeWhole(join(folder, 'study.html'), renderStudy(study, summary, said, environment));
  console.log(`${tablesText(summary)}\n\nstudy: ${join(folder, 'study.html')}`);
  return 0;
}

/**
 * Keys that may differ between a run that is there and the arm it is taken for; the study then says
 * so.
 */
const MAY_DIFFER =
  /^(name|evaluation|budget|plan|checkpointEvery|meta\.(clip|clipPerTask|adjoint|onDivergence))\b/;

/**
 * The configuration of the run in an arm's folder, if there is one that may pass for it; else the
 * arm's own.
 */
function adopt(path: string, config: RunConfig, notes: string[]): RunConfig {
  if (!existsSync(join(path, FILES.config))) {
    if (existsSync(join(path, FILES.checkpoint)))
      throw new MetaplasticError({
        where: path,
        expected: 'a folder without a run, or a whole one',
        got: `${FILES.checkpoint} without ${FILES.config}`,
        hint: 'give another --out',
      });
    return config;
  }
  const found = readRun(path);
  // every run writes its plan down, and few are asked for one
  const differing = differences(config.plan ? found : { ...found, plan: undefined }, config);
  const wrong = differing.filter(key => !MAY_DIFFER.test(key));
  if (wrong.length)
    throw new MetaplasticError({
      where: path,
      expected: `a run of this study's size`,
      got: `one that differs in ${wrong.join(', ')}`,
      hint: 'give another --out',
    });
  if (differing.length) {
    notes.push(
      `${path} was trained with another configuration than the study asks for, and is taken as it is: ${differing.join(', ')}`,
    );
    console.error(`note: ${notes.at(-1)}`);
  }
  return found;
}

function isFinished(path: string, { meta }: RunConfig): boolean {
  return (
    existsSync(join(path, FILES.evaluation)) &&
    existsSync(join(path, FILES.checkpoint)) &&
    readLog(path).at(-1)?.metaStep === meta.steps
  );
}

/** What lifetimes came to, if these very ones were lived. */
function readLived(path: string, sweep: Sweep): Swept | undefined {
  const lived = readOptional(path, 'lived');
  if (lived === undefined) return undefined;
  const differing = differences((lived as Partial<Swept> | null)?.sweep, sweep);
  if (differing.length)
    throw new MetaplasticError({
      where: path,
      expected: `lifetimes of this study's size`,
      got: `others that differ in ${differing.join(', ')}`,
      hint: 'give another --out',
    });
  return parseSwept(lived, sweep, join(path, FILES.lived));
}

async function liveIn(
  path: string,
  gpu: Gpu,
  study: string,
  sweep: Sweep,
  read: ReadData,
  { signal }: Stop,
): Promise<Swept | undefined> {
  const lock = lockFolder(path, `study ${study}`);
  try {
    const made = await unlessStopped(signal, live(gpu, sweep, read, signal));
    if (!made) return undefined;
    const lived = JSON.parse(JSON.stringify(made)) as Swept;
    lock.check();
    writeWhole(
      join(path, FILES.environment),
      `${JSON.stringify(environmentOf(gpu, sweep), null, 2)}\n`,
    );
    writeWhole(join(path, FILES.lived), `${JSON.stringify(lived)}\n`);
    return lived;
  } finally {
    lock.release();
  }
}

/** What all arms' environments say alike; of what differs, every value. */
function inCommon(environments: readonly Environment[]): Record<string, string> {
  const all = environments.map(e => new Map(facts(e)));
  return Object.fromEntries(
    [...new Set(all.flatMap(e => [...e.keys()]))].map(key => [
      key,
      [...new Set(all.flatMap(e => e.get(key) ?? []))].join('; '),
    ]),
  );
}
