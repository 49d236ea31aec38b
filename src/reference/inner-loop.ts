import { writtenOf, type System } from '../systems/system.js';
import { add } from './algebra.js';
import { alignment, alignmentAdjoint } from './alignment.js';
import { birth, birthAdjoint } from './birth.js';
import type { Chance } from './chance.js';
import { losses } from './choices.js';
import type { Sample } from './episode.js';
import { errors, errorsAdjoint } from './errors.js';
import { feedback, feedbackAdjoint } from './feedback.js';
import { forward, forwardAdjoint } from './forward.js';
import {
  type Fast,
  type LayerParameters,
  type Weights,
  withBiases,
  zerosLike,
} from './parameters.js';
import {
  biasPlasticity,
  biasPlasticityAdjoint,
  plasticity,
  plasticityAdjoint,
} from './plasticity.js';
import type { Local } from '../rules/handwritten.js';
import {
  neuronStates,
  neuronStatesAdjoint,
  type Surroundings,
  writtenPlasticity,
  writtenPlasticityAdjoint,
} from './written.js';

/**
 * Inner step t on a batch: forward → feedback → plasticity, and alignment of the feedback weights.
 * Every layer changes at once, by what was seen under the W and B from before the step; feedback
 * weights that are drawn anew for every step are so before it.
 */
export function innerStep(
  system: System,
  parameters: readonly LayerParameters[],
  before: Fast,
  batch: readonly Sample[],
  chance: Chance,
  t: number,
): Fast {
  const { W, v } = before;
  const B = feedbackAt(system, before, chance, t);
  const now = withBiases(parameters, before.b);
  const seen = observe(system, now, W, B, batch);
  const rule = writtenOf(system);
  const around = surroundings(now, before, seen);
  const changes =
    rule === undefined
      ? system.layers.map((layer, k) => ({
          ...plasticity(system, layer, now[k]!, W[k]!, v[k]!, locals(W, now, seen, k)),
          synapse: [],
        }))
      : system.layers.map(layer => writtenPlasticity(system, rule, layer, around));
  const ofBiases = system.layers.map((layer, k) =>
    biasPlasticity(system, layer, now[k]!, before.vBias[k]!, locals(W, now, seen, k)),
  );
  const aligned = system.layers.map((layer, k) =>
    alignment(
      system,
      layer,
      now[k]!,
      W[k]!,
      B[k]!,
      mirrored(system, seen, chance, k, t),
      changes[k]!.step,
      t,
    ),
  );
  const toFeedback = system.feedbackRule === 'kolen-pollack';
  return {
    W: changes.map((change, k) =>
      toFeedback || !system.layers[k]!.plastic
        ? change.W
        : noisy(system, change.W, 'W', chance, k, t),
    ),
    B: aligned.map((next, k) =>
      toFeedback && system.layers[k]!.aligned ? noisy(system, next, 'B', chance, k, t) : next,
    ),
    v: changes.map(change => change.v),
    b: ofBiases.map(change => change.W),
    vBias: ofBiases.map(change => change.v),
    synapse: before.synapse.map((_, q) => changes.map(change => change.synapse[q]!)),
    neuron: rule ? neuronStates(rule, around) : [],
  };
}

/**
 * Adjoint of one inner step, stages in reverse: from `dNext`, that of what is fast after the step,
 * adds to `dBefore`, that of what was before it, and to `dParameters`. First-order, what was seen
 * (activities, told activities, errors, and what rules make of them) is held constant.
 */
export function innerStepAdjoint(
  system: System,
  parameters: readonly LayerParameters[],
  before: Fast,
  batch: readonly Sample[],
  chance: Chance,
  t: number,
  dNext: Fast,
  dBefore: Fast,
  dParameters: readonly LayerParameters[],
): void {
  const { W, v } = before;
  const B = feedbackAt(system, before, chance, t);
  const now = withBiases(parameters, before.b);
  const dNow = withBiases(dParameters, dBefore.b);
  const seen = observe(system, now, W, B, batch);
  const dSeen: Observation = {
    x: seen.x.map(zerosLike),
    answer: zerosLike(seen.answer),
    post: seen.post.map(zerosLike),
    error: seen.error.map(zerosLike),
  };
  const dStep = zerosLike(W);
  system.layers.forEach((layer, k) => {
    const x = mirrored(system, seen, chance, k, t);
    const dX = system.mirror === 'noise' ? zerosLike(x) : atLayer(dSeen.x, k);
    alignmentAdjoint(
      system,
      layer,
      now[k]!,
      W[k]!,
      B[k]!,
      x,
      t,
      dNext.B[k]!,
      dBefore.W[k]!,
      dBefore.B[k]!,
      dX,
      dStep[k]!,
      dNow[k]!,
    );
  });
  const dSeenW = zerosLike(W);
  const dSeenB = zerosLike(B);
  const dSeenParameters = dParameters.map(dP => ({ ...dP, b: new Float64Array(dP.b.length) }));
  const rule = writtenOf(system);
  const around = surroundings(now, before, seen);
  const dAround = surroundings(dNow, dBefore, dSeen);
  if (rule) neuronStatesAdjoint(rule, around, dNext.neuron, dAround);
  system.layers.forEach((layer, k) => {
    const local = locals(W, now, seen, k);
    const dLocal = locals(dSeenW, dSeenParameters, dSeen, k);
    if (!rule)
      plasticityAdjoint(
        system,
        layer,
        now[k]!,
        W[k]!,
        v[k]!,
        local,
        { W: dNext.W[k]!, v: dNext.v[k]!, step: dStep[k]! },
        dBefore.W[k]!,
        dBefore.v[k]!,
        dLocal,
        dNow[k]!,
      );
    else writtenPlasticityAdjoint(system, rule, layer, around, dNext, dAround);
    biasPlasticityAdjoint(
      system,
      layer,
      now[k]!,
      before.vBias[k]!,
      local,
      { b: dNext.b[k]!, v: dNext.vBias[k]! },
      dBefore.vBias[k]!,
      dLocal,
      dNow[k]!,
    );
  });
  if (system.firstOrder) return;
  const { answerAdjoint } = losses[system.loss];
  batch.forEach(({ y }, b) => {
    const x = seen.x[b]!;
    const dX = dSeen.x[b]!;
    add(dX.at(-1)!, answerAdjoint(seen.answer[b]!, dSeen.answer[b]!));
    feedbackAdjoint(system, now, B, x, y, dSeen.post[b]!, dSeenB, dX, dSeenParameters);
    errorsAdjoint(system, W, B, x, y, seen.error[b]!, dSeen.error[b]!, dSeenW, dSeenB, dX);
    forwardAdjoint(system, now, W, x, dX, dSeenW, dSeenParameters);
  });
  dNow.forEach((dP, k) => {
    add(dBefore.W[k]!, dSeenW[k]!);
    add(dBefore.B[k]!, dSeenB[k]!);
    add(dP.b, dSeenParameters[k]!.b);
  });
}

