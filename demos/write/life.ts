import { sineTasks, type Episodes, type Learner, type RunConfig, type World } from 'metaplastic';
import type { LearnerName } from './tasks.js';

/** The seed of the tasks that the page shows: no meta-training of it sees them. */
export const UNSEEN = 0x5eed;

/** Examples of a lifetime that are shown: of longer ones only the beginning. */
const MOST = 50;
const RANGE = 5;
export const GRID: readonly number[] = Array.from(
  { length: 81 },
  (_, k) => -RANGE + (2 * RANGE * k) / 80,
);

/** A task that no meta-training saw: a sine and points of it, or symbols and drawings of them. */
export type Shown =
  | {
      readonly kind: 'sine';
      readonly x: readonly number[];
      readonly y: readonly number[];
      readonly amplitude: number;
      readonly phase: number;
    }
  | {
      readonly kind: 'symbols';
      readonly side: number;
      /** Grey levels 0 … 255 of the drawings in the order in which they are taught. */
      readonly drawings: readonly (readonly number[])[];
      readonly labels: readonly number[];
      readonly ways: number;
    };

/** What a learner makes of the task after 0, 1, … examples. */
export interface Course {
  /** (after) error on all points of a sine, or share of the drawings asked that it recognises. */
  readonly scores: readonly number[];
  /** (after)(grid) what it predicts at the places of `GRID`; of symbols nothing. */
  readonly curves: readonly (readonly number[])[];
  /** (after)(symbol) share of the drawings asked of each symbol; of sines nothing. */
  readonly known: readonly (readonly number[])[];
}

export interface Life {
  readonly shown: Shown;
  readonly courses: Readonly<Partial<Record<LearnerName, Course>>>;
}

/** The number-th unseen task of a run, as the page shows it and as a learner lives it. */
export interface Unseen {
  readonly shown: Shown;
  readonly episodes: Episodes;
  readonly moments: readonly number[];
}

export function unseenTask({ task }: RunConfig, { bank, tests }: World, number: number): Unseen {
  return bank ? drawn(bank, tests[0]!.source, number) : sine(task, number);
}

function sine(task: RunConfig['task'], number: number): Unseen {
  const steps = task.kind === 'sine' ? Math.min(task.steps, MOST) : MOST;
  const source = sineTasks({ steps, queries: 1 });
  const { supportX, supportY } = source.episodes(UNSEEN, number, 1);
  const { amplitude, phase } = source.sinesOf(UNSEEN, number)[0]!;
  const queries = GRID.length + steps;
  return {
    shown: { kind: 'sine', x: [...supportX], y: [...supportY], amplitude, phase },
    moments: Array.from({ length: steps + 1 }, (_, t) => t),
    episodes: {
      tasks: 1,
      steps,
      batch: 1,
      queries,
      supportX,
      supportY,
      queryX: Float32Array.from([...GRID, ...supportX]),
      queryY: new Float32Array(queries),
    },
  };
}

function drawn(
  { width, height, pixels }: NonNullable<World['bank']>,
  source: World['train'],
  number: number,
): Unseen {
  const episodes = source.episodes(UNSEEN, number, 1);
  const { steps, batch, supportX, supportY, queryY } = episodes;
  const size = width * height;
  const ways = queryY.length / episodes.queries;
  const labels = Array.from({ length: steps * batch }, (_, k) =>
    supportY.subarray(k * ways, (k + 1) * ways).indexOf(1),
  );
  const shown = Math.min(steps, MOST);
  return {
    shown: {
      kind: 'symbols',
      side: width,
      drawings: Array.from(supportX.subarray(0, shown * batch), image => [
        ...pixels.subarray(image * size, (image + 1) * size),
      ]),
      labels: labels.slice(0, shown * batch),
      ways,
    },
    moments: Array.from({ length: shown + 1 }, (_, t) => t),
    episodes,
  };
}

/** Lives the task from birth. */
export async function courseOf(learner: Learner, unseen: Unseen): Promise<Course> {
  const { shown, episodes, moments } = unseen;
  const { predictions, accuracies } = await learner.adapt(episodes, { moments });
  const outputs = predictions.shape.at(-1)!;
  const answers = moments.map((_, k) =>
    predictions.data.subarray(k * episodes.queries * outputs, (k + 1) * episodes.queries * outputs),
  );
  if (shown.kind === 'sine')
    return {
      scores: answers.map(
        all =>
          shown.y.reduce((sum, y, k) => sum + (all[GRID.length + k]! - y) ** 2, 0) / shown.y.length,
      ),
      curves: answers.map(all => [...all.subarray(0, GRID.length)]),
      known: [],
    };
  return {
    scores: [...accuracies!.data],
    curves: [],
    known: answers.map(all => knownOf(all, episodes, outputs)),
  };
}

/** Of each symbol, the share of the drawings asked of it that are given to it. */
function knownOf(answers: Float32Array, { queries, queryY }: Episodes, ways: number): number[] {
  const right = new Array<number>(ways).fill(0);
  const asked = new Array<number>(ways).fill(0);
  for (let q = 0; q < queries; q++) {
    const symbol = queryY.subarray(q * ways, (q + 1) * ways).indexOf(1);
    const own = answers.subarray(q * ways, (q + 1) * ways);
    asked[symbol]!++;
    if (own.every((z, k) => k === symbol || z < own[symbol]!)) right[symbol]!++;
  }
  return right.map((n, k) => n / Math.max(1, asked[k]!));
}
