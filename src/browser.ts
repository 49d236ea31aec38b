export {
  DeviceLostError,
  DivergenceError,
  MetaplasticError,
  plainError,
  reviveError,
  type ErrorParts,
  type PlainError,
} from './errors.js';
export {
  adapterName,
  isAvailable,
  openGpu,
  useDevice,
  type AdapterSummary,
  type Gpu,
  type UseOptions,
} from './gpu/device.js';
export { ADJOINTS, type Adjoint, type Budget, type PlanChoices } from './gpu/options.js';
export { DEFAULT_BUDGET, makePlan, type Machine, type Plan, type Work } from './gpu/plan.js';
export { initialParameters, type Initial } from './parameters/initial.js';
export {
  GROUPS,
  layoutOf,
  type Group,
  type Layout,
  type MetaParameter,
} from './parameters/layout.js';
export type { Tensor, Tensors } from './tensor.js';
export type { Metrics } from './systems/metrics.js';
export {
  adam,
  type AdamOptions,
  type Optimiser,
  type Rates,
  type Schedule,
} from './learner/optimiser.js';
export type { Lived } from './learner/lived.js';
export {
  Learner,
  type Adaptation,
  type AdaptOptions,
  type GradientOptions,
  type LearnerOptions,
  type LearnerState,
  type MetaGradient,
  type MetaStep,
  type Values,
} from './learner/learner.js';
export {
  readCheckpoint,
  readParameters,
  writeCheckpoint,
  type Checkpoint,
  type ReadParametersOptions,
} from './runs/checkpoint.js';
export { parseConfig, type RunConfig, type RunConfigInput } from './config/config.js';
export type { Evaluation, Example, Forgetting, LogLine, Row, Validated } from './runs/log.js';
export { readRun, RUN_FILES, writeRun, type ReadRunOptions, type Run } from './runs/run-file.js';
export {
  readSafetensors,
  writeSafetensors,
  type NamedTensor,
  type OtherTensor,
  type ReadOptions,
  type Safetensors,
} from './runs/safetensors.js';
export {
  learnerOf,
  toWriteDown,
  train,
  usableHere,
  withPlan,
  type TrainOptions,
} from './runs/train.js';
export {
  openWorld,
  type DataFolder,
  type LoadModule,
  type ReadData,
  type Test,
  type World,
} from './config/worlds.js';
export { defineRule } from './rules/define.js';
export type {
  HandwrittenRule,
  HandwrittenSpec,
  Local,
  RuleReference,
} from './rules/handwritten.js';
export { mathmlOfRule } from './rules/mathml.js';
export { RULE_PRESETS, type RulePreset } from './rules/presets.js';
export type {
  Coefficient,
  CoefficientSpec,
  RuleSpec,
  Start,
  State,
  StateSpec,
  WrittenRule,
} from './rules/rule.js';
export {
  defineSystem,
  GRANULARITIES,
  SLOTS,
  type Choice,
  type Convolution,
  type Granularity,
  type Layer,
  type LayerSpec,
  type Shape,
  type Slot,
  type System,
  type SystemSpec,
  type Told,
} from './systems/system.js';
export { defineTasks, type Sample, type Task, type TaskShape } from './tasks/define.js';
export type { Episodes, ImageBank, Normalisation, Origin, TaskSource } from './tasks/episodes.js';
export { fewShotTasks, splitClasses, type FewShotOptions } from './tasks/few-shot.js';
export {
  readIdx,
  readIdxImages,
  type Idx,
  type IdxImagesOptions,
  type IdxOptions,
} from './tasks/idx.js';
export type { Random } from './tasks/random.js';
export {
  sineSequenceTasks,
  sineTasks,
  type SineOptions,
  type SineSequenceOptions,
  type SineSource,
} from './tasks/sine.js';
export { imageStreamTasks, type ImageStreamOptions } from './tasks/stream.js';