/** The inner loop: what is fast along a support stream of T steps, from birth on. */
export function adapt(
  system: System,
  parameters: readonly LayerParameters[],
  support: readonly (readonly Sample[])[],
  chance: Chance,
): Fast[] {
  const trajectory: Fast[] = [birth(system, parameters, chance)];
  support.forEach((batch, t) =>
    trajectory.push(innerStep(system, parameters, trajectory[t]!, batch, chance, t)),
  );
  return trajectory;
}

/**
 * Adjoint of the inner loop. `dTrajectory` arrives with what reads each moment directly, and is
 * completed from the last step back, to birth.
 */
export function adaptAdjoint(
  system: System,
  parameters: readonly LayerParameters[],
  support: readonly (readonly Sample[])[],
  trajectory: readonly Fast[],
  chance: Chance,
  dTrajectory: readonly Fast[],
  dParameters: readonly LayerParameters[],
): void {
  for (let t = support.length - 1; t >= 0; t--) {
    innerStepAdjoint(
      system,
      parameters,
      trajectory[t]!,
      support[t]!,
      chance,
      t,
      dTrajectory[t + 1]!,
      dTrajectory[t]!,
      dParameters,
    );
  }
  birthAdjoint(dTrajectory[0]!, dParameters);
}

/**
 * What a batch shows, or its adjoint: activities x_0 … x_L, what written rules take x_L for, the
 * answer, post-synaptic activities 1 … L and errors e_0 … e_L, (batch)(…).
 */
interface Observation {
  readonly x: readonly (readonly Float64Array[])[];
  readonly answer: readonly Float64Array[];
  readonly post: readonly (readonly Float64Array[])[];
  readonly error: readonly (readonly Float64Array[])[];
}

function observe(
  system: System,
  parameters: readonly LayerParameters[],
  W: Weights,
  B: Weights,
  batch: readonly Sample[],
): Observation {
  const x = batch.map(sample => forward(system, parameters, W, sample.x));
  return {
    x,
    answer: x.map(of => losses[system.loss].answer(of.at(-1)!)),
    post: batch.map(({ y }, b) => feedback(system, parameters, B, x[b]!, y)),
    error: batch.map(({ y }, b) => errors(system, W, B, x[b]!, y)),
  };
}

/** What the synapses of layers[k] see of each sample; or, made of adjoints, where theirs add. */
function locals(
  W: Weights,
  parameters: readonly LayerParameters[],
  { x, post, error }: Observation,
  k: number,
): Local[] {
  const { b, theta } = parameters[k]!;
  return x.map((_, s) => ({
    W: W[k]!,
    b,
    theta,
    pre: x[s]![k]!,
    post: post[s]![k]!,
    errorBelow: error[s]![k]!,
    error: error[s]![k + 1]!,
  }));
}

/** What the expressions of a written rule read; or, made of adjoints, where theirs add. */
const surroundings = (
  parameters: readonly LayerParameters[],
  fast: Fast,
  { x, answer, post, error }: Observation,
): Surroundings => ({
  fast,
  parameters,
  x: x.map((of, b) => [...of.slice(0, -1), answer[b]!]),
  post,
  error,
});

/** What the mirror of layers[k] shows, (batch)(n_{l-1}). */
function mirrored(
  system: System,
  { x }: Observation,
  chance: Chance,
  k: number,
  t: number,
): Float64Array[] {
  return system.mirror === 'noise' && system.layers[k]!.aligned
    ? x.map((_, b) => chance.mirror(k, t, b))
    : atLayer(x, k);
}

/** B in inner step t: what is fast, or drawn anew. */
export function feedbackAt(system: System, before: Fast, chance: Chance, t: number): Weights {
  if (system.feedbackWeights !== 'drawn-every-step') return before.B;
  return system.layers.map(({ carries }, k) =>
    carries ? chance.weights('B', k, t) : before.B[k]!,
  );
}

function noisy(
  system: System,
  weights: Float64Array,
  kind: 'W' | 'B',
  chance: Chance,
  k: number,
  t: number,
): Float64Array {
  if (!system.noise) return weights;
  const noise = chance.noise(kind, k, t);
  return weights.map((w, i) => w + system.noise * noise[i]!);
}

/** Entry k of every sample: x[b][k] is the activity below layers[k]. */
function atLayer(perSample: readonly (readonly Float64Array[])[], k: number): Float64Array[] {
  return perSample.map(arrays => arrays[k]!);
}
