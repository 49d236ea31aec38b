/**
 * A meta-batch of lifetimes: for each task a support stream (T inner steps of a batch of samples) and a query set.
 * Inputs are numbers, or indices into a bank of images that lives once on the GPU.
 */
export interface Episodes {
  readonly tasks: number;
  /** T ≥ 1. */
  readonly steps: number;
  /** Samples per inner step, ≥ 1. */
  readonly batch: number;
  readonly queries: number;
  /** (tasks, steps, batch, n_0) numbers, or (tasks, steps, batch) image indices. */
  readonly supportX: Float32Array | Uint32Array;
  /** (tasks, steps, batch, n_L); one-hot for classification. */
  readonly supportY: Float32Array;
  /** (tasks, queries, n_0) numbers, or (tasks, queries) image indices. */
  readonly queryX: Float32Array | Uint32Array;
  /** (tasks, queries, n_L). */
  readonly queryY: Float32Array;
}

/** Images of one size, grey levels in [0, 1], row-major; `labels[i]` is the class of image i, 0 … classes − 1. */
export interface ImageBank {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** (count, height, width) as bytes, 0 … 255 for 0 … 1. */
  readonly pixels: Uint8Array;
  readonly labels: Uint16Array;
  readonly classes: number;
}

/** Where tasks come from. Task number i of a seed is always the same lifetime, whoever asks for it and in whatever chunk. */
export interface TaskSource {
  readonly inputs: number;
  readonly outputs: number;
  readonly steps: number;
  readonly batch: number;
  readonly queries: number;
  /** The images that `supportX` and `queryX` index, if they are indices. */
  readonly bank?: ImageBank;
  /** Tasks `first` … `first + count − 1` of the stream of this seed. */
  episodes(seed: number, first: number, count: number): Episodes;
}
