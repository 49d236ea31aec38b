import type { ErrorPathName, Layer, System } from '../systems/system.js';
import { add, addOuter, NONE, times, timesTransposed, transposed } from './algebra.js';
import { activations, losses } from './choices.js';
import { pooledAdjoint, pooledAs } from './convolution.js';
import type { Activities } from './forward.js';
import {
  asFeedback,
  asMatrix,
  atPositions,
  atPositionsAdjoint,
  wayDown,
  wayDownAdjoint,
} from './looks.js';
import { type Weights, zerosLike } from './parameters.js';

/**
 * What carries the error of layer l down to layer l − 1: a matrix M made of W (n_l, n_{l-1}) and B,
 * and the error that it carries. Of a convolution both are those of what one of its neurons sees.
 */
export interface ErrorPath {
  /** The error of the layer `above`, or of the `output`. */
  readonly from: 'above' | 'output';
  /** M (n_{l-1}, n_l), or (n_{l-1}, n_L) from the output. */
  matrix(W: Float64Array, B: Float64Array, layer: Layer): Float64Array;
  /** From dM adds to dW and dB. */
  adjoint(
    W: Float64Array,
    B: Float64Array,
    layer: Layer,
    dM: Float64Array,
    dW: Float64Array,
    dB: Float64Array,
  ): void;
}

/** The error paths (docs/papers.md §2.1, §4). */
export const errorPaths = {
  // Feedback alignment (Lillicrap et al. 2016): M = B.
  chained: {
    from: 'above',
    matrix: (_, B, layer) => asMatrix(layer, B),
    adjoint: (_W, _B, layer, dM, _dW, dB) => add(dB, asFeedback(layer, dM)),
  },
  // M = B, which has a row for every number of x_{l-1}.
  direct: {
    from: 'output',
    matrix: (_, B) => B,
    adjoint: (_W, _B, _layer, dM, _dW, dB) => add(dB, dM),
  },
  // M = |B| ⊙ sign(Wᵀ), where |·|' = sign and sign' = 0.
  'sign-symmetric': {
    from: 'above',
    matrix(W, B, layer) {
      const b = asMatrix(layer, B);
      return transposed(W, layer.fanIn).map((w, ji) => Math.abs(b[ji]!) * Math.sign(w));
    },
    adjoint(W, B, layer, dM, _dW, dB) {
      const b = asMatrix(layer, B);
      const dMatrix = transposed(W, layer.fanIn).map(
        (w, ji) => dM[ji]! * Math.sign(b[ji]!) * Math.sign(w),
      );
      add(dB, asFeedback(layer, dMatrix));
    },
  },
  backprop: {
    from: 'above',
    matrix: (W, _, { fanIn }) => transposed(W, fanIn),
    adjoint: (_W, _B, { fanOut }, dM, dW) => add(dW, transposed(dM, fanOut)),
  },
} satisfies Record<ErrorPathName, ErrorPath>;

/**
 * The errors e_0 … e_L of one sample, empty where none comes; all are empty under direct-rectified
 * feedback (docs/papers.md §2.1, Eq. 24). They are those of neurons, before any pooling.
 *
 *     e_L = error(a, y)
 *     e_{l-1} = up_{l-1} ⊙ φ'(x_{l-1})
 *     up_{l-1} = M_l e_l, or M_l e_L if the path is direct
 *
 * for every layer l that carries on its error. The loss says what the error is: a − y under
 * `squared-error`, and under the others the gradient of the loss, which is a − y under
 * cross-entropy where Σ y = 1. φ' is the hidden neurons' also for x_0, the input or the encoder's
 * activity. A convolution carries its error down at every position, and adds what falls on one
 * pixel; where layer l − 1 has a pool, what comes goes back through that first.
 */
export function errors(
  system: System,
  W: Weights,
  B: Weights,
  activities: Activities,
  target: Float64Array,
): Float64Array[] {
  const e = activities.x.map(() => NONE);
  if (system.feedback === 'direct-rectified' || system.feedback === 'none') return e;
  const depth = system.layers.length;
  const { answer, error } = losses[system.loss];
  const { slope } = activations[system.activation];
  e[depth] = error(answer(activities.x[depth]!), target);
  for (let l = depth; l > 0; l--) {
    if (!system.layers[l - 1]!.carries) continue;
    const { own, back } = descent(system, system.feedback, l, W, B, activities, e);
    e[l - 1] = back.map((d, j) => d * slope(own[j]!));
  }
  return e;
}

