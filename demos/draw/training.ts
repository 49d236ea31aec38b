import {
  adam,
  fewShotTasks,
  Learner,
  type Episodes,
  type Gpu,
  type ImageBank,
  type TaskSource,
} from 'metaplastic';
import { random } from '../symbols/random.js';
import { raster } from 'metaplastic/symbols';
import { bankOf, symbolBank } from 'metaplastic/symbols';
import { ICONS, pen, type Icon } from './icons.js';
import { TRAINED, WAYS, type Trained } from './learners.js';

/** Symbols for meta-training, symbols that only the test sees, and drawings of each. */
const SYMBOLS = { training: 2000, test: 300, each: 12 };
const SHOTS = 5,
  TASKS = 16,
  TEST_TASKS = 200;

type Order = 'mixed' | 'oneAfterAnother' | 'inRounds';
/**
 * The same tasks shuffled; symbol after symbol; and one drawing of each symbol before the next of
 * any.
 */
export type InEveryOrder = Readonly<Record<Order, TaskSource>>;

function inEveryOrder(bank: ImageBank, classes: readonly number[]): InEveryOrder {
  const source = (order: 'iid' | 'continual') =>
    fewShotTasks({ bank, classes, ways: WAYS, shots: SHOTS, queriesPerClass: 5, order });
  const oneAfterAnother = source('continual');
  return {
    mixed: source('iid'),
    oneAfterAnother,
    inRounds: {
      ...oneAfterAnother,
      episodes: (...asked) => inRounds(oneAfterAnother.episodes(...asked)),
    },
  };
}

/**
 * Streams that come symbol after symbol, with one drawing of each symbol before the next of any.
 */
function inRounds(episodes: Episodes): Episodes {
  const { tasks, steps, supportX, supportY } = episodes;
  const from = Array.from(
    { length: tasks * steps },
    (_, k) => k - (k % steps) + (k % WAYS) * SHOTS + Math.floor((k % steps) / WAYS),
  );
  return {
    ...episodes,
    supportX: Uint32Array.from(from, at => supportX[at]!),
    supportY: Float32Array.from(
      { length: supportY.length },
      (_, k) => supportY[from[Math.floor(k / WAYS)]! * WAYS + (k % WAYS)]!,
    ),
  };
}

/** Made-up symbols, none of them in both. */
export function symbolTasks(): { readonly training: InEveryOrder; readonly test: InEveryOrder } {
  const bank = symbolBank({
    seed: 1,
    classes: SYMBOLS.training + SYMBOLS.test,
    each: SYMBOLS.each,
  });
  const all = Array.from({ length: bank.classes }, (_, c) => c);
  return {
    training: inEveryOrder(bank, all.slice(0, SYMBOLS.training)),
    test: inEveryOrder(bank, all.slice(SYMBOLS.training)),
  };
}

/** The pictures of `icons.ts`, by another hand than the generator's. */
export function pictureTasks(): InEveryOrder {
  const icons = Object.keys(ICONS) as Icon[];
  const all = icons.map((_, c) => c);
  return inEveryOrder(
    bankOf(icons.length, SYMBOLS.each, (icon, example) =>
      raster(pen(icons[icon]!, random(example, icon))),
    ),
    all,
  );
}

/**
 * Asked early too: after one drawing of each symbol, after two, and at the end, and how much each
 * counts.
 */
const EARLY = { moments: [WAYS, 2 * WAYS, SHOTS * WAYS], momentWeights: [0.25, 0.25, 0.5] };

/**
 * Meta-trains a network on five drawings each of five symbols, one drawing a step, in each order in
 * turn.
 */
export async function metaTrain(
  gpu: Gpu,
  name: Trained,
  tell: (metaStep: number, accuracy: number) => void,
): Promise<Learner> {
  const { system, initial, rates, steps, early } = TRAINED[name];
  const { mixed, oneAfterAnother, inRounds } = symbolTasks().training;
  const orders = early ? [mixed, oneAfterAnother, inRounds] : [mixed, oneAfterAnother];
  const learner = await Learner.create(gpu, {
    system,
    initial,
    optimiser: adam({ rates, schedule: { kind: 'cosine', floor: 0.05, steps } }),
    episode: mixed,
    tasks: TASKS,
    clipPerTask: 10,
    adjoint: 'store',
    ...(early && EARLY),
  });
  let accuracy = 1 / WAYS;
  for (let m = 0; m < steps; m++) {
    const tasks = orders[m % orders.length]!.episodes(1, m * TASKS, TASKS);
    const step = await learner.step(tasks);
    accuracy += 0.02 * (step.accuracy! - accuracy);
    if ((m + 1) % 50 === 0) tell(m + 1, accuracy);
  }
  return learner;
}

/**
 * Accuracy on drawings that were not taught: after one drawing of each symbol, and after five of
 * each, shuffled or symbol after symbol.
 */
export type Examined = Readonly<Record<'one' | 'mixed' | 'oneAfterAnother', number>>;

export async function examine(learner: Learner, tasks: InEveryOrder): Promise<Examined> {
  const accuracy = async (order: Order, after: number) => {
    const { accuracies } = await learner.adapt(tasks[order].episodes(2, 0, TEST_TASKS), {
      moments: [after],
    });
    const { data } = accuracies!;
    return Number((data.reduce((sum, a) => sum + a, 0) / data.length).toFixed(4));
  };
  return {
    one: await accuracy('inRounds', WAYS),
    mixed: await accuracy('mixed', SHOTS * WAYS),
    oneAfterAnother: await accuracy('oneAfterAnother', SHOTS * WAYS),
  };
}
