import {
  Learner,
  type Adaptation,
  type Episodes,
  type Gpu,
  type Metrics,
  type Tensor,
  imageStreamTasks,
} from 'metaplastic';
import { SIDE } from 'metaplastic/symbols';
import { symbolBank } from 'metaplastic/symbols';
import { WAYS, type Way, type WayName } from './ways.js';

export const CLASSES = 20;
export const SIZES = [SIDE * SIDE, 64, 32, CLASSES];
/** Inner steps between two looks at the network, images in a step, and looks in a life. */
export const STRIDE = 4,
  BATCH = 8,
  LOOKS = 60;
const DRAWINGS = 40,
  QUERIES = 100;

/** What a look at a network shows. Angles in degrees by layer, 1 … 3; null where there is none. */
export interface Look {
  readonly images: number;
  readonly accuracy: number;
  readonly loss: number;
  /** Between the change of the weights since the look before, and the true gradient there. */
  readonly update: readonly (number | null)[];
  /** Between the error that the neurons are told and that of backprop. */
  readonly error: readonly (number | null)[];
  /** Between what carries the error down and the transpose of what carried the activity up. */
  readonly weights: readonly (number | null)[];
}

/** The seed of the symbols, and which of them are symbol k of a life's seed. */
export const UNSEEN = 0x5eed;
export const symbolOf = (seed: number, k: number) => CLASSES * seed + k;
const drawings = (seed: number) =>
  symbolBank({ seed: UNSEEN, classes: CLASSES, each: DRAWINGS, first: symbolOf(seed, 0) });

/**
 * A network from scratch, which sees made-up symbols and learns them one way: a look at it before
 * it learns, then after every STRIDE steps. Networks of the same seed are born with the same
 * weights and see the same drawings.
 */
export async function* live(
  gpu: Gpu,
  name: WayName,
  seed: number,
  rate: number,
): AsyncGenerator<Look> {
  const way: Way = WAYS[name];
  const bank = drawings(seed);
  const stream = imageStreamTasks({
    bank,
    steps: STRIDE * LOOKS,
    batch: BATCH,
    queries: QUERIES,
  }).episodes(seed, 0, 1);
  const learner = await Learner.create(gpu, {
    system: { ...way.system, sizes: SIZES },
    episode: { steps: STRIDE, batch: BATCH, queries: QUERIES, bank },
    tasks: 1,
    seed,
    initial: { weights: 'xavier', feedback: 'xavier', eta: rate, ...way.initial?.(rate) },
  });
  try {
    let from: Adaptation | undefined;
    for (let k = 0; k < LOOKS; k++) {
      from = await learner.adapt(segment(stream, k), { moments: [0, STRIDE], metrics: true, from });
      const { accuracies, losses, metrics } = from;
      for (const moment of k ? [1] : [0, 1])
        yield look(
          (k + moment) * STRIDE * BATCH,
          accuracies!.data[moment]!,
          losses.data[moment]!,
          metrics!,
          moment,
        );
    }
  } finally {
    learner.destroy();
  }
}

/** Part k of a stream of one task, as an episode of its own. */
function segment(stream: Episodes, k: number): Episodes {
  const part = <A extends Float32Array | Uint32Array>(all: A, width: number) =>
    all.slice(k * STRIDE * BATCH * width, (k + 1) * STRIDE * BATCH * width) as A;
  return {
    ...stream,
    steps: STRIDE,
    supportX: part(stream.supportX, 1),
    supportY: part(stream.supportY, CLASSES),
  };
}

function look(
  images: number,
  accuracy: number,
  loss: number,
  { layers, updateAngle, errorAngle, weightAngle }: Metrics,
  moment: number,
): Look {
  const of = ({ data: angles }: Tensor) =>
    layers
      .map((_, l) => angles[moment * layers.length + l]!)
      .map(angle => (Number.isFinite(angle) ? angle : null));
  return {
    images,
    accuracy,
    loss,
    update: of(updateAngle),
    error: of(errorAngle),
    weights: of(weightAngle),
  };
}
