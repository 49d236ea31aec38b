import { MetaplasticError } from '../errors.js';
import type { Layout } from '../parameters/layout.js';
import type { Metrics } from '../systems/metrics.js';
import { ruleOf, type Layer, type System } from '../systems/system.js';
import { affine, dot, times, timesTransposed, transposed } from './algebra.js';
import { type Chance, chanceOf } from './chance.js';
import { activations } from './choices.js';
import { type ReferenceEpisodes, type Sample, unpack } from './episode.js';
import { errorPaths, errors } from './errors.js';
import { type Activities, forward } from './forward.js';
import { adapt, feedbackAt } from './inner-loop.js';
import { queryLossAdjoint } from './loss.js';
import type { ReferenceOptions } from './meta-gradient.js';
import {
  type Fast,
  type LayerParameters,
  layerParameters,
  type Weights,
  withBiases,
  zerosLike,
} from './parameters.js';

/** One number a layer, by the name of the metric. */
type Look = Record<Exclude<keyof Metrics, 'layers'>, number>;

/**
 * What the network looks like from inside at the moments, in float64 from the trajectory of every
 * lifetime.
 */
export function referenceMetrics(
  system: System,
  layout: Layout,
  parameters: Float64Array,
  episodes: ReferenceEpisodes,
  { moments = [episodes.steps], bank }: ReferenceOptions = {},
): Metrics<Float64Array> {
  if (parameters.length !== layout.size)
    throw new MetaplasticError({
      where: 'parameters',
      expected: `${layout.size} numbers, the size of the layout`,
      got: `${parameters.length}`,
    });
  const p = layerParameters(system, layout, parameters);
  const inside = system.layers.slice(system.encoderLayers);
  const looks = unpack(system, episodes, bank).flatMap(({ support, queries }, task) => {
    const chance = chanceOf(system, episodes, task);
    const trajectory = adapt(system, p, support, chance);
    return moments.flatMap((t, k) => {
      const seen = observe(system, p, trajectory[t]!, queries, chance, t);
      const earlier = k === 0 ? undefined : trajectory[moments[k - 1]!]!;
      const before = earlier?.W;
      const uphill = earlier && queryGradient(system, layout, p, earlier, queries);
      return inside.map((layer): Look => ({
        ...look(system, withBiases(p, trajectory[t]!.b), layer, seen),
        updateAngle:
          before && uphill && layer.plastic
            ? updateAngle(seen.W, before, uphill, layer.index - 1)
            : NaN,
      }));
    });
  });
  const all = (metric: keyof Look) => Float64Array.from(looks, of => of[metric]);
  return {
    layers: inside.map(l => l.index),
    weightAngle: all('weightAngle'),
    errorAngle: all('errorAngle'),
    updateAngle: all('updateAngle'),
    orthonormality: all('orthonormality'),
    weightNorm: all('weightNorm'),
    feedbackNorm: all('feedbackNorm'),
    errorNorm: all('errorNorm'),
  };
}

/**
 * The weights of a moment, and what the queries show under them: activities, and errors along the
 * system's path and by backprop, (queries)(0 … L)(…).
 */
interface Seen {
  readonly W: Weights;
  readonly B: Weights;
  readonly activities: readonly Activities[];
  readonly error: readonly (readonly Float64Array[])[];
  readonly backprop: readonly (readonly Float64Array[])[];
}

function observe(
  system: System,
  p: readonly LayerParameters[],
  fast: Fast,
  queries: readonly Sample[],
  chance: Chance,
  t: number,
): Seen {
  const { W } = fast;
  const B = feedbackAt(system, fast, chance, t);
  const activities = queries.map(({ x }) => forward(system, withBiases(p, fast.b), W, x));
  const along = (path: System) => queries.map(({ y }, q) => errors(path, W, B, activities[q]!, y));
  return {
    W,
    B,
    activities,
    error: along(system),
    backprop: along({ ...system, feedback: 'backprop' }),
  };
}

/** Layer l's part of ∇ query loss, for every layer. */
function queryGradient(
  system: System,
  layout: Layout,
  p: readonly LayerParameters[],
  { W, b }: Fast,
  queries: readonly Sample[],
): Weights {
  const gradient = zerosLike(W);
  queryLossAdjoint(
    system,
    withBiases(p, b),
    W,
    queries,
    1,
    gradient,
    layerParameters(system, layout, new Float64Array(layout.size)),
  );
  return gradient;
}

const updateAngle = (W: Weights, before: Weights, uphill: Weights, k: number) =>
  angle(
    W[k]!.map((w, i) => w - before[k]![i]!),
    uphill[k]!.map(g => -g),
  );

function look(
  system: System,
  p: readonly LayerParameters[],
  layer: Layer,
  { W, B, activities, error, backprop }: Seen,
): Omit<Look, 'updateAngle'> {
  const k = layer.index - 1;
  const w = W[k]!;
  const output = layer.index === system.layers.length;
  const own = mean(error.map(e => e[k + 1]!));
  const known = mean(backprop.map(e => e[k + 1]!));
  const blind = ruleOf(system).from !== 'error';
  return {
    weightAngle:
      layer.carries && (system.feedback !== 'direct' || output)
        ? angle(carrier(system, layer, w, B[k]!), transposed(w, layer.fanIn))
        : NaN,
    errorAngle: blind ? NaN : angle(own, known),
    orthonormality: layer.conv
      ? NaN
      : activities.reduce((sum, { x }) => sum + missed(system, w, p[k]!.b, x[k]!), 0),
    weightNorm: norm(w),
    errorNorm: blind ? NaN : norm(own),
    feedbackNorm:
      layer.told === 'mixed' || (layer.carries && system.feedback !== 'backprop')
        ? norm(B[k]!)
        : NaN,
  };
}

/** ‖z − W Wᵀ φ(z)‖², z = W x + b. */
function missed(system: System, W: Float64Array, b: Float64Array, x: Float64Array): number {
  const z = affine(W, b, x);
  const recalled = times(W, timesTransposed(W, z.map(activations[system.activation].value)));
  return norm(z.map((zi, i) => zi - recalled[i]!)) ** 2;
}

/** M_l, (n_{l-1}, n_l). */
function carrier(system: System, layer: Layer, W: Float64Array, B: Float64Array): Float64Array {
  if (system.feedback === 'direct-rectified' || system.feedback === 'none')
    throw new MetaplasticError({
      where: 'metrics',
      expected: 'a path that carries errors',
      got: system.feedback,
    });
  return errorPaths[system.feedback].matrix(W, B, layer);
}

const mean = (vectors: readonly Float64Array[]): Float64Array =>
  vectors[0]!.map((_, i) => vectors.reduce((sum, v) => sum + v[i]!, 0) / vectors.length);

const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));

/**
 * In degrees: 2 atan(‖â − b̂‖ / ‖â + b̂‖) of the unit vectors (Kahan), which is exact also near 0°
 * and 180°; NaN where a vector has no length.
 */
export function angle(a: Float64Array, b: Float64Array): number {
  const lengths = [norm(a), norm(b)] as const;
  if (lengths.includes(0)) return NaN;
  const [u, v] = [a.map(x => x / lengths[0]), b.map(x => x / lengths[1])] as const;
  return (
    (360 / Math.PI) * Math.atan2(norm(u.map((x, i) => x - v[i]!)), norm(u.map((x, i) => x + v[i]!)))
  );
}
