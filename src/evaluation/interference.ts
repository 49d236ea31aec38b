import { part, type Tensor } from '../tensor.js';
import { MetaplasticError } from '../errors.js';
import type { Learner } from '../learner/learner.js';
import { losses as lossOf } from '../reference/choices.js';
import type { Episodes } from '../tasks/episodes.js';

/** What one update from an example does to the others. */
export interface Interference {
  readonly tasks: number;
  readonly examples: number;
  /** (tasks, examples) loss on each example before the update. */
  readonly losses: Tensor;
  /**
   * I, (tasks, examples a, examples b): how much the loss on b rises by the update from a. Negative
   * where a helps b; on the diagonal what a does for itself.
   */
  readonly changes: Tensor;
}

/**
 * How much updates interfere with each other. Every lifetime lives the first `after` inner steps of
 * its support stream (default: all of them). Then it makes one more inner step, from example a
 * alone, and is asked every example b: I[a][b] = loss on b after that step − loss on b before it.
 * This is done for every a, always from the same weights. The examples of a lifetime are its query
 * set.
 *
 * The step from a is an inner step like any other, number `after` of the lifetime; where inner
 * steps take a batch, the whole batch is a, so under the reduction `sum` the update is `batch`
 * times as large. The losses are those of single examples, computed from the predictions.
 *
 * The definition is this library's: Lindsey & Litwin-Kumar (2020) find that updates by their rule
 * interfere less than those of gradient descent, but their measure could not be read.
 */
export async function interference(
  learner: Learner,
  lifetimes: Episodes,
  after: number = lifetimes.steps,
): Promise<Interference> {
  const { tasks, steps, batch, queries: examples, supportX, supportY, queryX, queryY } = lifetimes;
  const { sizes, loss } = learner.system;
  if (!Number.isInteger(after) || after < 0 || after > steps)
    throw new MetaplasticError({
      where: 'interference.after',
      expected: `a whole number of inner steps, 0 … ${steps}`,
      got: `${after}`,
    });
  const outputs = sizes.at(-1)!;
  const inputs = queryX.length / (tasks * examples);
  const { value } = lossOf[loss];
  const ending = (a: number): Episodes => ({
    ...lifetimes,
    steps: after + 1,
    supportX: endingWith(supportX, queryX, {
      tasks,
      examples,
      batch,
      kept: after * batch,
      all: steps * batch,
      a,
      width: inputs,
    }),
    supportY: endingWith(supportY, queryY, {
      tasks,
      examples,
      batch,
      kept: after * batch,
      all: steps * batch,
      a,
      width: outputs,
    }),
  });

  const losses = new Float32Array(tasks * examples);
  const changes = new Float32Array(tasks * examples * examples);
  // One call an example, and not one for all: task i has its number in every call, and so is born
  // with the same weights and meets the same noise.
  for (let a = 0; a < examples; a++) {
    const { predictions } = await learner.adapt(ending(a), { moments: [after, after + 1] });
    for (let task = 0; task < tasks; task++)
      for (let b = 0; b < examples; b++) {
        const target = Float64Array.from(
          queryY.subarray((task * examples + b) * outputs, (task * examples + b + 1) * outputs),
        );
        const [before, then] = [0, 1].map(k =>
          value(Float64Array.from(part(part(part(predictions, task), k), b).data), target),
        ) as [number, number];
        losses[task * examples + b] = before;
        changes[(task * examples + a) * examples + b] = then - before;
      }
  }
  return {
    tasks,
    examples,
    losses: { data: losses, shape: [tasks, examples] },
    changes: { data: changes, shape: [tasks, examples, examples] },
  };
}

/**
 * The first `kept` samples of every support stream, then a batch of example `a` of the query set
 * alone.
 */
function endingWith<A extends Float32Array | Uint32Array>(
  support: A,
  query: A,
  {
    tasks,
    examples,
    batch,
    kept,
    all,
    a,
    width,
  }: {
    readonly tasks: number;
    readonly examples: number;
    readonly batch: number;
    readonly kept: number;
    readonly all: number;
    readonly a: number;
    readonly width: number;
  },
): A {
  const streams = new (support.constructor as new (length: number) => A)(
    tasks * (kept + batch) * width,
  );
  for (let task = 0; task < tasks; task++) {
    const at = task * (kept + batch) * width;
    const example = (task * examples + a) * width;
    streams.set(support.subarray(task * all * width, (task * all + kept) * width), at);
    for (let b = 0; b < batch; b++)
      streams.set(query.subarray(example, example + width), at + (kept + b) * width);
  }
  return streams;
}
