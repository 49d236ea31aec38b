import { Learner, type Gpu } from 'metaplastic';

/** Examples (x, y) in the order in which they are learned. */
export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** What a learner predicts after 0, 1, … examples. */
export interface Course {
  /** (after)(grid) predictions at the places of `GRID`. */
  readonly curves: readonly (readonly number[])[];
  /** (after) mean squared error on all of the examples, seen or not. */
  readonly errors: readonly number[];
}

/** One lifetime, as two learners live it. */
export interface Life {
  readonly plastic: Course;
  readonly descent: Course;
}

/** The seed of the sines that the page shows: no meta-training of it sees them. */
export const UNSEEN = 0x5eed;

export const RANGE = 5;
export const GRID: readonly number[] = Array.from(
  { length: 101 },
  (_, k) => -RANGE + (2 * RANGE * k) / 100,
);

/**
 * Lives the examples: by the learner's own plasticity, and by gradient descent from the same
 * weights at birth.
 */
export async function live(
  learner: Learner,
  descent: Learner,
  points: Points,
  rate: number,
): Promise<Life> {
  const parameters = await learner.parameters();
  const inherited = Object.entries(parameters).filter(([name]) => /^[Wb]\d/.test(name));
  descent.write({ ...Object.fromEntries(inherited), eta: [rate] });
  return { plastic: await course(learner, points), descent: await course(descent, points) };
}

/** The same network learning by gradient descent on the same synapses, at one rate. */
export function descentOf(gpu: Gpu, { system }: Learner, steps: number): Promise<Learner> {
  const { sizes, activation } = system;
  return Learner.create(gpu, {
    system: { preset: 'maml', sizes, activation, eta: 'network' },
    episode: { steps, batch: 1, queries: 1 },
    tasks: 1,
  });
}

async function course(learner: Learner, { x, y }: Points): Promise<Course> {
  const steps = x.length;
  const queries = GRID.length + steps;
  const moments = Array.from({ length: steps + 1 }, (_, t) => t);
  const { predictions } = await learner.adapt(
    {
      tasks: 1,
      steps,
      batch: 1,
      queries,
      supportX: Float32Array.from(x),
      supportY: Float32Array.from(y),
      queryX: Float32Array.from([...GRID, ...x]),
      queryY: new Float32Array(queries),
    },
    { moments },
  );
  const asked = moments.map(t => predictions.data.subarray(t * queries, (t + 1) * queries));
  return {
    curves: asked.map(all => [...all.subarray(0, GRID.length)]),
    errors: asked.map(
      all => y.reduce((sum, v, k) => sum + (all[GRID.length + k]! - v) ** 2, 0) / steps,
    ),
  };
}
