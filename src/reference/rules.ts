import type { Choice, System } from '../systems/system.js';
import { add, outer, times, timesTransposed } from './algebra.js';
import { pool } from './pool.js';

/**
 * What is local to the synapses of one layer during one sample; or its adjoint. What a system does
 * not have is empty.
 */
export interface Local {
  /** Weights before the step (n_l, n_{l-1}), and biases (n_l). */
  readonly W: Float64Array;
  readonly b: Float64Array;
  /** Coefficients of the pool's terms. */
  readonly theta: Float64Array;
  /** Activity below (n_{l-1}), and what the neurons are told to be (n_l). */
  readonly pre: Float64Array;
  readonly post: Float64Array;
  /** Errors of the layer below (n_{l-1}), and of this one (n_l). */
  readonly errorBelow: Float64Array;
  readonly error: Float64Array;
}

/** How a synapse changes for one sample: H_ij − κ_i W_ij. */
export interface Rule {
  /** H (n_l, n_{l-1}). */
  drive(local: Local, system: System): Float64Array;
  /** κ (n_l). */
  decay(local: Local, system: System): Float64Array;
  /** From dH and dκ adds to `dLocal`. The W in κ_i W_ij is not the rule's business. */
  adjoint(
    local: Local,
    system: System,
    dDrive: Float64Array,
    dDecay: Float64Array,
    dLocal: Local,
  ): void;
}

/** H = post preᵀ (docs/papers.md §1.1). */
const drive: Rule['drive'] = ({ post, pre }) => outer(post, pre);
const driveAdjoint = ({ post, pre }: Local, dDrive: Float64Array, dLocal: Local) => {
  add(dLocal.post, times(dDrive, pre));
  add(dLocal.pre, timesTransposed(dDrive, post));
};

export const rules = {
  // κ_i = post_i² (Oja 1982).
  oja: {
    drive,
    decay: ({ post }) => post.map(y => y * y),
    adjoint(local, _, dDrive, dDecay, dLocal) {
      driveAdjoint(local, dDrive, dLocal);
      add(
        dLocal.post,
        dDecay.map((d, i) => 2 * local.post[i]! * d),
      );
    },
  },
  hebb: {
    drive,
    decay: noDecay,
    adjoint: (local, _, dDrive, _dDecay, dLocal) => driveAdjoint(local, dDrive, dLocal),
  },
  // Descent on the loss of the sample, if the errors are its gradient: H = −e preᵀ
  // (docs/papers.md §4).
  gradient: {
    drive: ({ error, pre }) => outer(error, pre, -1),
    decay: noDecay,
    adjoint({ error, pre }, _, dDrive, _dDecay, dLocal) {
      add(dLocal.error, times(dDrive, pre), -1);
      add(dLocal.pre, timesTransposed(dDrive, error), -1);
    },
  },
  pool,
} satisfies Record<Choice<'rule'>, Rule>;

function noDecay({ post }: Local): Float64Array {
  return new Float64Array(post.length);
}
