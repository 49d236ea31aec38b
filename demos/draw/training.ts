import { fewShotTasks, Learner, random, type Episodes, type Gpu, type ImageBank, type TaskSource } from 'metaplastic';
import { rateAt } from '../../src/run/config.js';
import { raster } from '../symbols/strokes.js';
import { bankOf, symbolBank } from '../symbols/symbols.js';
import { ICONS, pen, type Icon } from './icons.js';
import { TRAINED, WAYS, type Trained } from './learners.js';

/** Symbols for meta-training, symbols that only the test sees, and drawings of each. */
const SYMBOLS = { training: 2000, test: 300, each: 12 };
const SHOTS = 5, TASKS = 16, TEST_TASKS = 200;

type Order = 'iid' | 'continual';
/** The same tasks shuffled, and symbol after symbol. */
export type InBothOrders = Readonly<Record<Order, TaskSource>>;

const inBothOrders = (bank: ImageBank, classes: readonly number[]): InBothOrders => {
  const source = (order: Order) => fewShotTasks({ bank, classes, ways: WAYS, shots: SHOTS, queriesPerClass: 5, order });
  return { iid: source('iid'), continual: source('continual') };
};

/** Made-up symbols, none of them in both. */
export function symbolTasks(): { readonly training: InBothOrders; readonly test: InBothOrders } {
  const bank = symbolBank({ seed: 1, classes: SYMBOLS.training + SYMBOLS.test, each: SYMBOLS.each }), all = Array.from({ length: bank.classes }, (_, c) => c);
  return { training: inBothOrders(bank, all.slice(0, SYMBOLS.training)), test: inBothOrders(bank, all.slice(SYMBOLS.training)) };
}

/** The pictures of `icons.ts`, by another hand than the generator's. */
export function pictureTasks(): InBothOrders {
  const icons = Object.keys(ICONS) as Icon[], all = icons.map((_, c) => c);
  return inBothOrders(bankOf(icons.length, SYMBOLS.each, (icon, example) => raster(pen(icons[icon]!, random(example, icon)))), all);
}

/** Meta-trains a network on five drawings each of five symbols, one drawing a step: shuffled in even meta-steps, symbol after symbol in odd ones. */
export async function metaTrain(gpu: Gpu, name: Trained, steps: number, tell: (metaStep: number, accuracy: number) => void): Promise<Learner> {
  const { system, initial, rates } = TRAINED[name], { training } = symbolTasks(), orders = [training.iid, training.continual] as const;
  const learner = await Learner.create(gpu, { system, initial, rates, episode: training.iid, tasks: TASKS, clipPerTask: 10, adjoint: 'store' });
  let accuracy = 1 / WAYS;
  for (let m = 0; m < steps; m++) {
    const step = await learner.step(orders[m % 2]!.episodes(1, m * TASKS, TASKS), rateAt({ kind: 'cosine', floor: 0.05 }, m, steps));
    accuracy += 0.02 * (step.accuracy - accuracy);
    if ((m + 1) % 50 === 0) tell(m + 1, accuracy);
  }
  return learner;
}

/** Accuracy on drawings that were not taught: after one drawing of each symbol, and after five of each, shuffled or symbol after symbol. */
export type Examined = Readonly<Record<'one' | Order, number>>;

export async function examine(learner: Learner, tasks: InBothOrders): Promise<Examined> {
  const mean = ({ accuracies }: { readonly accuracies: Float32Array }) => Number((accuracies.reduce((sum, a) => sum + a, 0) / accuracies.length).toFixed(4));
  const [iid, continual] = [tasks.iid.episodes(2, 0, TEST_TASKS), tasks.continual.episodes(2, 0, TEST_TASKS)];
  return { one: mean(await learner.adapt(firstShots(continual))), iid: mean(await learner.adapt(iid)), continual: mean(await learner.adapt(continual)) };
}

/** The first drawing of each symbol, of streams that come symbol after symbol. */
function firstShots(episodes: Episodes): Episodes {
  const { tasks, supportX, supportY } = episodes, outputs = supportY.length / supportX.length;
  const first = Array.from({ length: tasks * WAYS }, (_, k) => k * SHOTS);
  return {
    ...episodes, steps: WAYS, supportX: Uint32Array.from(first, at => supportX[at]!),
    supportY: Float32Array.from({ length: first.length * outputs }, (_, k) => supportY[first[Math.floor(k / outputs)]! * outputs + k % outputs]!),
  };
}
