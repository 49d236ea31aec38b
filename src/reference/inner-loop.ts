import { writtenOf, type Layer, type System } from '../systems/system.js';
import { add, NONE } from './algebra.js';
import { alignment, alignmentAdjoint } from './alignment.js';
import { birth, birthAdjoint } from './birth.js';
import type { Chance } from './chance.js';
import { losses } from './choices.js';
import type { Sample } from './episode.js';
import { errors, errorsAdjoint } from './errors.js';
import { feedback, feedbackAdjoint } from './feedback.js';
import { type Activities, activitiesZerosLike, forward, forwardAdjoint } from './forward.js';
import { atPositions, atPositionsAdjoint, patches, patchesAdjoint } from './looks.js';
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
import {
  type Look,
  type Neurons,
  neuronStates,
  neuronStatesAdjoint,
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
  const looks = system.layers.map((layer, k) =>
    looksOf(system, layer, W[k]!, now[k]!, before.neuron, seen),
  );
  const changes = system.layers.map((layer, k) =>
    rule
      ? writtenPlasticity(
          system,
          rule,
          layer,
          now[k]!,
          W[k]!,
          before.synapse.map(state => state[k]!),
          looks[k]!,
        )
      : { ...plasticity(system, layer, now[k]!, W[k]!, v[k]!, looks[k]!), synapse: [] },
  );
  const ofBiases = system.layers.map((layer, k) =>
    biasPlasticity(system, layer, now[k]!, before.vBias[k]!, looks[k]!),
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
    neuron: rule ? neuronStates(rule, neuronsOf(now, before, seen)) : [],
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
    activities: seen.activities.map(activitiesZerosLike),
    answer: zerosLike(seen.answer),
    post: seen.post.map(zerosLike),
    error: seen.error.map(zerosLike),
  };
  const dStep = zerosLike(W);
  system.layers.forEach((layer, k) => {
    const x = mirrored(system, seen, chance, k, t);
    const dX = system.mirror === 'noise' ? zerosLike(x) : below(dSeen, k);
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
  if (rule)
    neuronStatesAdjoint(
      rule,
      neuronsOf(now, before, seen),
      dNext.neuron,
      neuronsOf(dNow, dBefore, dSeen),
    );
  system.layers.forEach((layer, k) => {
    const looks = looksOf(system, layer, W[k]!, now[k]!, before.neuron, seen);
    // What a rule as text reads of W it reads as itself, beside what it sees.
    const dOwnW = rule ? dBefore.W[k]! : dSeenW[k]!;
    const dLooks = looks.map(look => lookZerosLike(look, dOwnW, dSeenParameters[k]!));
    if (!rule)
      plasticityAdjoint(
        system,
        layer,
        now[k]!,
        W[k]!,
        v[k]!,
        looks,
        { W: dNext.W[k]!, v: dNext.v[k]!, step: dStep[k]! },
        dBefore.W[k]!,
        dBefore.v[k]!,
        dLooks,
        dNow[k]!,
      );
    else
      writtenPlasticityAdjoint(
        system,
        rule,
        layer,
        now[k]!,
        before.synapse.map(state => state[k]!),
        looks,
        { W: dNext.W[k]!, synapse: dNext.synapse.map(state => state[k]!) },
        dBefore.W[k]!,
        dBefore.synapse.map(state => state[k]!),
        dLooks,
        dNow[k]!,
      );
    biasPlasticityAdjoint(
      system,
      layer,
      now[k]!,
      before.vBias[k]!,
      looks,
      { b: dNext.b[k]!, v: dNext.vBias[k]! },
      dBefore.vBias[k]!,
      dLooks,
      dNow[k]!,
    );
    looksAdjoint(system, layer, dLooks, dSeen, dBefore.neuron);
  });
  if (system.firstOrder) return;
  const { answerAdjoint } = losses[system.loss];
  batch.forEach(({ y }, b) => {
    const of = seen.activities[b]!;
    const d = dSeen.activities[b]!;
    add(d.x.at(-1)!, answerAdjoint(seen.answer[b]!, dSeen.answer[b]!));
    feedbackAdjoint(system, now, B, of, y, dSeen.post[b]!, dSeenB, d, dSeenParameters);
    errorsAdjoint(system, W, B, of, y, seen.error[b]!, dSeen.error[b]!, dSeenW, dSeenB, d);
    forwardAdjoint(system, W, of, d, dSeenW, dSeenParameters);
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
 * What a batch shows, or its adjoint: activities, what written rules take x_L for, the answer,
 * post-synaptic activities 1 … L and errors e_0 … e_L, (batch)(…).
 */
interface Observation {
  readonly activities: readonly Activities[];
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
  const activities = batch.map(({ x }) => forward(system, parameters, W, x));
  return {
    activities,
    answer: activities.map(({ x }) => losses[system.loss].answer(x.at(-1)!)),
    post: batch.map(({ y }, b) => feedback(system, parameters, B, activities[b]!, y)),
    error: batch.map(({ y }, b) => errors(system, W, B, activities[b]!, y)),
  };
}

/** What the synapses of a plastic layer see, look by look: those of a sample, then of the next. */
function looksOf(
  system: System,
  layer: Layer,
  W: Float64Array,
  { b, theta }: LayerParameters,
  neuron: Fast['neuron'],
  seen: Observation,
): Look[] {
  if (!layer.plastic) return [];
  const states = neuron.map(state => atPositions(layer, state[layer.index]!));
  const statesBelow = neuron.map(state => patches(layer, state[layer.index - 1]!));
  return seen.activities.flatMap((_, sample) => {
    const of = sampleOf(system, layer, seen, sample);
    const pre = patches(layer, of.pre);
    const post = atPositions(layer, of.post);
    const errorBelow = patches(layer, of.errorBelow);
    const error = atPositions(layer, of.error);
    return atPositions(layer, of.x).map((x, look) => ({
      W,
      b,
      theta,
      pre: pre[look]!,
      post: post[look]!,
      errorBelow: errorBelow[look]!,
      error: error[look]!,
      x,
      neuron: states.map(state => state[look]!),
      neuronBelow: statesBelow.map(state => state[look]!),
    }));
  });
}

/** From the adjoint of the looks adds to that of what is seen, and of neurons' states. */
function looksAdjoint(
  system: System,
  layer: Layer,
  dLooks: readonly Look[],
  dSeen: Observation,
  dNeuron: Fast['neuron'],
): void {
  if (!layer.plastic) return;
  const { index, positions } = layer;
  dSeen.activities.forEach((_, sample) => {
    const d = dLooks.slice(sample * positions, (sample + 1) * positions);
    const into = sampleOf(system, layer, dSeen, sample);
    const down = (of: (look: Look) => Float64Array, dBelow: Float64Array) =>
      patchesAdjoint(layer, d.map(of), dBelow);
    const own = (of: (look: Look) => Float64Array, dUnits: Float64Array) =>
      atPositionsAdjoint(layer, d.map(of), dUnits);
    down(({ pre }) => pre, into.pre);
    down(({ errorBelow }) => errorBelow, into.errorBelow);
    own(({ post }) => post, into.post);
    own(({ error }) => error, into.error);
    own(({ x }) => x, into.x);
    dNeuron.forEach((state, q) => {
      own(({ neuron }) => neuron[q]!, state[index]!);
      down(({ neuronBelow }) => neuronBelow[q]!, state[index - 1]!);
    });
  });
}

/** What a layer sees of one sample, or its adjoint. No neuron below a pool has an error to see. */
function sampleOf(
  { layers, encoderLayers }: System,
  { index }: Layer,
  { activities, answer, post, error }: Observation,
  sample: number,
) {
  const { x, units } = activities[sample]!;
  const pools = index - 1 > encoderLayers && layers[index - 2]!.conv?.pool;
  return {
    pre: x[index - 1]!,
    x: index === layers.length ? answer[sample]! : units[index]!,
    post: post[sample]![index - 1]!,
    errorBelow: pools ? NONE : error[sample]![index - 1]!,
    error: error[sample]![index]!,
  };
}

/** Where the adjoint of one look adds: to its own, but of W and parameters to what all share. */
const lookZerosLike = (look: Look, dW: Float64Array, { b, theta }: LayerParameters): Look => ({
  W: dW,
  b,
  theta,
  pre: new Float64Array(look.pre.length),
  post: new Float64Array(look.post.length),
  errorBelow: new Float64Array(look.errorBelow.length),
  error: new Float64Array(look.error.length),
  x: new Float64Array(look.x.length),
  neuron: zerosLike(look.neuron),
  neuronBelow: zerosLike(look.neuronBelow),
});

/** What states of neurons are changed by; or, made of adjoints, where theirs add. */
const neuronsOf = (
  parameters: readonly LayerParameters[],
  { neuron }: Fast,
  { activities, answer }: Observation,
): Neurons => ({
  states: neuron,
  x: activities.map(({ x }, b) => [...x.slice(0, -1), answer[b]!]),
  coefficients: parameters[0]!.coefficients,
});

/** What the mirror of layers[k] shows, (batch)(x_{l-1}). */
function mirrored(
  system: System,
  seen: Observation,
  chance: Chance,
  k: number,
  t: number,
): Float64Array[] {
  return system.mirror === 'noise' && system.layers[k]!.aligned
    ? seen.activities.map((_, b) => chance.mirror(k, t, b))
    : below(seen, k);
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

/** The activity below layers[k], of every sample. */
const below = ({ activities }: Observation, k: number): Float64Array[] =>
  activities.map(({ x }) => x[k]!);
