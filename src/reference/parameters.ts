import { coefficientName, type Layout } from '../parameters/layout.js';
import { ruleOf, writtenOf, type System } from '../systems/system.js';
import { NONE } from './algebra.js';

/**
 * The meta-parameters of one layer as views into a flat array; a tensor that the layer does not
 * have is empty. What layers share, every layer views.
 */
export interface LayerParameters {
  /** Initial weights (n_l, n_{l-1}); of a convolution (channels, channels below · kernel²). */
  readonly W: Float64Array;
  /** Initial biases (n_l), or those of a moment. */
  readonly b: Float64Array;
  /**
   * Initial feedback weights: direct-rectified (neurons, n_L); of an error path (n_{l-1}, n_l), of
   * a convolution (channels below, channels, kernel²), or (n_{l-1}, n_L) if it is direct.
   */
  readonly B: Float64Array;
  /** Feedback biases (neurons). */
  readonly c: Float64Array;
  /** Plasticity coefficients α or learning rates η: (n_l, n_{l-1}), (n_l, 1) or (1, 1). */
  readonly rate: Float64Array;
  readonly rateShape: readonly [rows: number, columns: number];
  /** The same of plastic biases: (n_l, 1) or (1, 1). */
  readonly biasRate: Float64Array;
  readonly biasRateShape: readonly [rows: number, columns: number];
  /** Coefficients of the pool's terms (terms). */
  readonly theta: Float64Array;
  /** Feedback strength (1). */
  readonly beta: Float64Array;
  /** Weight decay λ (1) and momentum μ (1) of pseudo-gradient descent. */
  readonly weightDecay: Float64Array;
  readonly momentum: Float64Array;
  /** Coefficients of the feedback rule's primitives (primitives), and its rate (1). */
  readonly k: Float64Array;
  readonly etaB: Float64Array;
  /**
   * Coefficients of a written rule in the order of their declaration: (n_l, n_{l-1}), (n_l), or one;
   * a frozen layer has only those of the network.
   */
  readonly coefficients: readonly Float64Array[];
}

/**
 * Views of `flat` (layout.size), layer by layer. Given a gradient, its views are where the adjoints
 * add.
 */
export function layerParameters(
  system: System,
  layout: Layout,
  flat: Float64Array,
): LayerParameters[] {
  const view = (name: string) => {
    const tensor = layout.get(name);
    return tensor ? flat.subarray(tensor.offset, tensor.offset + tensor.size) : NONE;
  };
  const { coefficient } = ruleOf(system);
  let mixed = 0;
  const written = writtenOf(system)?.coefficients ?? [];
  return system.layers.map(layer => {
    const { index, told } = layer;
    const of = coefficient ?? '';
    const name = system.granularity === 'network' ? of : `${of}${index}`;
    const isTheta = coefficient === 'theta';
    const own = `${of}Bias${index}`;
    const ofBias = layout.get(own) ? own : name;
    /** As rows and columns: of kernels of a convolution a row for each channel. */
    const shape = (name: string): [rows: number, columns: number] => {
      const {
        shape: [rows],
        size,
      } = layout.get(name) ?? { shape: [1], size: 0 };
      return [rows!, size / rows!];
    };
    return {
      W: view(`W${index}`),
      b: view(`b${index}`),
      B: view(`B${index}`),
      c: view(`c${index}`),
      rate: isTheta ? NONE : view(name),
      rateShape: shape(name),
      biasRate: isTheta ? NONE : view(ofBias),
      biasRateShape: shape(ofBias),
      theta: isTheta ? view(name) : NONE,
      beta: told === 'mixed' ? view('beta').subarray(mixed, ++mixed) : NONE,
      weightDecay: view('weightDecay'),
      momentum: view('momentum'),
      k: view('k'),
      etaB: view('etaB'),
      coefficients: written.map(({ name, per }) =>
        view(coefficientName(name, per === 'network' ? undefined : layer)),
      ),
    };
  });
}

/** One matrix a layer, such as the fast weights (n_l, n_{l-1}); or their adjoint. */
export type Weights = readonly Float64Array[];

/**
 * What changes within a lifetime, or its adjoint: a matrix for each layer, empty where the layer
 * has none.
 */
export interface Fast {
  /** Weights (n_l, n_{l-1}). */
  readonly W: Weights;
  /** Feedback weights. */
  readonly B: Weights;
  /** Momentum's moving sum of updates, of W's shape. */
  readonly v: Weights;
  /** Biases (n_l), which change if they are plastic, and momentum's moving sum of theirs. */
  readonly b: Weights;
  readonly vBias: Weights;
  /** States of synapses by a written rule's state, of W's shape; empty where a layer is frozen. */
  readonly synapse: readonly Weights[];
  /** States of neurons by state: those of x_0 … x_L, empty within an encoder. */
  readonly neuron: readonly Weights[];
}

/**
 * The parameters of a moment, whose biases are those of then; of adjoints, where those of the
 * moment add.
 */
export const withBiases = (parameters: readonly LayerParameters[], b: Weights): LayerParameters[] =>
  parameters.map((p, k) => ({ ...p, b: b[k]! }));

/** Zeros of the shapes of all that is fast: where adjoints add. */
export const fastZerosLike = ({ W, B, v, b, vBias, synapse, neuron }: Fast): Fast => ({
  W: zerosLike(W),
  B: zerosLike(B),
  v: zerosLike(v),
  b: zerosLike(b),
  vBias: zerosLike(vBias),
  synapse: synapse.map(zerosLike),
  neuron: neuron.map(zerosLike),
});

/** Zeros of the same shapes. */
export function zerosLike(arrays: readonly Float64Array[]): Float64Array[] {
  return arrays.map(a => new Float64Array(a.length));
}
