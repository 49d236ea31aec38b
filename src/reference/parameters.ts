import type { Layout } from '../inner/layout.js';
import type { System } from '../systems/system.js';

/** The meta-parameters of one layer as views into a flat array; a tensor that the layer does not have is empty. */
export interface LayerParameters {
  /** Initial weights (n_l, n_{l-1}). */
  readonly W: Float64Array;
  /** Biases (n_l); meta-learned, never plastic. */
  readonly b: Float64Array;
  /** Feedback weights (n_l, n_L). */
  readonly B: Float64Array;
  /** Feedback biases (n_l). */
  readonly c: Float64Array;
  /** Plasticity coefficients: (n_l, n_{l-1}), (n_l, 1) or (1, 1). At granularity `network` every layer views the same number. */
  readonly alpha: Float64Array;
  readonly alphaShape: readonly [rows: number, columns: number];
  /** Feedback strength (1), or empty. */
  readonly beta: Float64Array;
}

/** Views of `flat` (layout.size), layer by layer. Given a gradient, its views are where the adjoints add. */
export function layerParameters(system: System, layout: Layout, flat: Float64Array): LayerParameters[] {
  const view = (name: string) => {
    const tensor = layout.get(name);
    return tensor ? flat.subarray(tensor.offset, tensor.offset + tensor.size) : flat.subarray(0, 0);
  };
  let mixed = 0;
  return system.layers.map(({ index, told }) => {
    const alpha = system.alpha === 'network' ? 'alpha' : `alpha${index}`;
    return {
      W: view(`W${index}`), b: view(`b${index}`), B: view(`B${index}`), c: view(`c${index}`),
      alpha: view(alpha), alphaShape: (layout.get(alpha)?.shape ?? [0, 0]) as [number, number],
      beta: told === 'mixed' ? view('beta').subarray(mixed, ++mixed) : flat.subarray(0, 0),
    };
  });
}

/** The fast weights of every layer, (n_l, n_{l-1}) each; or their adjoint. */
export type Weights = readonly Float64Array[];

/** Zeros of the same shapes. */
export function zerosLike(arrays: readonly Float64Array[]): Float64Array[] {
  return arrays.map(a => new Float64Array(a.length));
}
