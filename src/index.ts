/**
 * The library for Node and for bundlers: systems, rules, tasks, learners and runs. It imports
 * nothing of Node, so that it runs in a page as well.
 *
 * @module metaplastic
 */

export * from './browser.js';
export { configSchema, type JsonSchema } from './config/schema.js';
export { RUN_PRESETS } from './config/presets.js';
export { describePlan } from './gpu/plan.js';
export { evaluate, type EvaluateOptions } from './evaluation/evaluate.js';
export { interference, type Interference } from './evaluation/interference.js';
export { bestOf, evaluationTable, type Best } from './runs/log.js';
export { validationOf, type Validation } from './runs/validation.js';
export type { CheckProblem, Comparison } from './proof/check.js';
export { checkRule, type RuleResult } from './proof/rule.js';
export { readCifar, type CifarOptions } from './tasks/cifar.js';
export { readImages, type ImageFiles, type ImageSet, type ImagesOptions } from './tasks/images.js';
export { readOmniglot, type OmniglotOptions } from './tasks/omniglot.js';
export {
  rememberedTuning,
  tune,
  type Trial,
  type Tuned,
  type TuneOptions,
  type Tuning,
  type TuningMemory,
} from './learner/tune.js';
