import { validationSeed, type RunConfig } from '../config/config.js';
import type { World } from '../config/worlds.js';
import { errorWithin, MetaplasticError } from '../errors.js';
import { medianOf } from '../extremes.js';
import type { Learner } from '../learner/learner.js';
import { bestAfter, bestOf, type LogLine, type Validated } from './log.js';

/** Watches a meta-training: `train` asks it after every meta-step. */
export interface Validation {
  /** Whether patience is at its end: no more meta-steps are made. */
  readonly isOver: boolean;
  /**
   * Tries the learner after a meta-step (from 1), if it is time to; `isBest`: better than ever
   * before.
   */
  after(
    metaStep: number,
  ): Promise<{ readonly validation: Validated; readonly isBest: boolean } | undefined>;
}

/**
 * What watches the meta-training of a run as its configuration says; nothing without
 * `meta.evaluateEvery`. Every so many meta-steps it lives `meta.evaluateTasks` unseen tasks, always
 * the same: of the first set of the world's tests, by a seed that neither meta-training nor the
 * evaluation has. What is best, and how long ago that was, follows from the log alone.
 *
 * @param log - lines of the meta-steps made, of a run that goes on.
 * @example
 * const validation = validationOf(config, learner, world);
 * await train({ config, learner, tasks: world.train, validation, onStep, onCheckpoint });
 */
export function validationOf(
  config: RunConfig,
  learner: Learner,
  { tests }: Pick<World, 'tests'>,
  log: readonly LogLine[] = [],
): Validation | undefined {
  const { evaluateEvery, evaluateTasks, patience = Infinity } = config.meta;
  if (evaluateEvery === undefined) return undefined;
  const episodes = tests[0]!.source.episodes(validationSeed(config), 0, evaluateTasks);
  const moments = config.evaluation.at.slice(-1);
  let best = bestOf(log);
  const validate = async (): Promise<Validated> => {
    const { losses, accuracies, diverged } = await learner.adapt(episodes, { moments });
    const right = accuracies?.data.reduce((sum, x) => sum + (Number.isNaN(x) ? 0 : x), 0);
    return {
      medianLoss: medianOf([...losses.data], Infinity),
      ...(right !== undefined && { accuracy: right / evaluateTasks }),
      diverged: diverged.filter(Boolean).length,
    };
  };
  return {
    get isOver() {
      return (best?.since ?? 0) >= patience;
    },
    async after(metaStep) {
      if (metaStep % evaluateEvery !== 0) return undefined;
      const validation = await validate().catch((error: Error) => {
        if (!(error instanceof MetaplasticError)) throw error;
        throw errorWithin(error, `validation after meta-step ${metaStep}`, { metaStep });
      });
      best = bestAfter(best, { metaStep, validation });
      return { validation, isBest: best?.metaStep === metaStep };
    },
  };
}
