export {
  DeviceLostError,
  DivergenceError,
  MetaplasticError,
  plainError,
  reviveError,
  type PlainError,
} from './errors.js';
export {
  adapterName,
  isAvailable,
  openGpu,
  useDevice,
  type AdapterSummary,
  type Gpu,
} from './gpu/device.js';
export {
  ADJOINTS,
  DEFAULT_BUDGET,
  makePlan,
  type Adjoint,
  type Budget,
  type Machine,
  type Plan,
  type PlanChoices,
  type Work,
} from './gpu/plan.js';
export { initialParameters, type Initial } from './inner/initial.js';
export { GROUPS, layoutOf, type Group, type Layout, type Tensor } from './inner/layout.js';
export type { Metrics } from './inner/metrics.js';
export type { Rates } from './outer/options.js';
export {
  Learner,
  type Adaptation,
  type LearnerOptions,
  type LearnerState,
  type MetaStep,
} from './outer/learner.js';
export {
  readCheckpoint,
  readParameters,
  writeCheckpoint,
  type Checkpoint,
  type ReadParametersOptions,
} from './run/checkpoint.js';
export { parseConfig, type RunConfig, type RunConfigInput } from './run/config.js';
export type { LogLine } from './run/log.js';
export { readRun, writeRun, type Run } from './run/run-file.js';
export {
  readSafetensors,
  writeSafetensors,
  type NamedTensor,
  type OtherTensor,
  type ReadOptions,
  type Safetensors,
} from './run/safetensors.js';
export { learnerOf, train, usableHere, withPlan, type TrainOptions } from './run/train.js';
export { openWorld, type DataFolder, type ReadData, type World } from './run/worlds.js';
export {
  defineSystem,
  GRANULARITIES,
  SLOTS,
  type Choice,
  type Granularity,
  type Layer,
  type Slot,
  type System,
  type SystemSpec,
  type Told,
} from './systems/system.js';
export type { Episodes, ImageBank, TaskSource } from './tasks/episodes.js';
export { fewShotTasks, splitClasses } from './tasks/few-shot.js';
export { readIdx, readIdxImages, type Idx, type IdxOptions } from './tasks/idx.js';
export { hash, random, type Random } from './tasks/random.js';
export { sineSequenceTasks, sineTasks } from './tasks/sine.js';
