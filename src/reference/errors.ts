import type { ErrorPathName, Layer, System } from '../systems/system.js';
import { add, addOuter, NONE, times, timesTransposed, transposed } from './algebra.js';
import { activations, losses } from './choices.js';
import type { Weights } from './parameters.js';

/**
 * What carries the error of layer l down to layer l − 1: a matrix M made of W (n_l, n_{l-1}) and B,
 * and the error that it carries.
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

/** Feedback alignment (Lillicrap et al. 2016): M = B. */
const alignment: Omit<ErrorPath, 'from'> = {
  matrix: (_, B) => B,
  adjoint: (_W, _B, _layer, dM, _dW, dB) => add(dB, dM),
};

/** The error paths (docs/papers.md §2.1, §4). */
export const errorPaths = {
  chained: { from: 'above', ...alignment },
  direct: { from: 'output', ...alignment },
  // M = |B| ⊙ sign(Wᵀ), where |·|' = sign and sign' = 0.
  'sign-symmetric': {
    from: 'above',
    matrix: (W, B, { fanIn }) =>
      transposed(W, fanIn).map((w, ij) => Math.abs(B[ij]!) * Math.sign(w)),
    adjoint: (W, B, { fanIn }, dM, _dW, dB) =>
      add(
        dB,
        transposed(W, fanIn).map((w, ij) => dM[ij]! * Math.sign(B[ij]!) * Math.sign(w)),
      ),
  },
  backprop: {
    from: 'above',
    matrix: (W, _, { fanIn }) => transposed(W, fanIn),
    adjoint: (_W, _B, { fanOut }, dM, dW) => add(dW, transposed(dM, fanOut)),
  },
} satisfies Record<ErrorPathName, ErrorPath>;

/**
 * The errors e_0 … e_L of one sample, empty where none comes; all are empty under direct-rectified
 * feedback (docs/papers.md §2.1, Eq. 24).
 *
 *     e_L = error(a, y)
 *     e_{l-1} = up_{l-1} ⊙ φ'(x_{l-1})
 *     up_{l-1} = M_l e_l, or M_l e_L if the path is direct
 *
 * for every layer l that carries on its error. The loss says what the error is: a − y under
 * `squared-error`, and under the others the gradient of the loss, which is a − y under
 * cross-entropy where Σ y = 1. φ' is the hidden neurons' also for x_0, the input or the encoder's
 * activity.
 */
export function errors(
  system: System,
  W: Weights,
  B: Weights,
  x: readonly Float64Array[],
  target: Float64Array,
): Float64Array[] {
  const e = x.map(() => NONE);
  if (system.feedback === 'direct-rectified' || system.feedback === 'none') return e;
  const depth = system.layers.length;
  const { slope } = activations[system.activation];
  const { answer, error } = losses[system.loss];
  e[depth] = error(answer(x[depth]!), target);
  for (let l = depth; l > 0; l--) {
    const { layer, path, source } = stage(system, system.feedback, l);
    if (layer.carries)
      e[l - 1] = times(path.matrix(W[l - 1]!, B[l - 1]!, layer), e[source]!).map(
        (up, j) => up * slope(x[l - 1]![j]!),
      );
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
  x: readonly Float64Array[],
  target: Float64Array,
  e: readonly Float64Array[],
  dE: readonly Float64Array[],
  dW: Weights,
  dB: Weights,
  dX: readonly Float64Array[],
): void {
  if (system.feedback === 'direct-rectified' || system.feedback === 'none') return;
  const depth = system.layers.length;
  const { slope, curvature } = activations[system.activation];
  for (let l = 1; l <= depth; l++) {
    const { layer, path, source } = stage(system, system.feedback, l);
    const below = x[l - 1]!;
    if (!layer.carries) continue;
    const M = path.matrix(W[l - 1]!, B[l - 1]!, layer);
    const up = times(M, e[source]!);
    const dM = new Float64Array(M.length);
    const dUp = dE[l - 1]!.map((d, j) => d * slope(below[j]!));
    add(
      dX[l - 1]!,
      dE[l - 1]!.map((d, j) => d * up[j]! * curvature(below[j]!)),
    );
    add(dE[source]!, timesTransposed(M, dUp));
    addOuter(dM, dUp, e[source]!);
    path.adjoint(W[l - 1]!, B[l - 1]!, layer, dM, dW[l - 1]!, dB[l - 1]!);
  }
  const { answer, answerAdjoint, errorSlope } = losses[system.loss];
  const dAnswer = dE[depth]!.map(d => errorSlope(target) * d);
  add(dX[depth]!, answerAdjoint(answer(x[depth]!), dAnswer));
}

/** How the error of layer l goes down, and whose error `source` it carries. */
function stage(system: System, feedback: keyof typeof errorPaths, l: number) {
  const path: ErrorPath = errorPaths[feedback];
  return {
    layer: system.layers[l - 1]!,
    path,
    source: path.from === 'output' ? system.layers.length : l,
  };
}
