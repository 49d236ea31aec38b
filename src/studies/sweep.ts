import type { Gpu } from '../gpu/device.js';
import type { Initial } from '../parameters/initial.js';
import { GROUPS, inOrder, type Layout } from '../parameters/layout.js';
import type { Metrics } from '../systems/metrics.js';
import { MetaplasticError } from '../errors.js';
import { greatest } from '../extremes.js';
import { Learner } from '../learner/learner.js';
import type { Tensors } from '../tensor.js';
import { defineSystem, type SystemSpec } from '../systems/system.js';
import { areClasses } from '../tasks/classes.js';
import type { TaskConfig } from '../config/config.js';
import { openWorld, type ReadData } from '../config/worlds.js';

/**
 * Lifetimes that are only lived: every setting of the coefficients times so many lifetimes, side by
 * side as one meta-batch.
 */
export interface Sweep {
  readonly task: TaskConfig;
  readonly system: SystemSpec;
  readonly initial?: Initial;
  readonly seed: number;
  /** Coefficients (groups theta, eta, rule, alignment) by name; those left out are as `initial` says. */
  readonly settings: readonly Setting[];
  /** Lifetimes of each setting, each with its own data, W and B. */
  readonly lifetimes: number;
  /** Inner steps after which the held-out queries are asked. */
  readonly at: readonly number[];
  /** Also look at the network from inside. */
  readonly metrics: boolean;
}

export type Setting = Readonly<Record<string, number | readonly number[]>>;

/** What came of a sweep of tasks about classes: (settings)(lifetimes)(at). */
export interface Swept {
  readonly sweep: Sweep;
  readonly losses: readonly Numbers[];
  readonly accuracies: readonly Numbers[];
  /** Angles in degrees, by the number of the layer. */
  readonly weightAngles?: Readonly<Record<number, readonly Numbers[]>>;
  readonly errorAngles?: Readonly<Record<number, readonly Numbers[]>>;
}

type Numbers = readonly (readonly number[])[];

/** Memory for a meta-batch: enough that both cores of a small machine have tasks. */
const MEMORY = 2 ** 30;

/**
 * Lives them all. The signal stops it between two chunks of them, and is then what it rejects with.
 */
export async function live(
  gpu: Gpu,
  sweep: Sweep,
  read: ReadData,
  signal?: AbortSignal,
): Promise<Swept> {
  const { settings, lifetimes, at, seed, system, task, initial, metrics } = sweep;
  const tasks = settings.length * lifetimes;
  const { train: source, bank } = await openWorld({ task, system, seed }, read);
  const episodes = source.episodes(seed, 0, tasks);
  if (!areClasses(defineSystem(system), episodes))
    throw new MetaplasticError({
      where: 'sweep.task',
      expected: 'a task about classes, because settings are compared by their accuracy',
      got: JSON.stringify(task.kind),
    });
  // The learner never makes a meta-step, so its own episodes are the least there are.
  const learner = await Learner.create(gpu, {
    system,
    episode: { steps: 1, batch: 1, queries: 1, bank },
    tasks: 1,
    initial,
    seed,
    budget: { memory: MEMORY },
  });
  try {
    const own = settingsOf(learner.layout, await learner.parameters(), settings, lifetimes);
    const asked = { ...episodes, settings: own };
    const lived = await learner.adapt(asked, { moments: at, metrics, signal });
    const nested = (of: (task: number, moment: number) => number) =>
      settings.map((_, s) =>
        Array.from({ length: lifetimes }, (_, i) => at.map((_, k) => of(s * lifetimes + i, k))),
      );
    const angles = (name: 'weightAngle' | 'errorAngle', { layers, [name]: values }: Metrics) =>
      Object.fromEntries(
        layers.map((layer, l) => [
          layer,
          nested((i, k) => values.data[(i * at.length + k) * layers.length + l]!),
        ]),
      );
    return {
      sweep,
      losses: nested((i, k) => lived.losses.data[i * at.length + k]!),
      accuracies: nested((i, k) => lived.accuracies!.data[i * at.length + k]!),
      ...(lived.metrics && {
        weightAngles: angles('weightAngle', lived.metrics),
        errorAngles: angles('errorAngle', lived.metrics),
      }),
    };
  } finally {
    learner.destroy();
  }
}

/**
 * (tasks, coefficients) of the groups theta, eta, rule and alignment: `parameters`, but for what a
 * setting says.
 */
export function settingsOf(
  layout: Layout,
  parameters: Tensors,
  settings: readonly Setting[],
  lifetimes: number,
): Float32Array {
  const start = layout.groupStart[GROUPS.indexOf('theta')]!;
  const count = layout.size - start;
  const all = new Float32Array(settings.length * lifetimes * count);
  settings.forEach((setting, s) => {
    const own = inOrder(layout, parameters).subarray(start);
    for (const [name, value] of Object.entries(setting)) {
      const tensor = layout.get(name);
      const values = typeof value === 'number' ? [value] : value;
      if (!tensor || tensor.offset < start || tensor.size !== values.length)
        throw new MetaplasticError({
          where: `settings.${name}`,
          expected: 'a coefficient of the groups theta, eta, rule, alignment',
          got: `${JSON.stringify(value)}`,
          hint: `known: ${layout.tensors
            .filter(t => t.offset >= start)
            .map(t => `${t.name} (${t.size})`)
            .join(', ')}`,
        });
      own.set(values, tensor.offset - start);
    }
    for (let i = 0; i < lifetimes; i++) all.set(own, (s * lifetimes + i) * count);
  });
  return all;
}

/** The setting whose accuracy, mean over lifetimes, is best at the end. */
export function bestSetting({ accuracies }: Swept): number {
  const means = accuracies.map(lifetimes =>
    lifetimes.reduce((sum, curve) => sum + (curve.at(-1)! || 0), 0),
  );
  return means.indexOf(greatest(means));
}

/** Over the lifetimes of a setting, at each moment: what one moment's `values` come to. */
export const overLifetimes = <T>(
  lifetimes: Numbers,
  summarise: (values: readonly number[]) => T,
): T[] => lifetimes[0]!.map((_, k) => summarise(lifetimes.map(curve => curve[k]!)));
