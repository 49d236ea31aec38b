import { checkStream, type Episodes, type TaskSource } from './episodes.js';
import { random, type Random } from './random.js';

/** The arrays of a meta-batch, zeros until tasks are drawn into them. */
export type Arrays = Pick<Episodes, 'supportX' | 'supportY' | 'queryX' | 'queryY'>;

/**
 * A source of tasks of this shape, from how one is drawn: `draw` fills the part of the arrays that
 * task `task` of the meta-batch has, with nothing but the task's own random numbers. `where` is the
 * public function, for errors.
 */
export function sourceOf(
  shape: Omit<TaskSource, 'episodes'>,
  where: string,
  draw: (r: Random, task: number, into: Arrays) => void,
): TaskSource {
  const { inputs, outputs, steps, batch, queries, bank } = shape;
  const width = bank ? 1 : inputs;
  const numbers = (samples: number) =>
    bank ? new Uint32Array(samples) : new Float32Array(samples * width);
  return {
    ...shape,
    episodes(seed, first, count) {
      const perTask = (steps * batch + queries) * (width + outputs);
      checkStream(seed, first, count, `${where}.episodes`, perTask);
      const seen = count * steps * batch;
      const asked = count * queries;
      const arrays: Arrays = {
        supportX: numbers(seen),
        supportY: new Float32Array(seen * outputs),
        queryX: numbers(asked),
        queryY: new Float32Array(asked * outputs),
      };
      for (let task = 0; task < count; task++) draw(random(seed, first + task), task, arrays);
      return { tasks: count, steps, batch, queries, ...arrays, origin: { seed, first } };
    },
  };
}
