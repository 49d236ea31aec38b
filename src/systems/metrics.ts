import type { Tensor } from '../tensor.js';

/**
 * What the network looks like from inside at each moment: (tasks, moments, layers inside the
 * lifetime); angles in degrees, 0 … 180; NaN where a system has no such thing, or one of two
 * vectors has no length. e_l are the errors of layer l's neurons, and ē_l their mean over the query
 * set. A convolution's neurons are those of all its positions, before pooling; W and B its kernels.
 */
export interface Metrics<Numbers = Tensor> {
  /** Indices of the layers, from 1. */
  readonly layers: readonly number[];
  /**
   * ∠(M_l, W_lᵀ), M_l what carries the error of layer l down: B_l, |B_l| ⊙ sign(W_lᵀ), or W_lᵀ. NaN
   * for layers that carry none, and below the output where the path is direct.
   */
  readonly weightAngle: Numbers;
  /**
   * ∠(ē_l, ē_l of backprop), both with the weights of the moment (docs/papers.md §2.4); 0 for the
   * output layer, NaN under direct-rectified feedback.
   */
  readonly errorAngle: Numbers;
  /**
   * ∠(W_l − W_l at the moment before, −∇ of the query loss at the moment before). NaN at the first
   * moment, and for frozen layers.
   */
  readonly updateAngle: Numbers;
  /**
   * E_l = Σ over queries ‖z_l − W_l W_lᵀ φ(z_l)‖², φ the system's activation also at the output
   * (Shervani-Tabar & Rosenbaum 2023, Eqs. 11–12). NaN for convolutions.
   */
  readonly orthonormality: Numbers;
  /**
   * ‖W_l‖, ‖B_l‖ (NaN without B), and ‖ē_l‖ along the system's path (NaN under direct-rectified
   * feedback).
   */
  readonly weightNorm: Numbers;
  readonly feedbackNorm: Numbers;
  readonly errorNorm: Numbers;
}
