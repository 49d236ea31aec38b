import type { Local, RuleReference as Rule } from '../rules/handwritten.js';
import type { Choice } from '../systems/system.js';
import { add, outer, times, timesTransposed } from './algebra.js';
import { pool } from './pool.js';

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