/**
 * Adjoint of the errors, from the lowest up. `dE` (e_0 … e_L) arrives with what reads each error
 * directly and is completed here:
 *
 *     dup = de_{l-1} ⊙ φ'(x_{l-1})
 *     dx_{l-1} += de_{l-1} ⊙ up ⊙ φ''(x_{l-1})
 *     dM_l += dup eᵀ
 *     de += M_lᵀ dup
 *     at last da += de_L/da de_L
 */
export function errorsAdjoint(
  system: System,
  W: Weights,
  B: Weights,
  activities: Activities,
  target: Float64Array,
  e: readonly Float64Array[],
  dE: readonly Float64Array[],
  dW: Weights,
  dB: Weights,
  dActivities: Activities,
): void {
  if (system.feedback === 'direct-rectified' || system.feedback === 'none') return;
  const depth = system.layers.length;
  const { slope, curvature } = activations[system.activation];
  for (let l = 1; l <= depth; l++) {
    if (!system.layers[l - 1]!.carries) continue;
    const { layer, path, source, pool, M, own, back } = descent(
      system,
      system.feedback,
      l,
      W,
      B,
      activities,
      e,
    );
    add(
      toldBelow(system, l, dActivities),
      dE[l - 1]!.map((d, j) => d * back[j]! * curvature(own[j]!)),
    );
    const dBack = dE[l - 1]!.map((d, j) => d * slope(own[j]!));
    const dUp = pool ? pooledAs(pool, own, dBack) : dBack;
    const dM = new Float64Array(M.length);
    carriedDownAdjoint(path, layer, M, e[source]!, dUp, dM, dE[source]!);
    path.adjoint(W[l - 1]!, B[l - 1]!, layer, dM, dW[l - 1]!, dB[l - 1]!);
  }
  const { answer, answerAdjoint, errorSlope } = losses[system.loss];
  const dAnswer = dE[depth]!.map(d => errorSlope(target) * d);
  add(dActivities.x[depth]!, answerAdjoint(answer(activities.x[depth]!), dAnswer));
}

/** up = M e, or of a convolution what all its positions carry to x_{l-1}, of that many numbers. */
function carriedDown(
  { from }: ErrorPath,
  layer: Layer,
  M: Float64Array,
  e: Float64Array,
  numbers: number,
): Float64Array {
  return from === 'output' ? times(M, e) : wayDown(layer, M, atPositions(layer, e), numbers);
}

/** Its adjoint: from dup adds to dM and de. */
function carriedDownAdjoint(
  { from }: ErrorPath,
  layer: Layer,
  M: Float64Array,
  e: Float64Array,
  dUp: Float64Array,
  dM: Float64Array,
  dE: Float64Array,
): void {
  if (from === 'output') {
    add(dE, timesTransposed(M, dUp));
    addOuter(dM, dUp, e);
    return;
  }
  const seen = atPositions(layer, e);
  const dSeen = zerosLike(seen);
  wayDownAdjoint(layer, M, seen, dUp, dM, dSeen);
  atPositionsAdjoint(layer, dSeen, dE);
}

/** Activities of the neurons that layer l tells their errors; or their adjoint. */
const toldBelow = ({ encoderLayers }: System, l: number, { x, units }: Activities) =>
  (l - 1 > encoderLayers ? units : x)[l - 1]!;

/** The error of layer l on its way down: M, the activities told, and what comes back to them. */
function descent(
  system: System,
  feedback: keyof typeof errorPaths,
  l: number,
  W: Weights,
  B: Weights,
  activities: Activities,
  e: readonly Float64Array[],
) {
  const way = stage(system, feedback, l);
  const { layer, path, source, pool } = way;
  const M = path.matrix(W[l - 1]!, B[l - 1]!, layer);
  const own = toldBelow(system, l, activities);
  const up = carriedDown(path, layer, M, e[source]!, activities.x[l - 1]!.length);
  return { ...way, M, own, back: pool ? pooledAdjoint(pool, own, up) : up };
}

/** How the error of layer l goes down, whose error `source` it carries, and through which pool. */
function stage(system: System, feedback: keyof typeof errorPaths, l: number) {
  const path: ErrorPath = errorPaths[feedback];
  const below = system.layers[l - 2]?.conv;
  return {
    layer: system.layers[l - 1]!,
    path,
    source: path.from === 'output' ? system.layers.length : l,
    pool: l - 1 > system.encoderLayers && below?.pool ? below : undefined,
  };
}
