import { afterAll, expect, test } from 'vitest';
import { defineSystem, type SystemSpec } from '../../src/systems/system.js';
import { Learner } from '../../src/learner/learner.js';
import type { Episodes } from '../../src/tasks/episodes.js';
import { random } from '../../src/tasks/random.js';
import { useGpu } from '../kernels/open.js';

// The table of docs/conventions.md: an inner step of MAML as PyTorch and JAX make it, written out in
// plain loops, against ours at the rate that the table gives.

const under = useGpu();
const [inputs, hidden, outputs] = [3, 5, 4] as const;
const [steps, batch] = [3, 2] as const;
const rate = 0.02;
const MOMENTUM = 0.5;
const WEIGHT_DECAY = 0.1;

type Matrix = number[][];
const r = random(1, 0);
const matrix = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, r.normal));
const W1 = matrix(hidden, inputs);
const W2 = matrix(outputs, hidden);
const b1 = matrix(1, hidden)[0]!;
const b2 = matrix(1, outputs)[0]!;
const xs = Array.from({ length: steps }, () => matrix(batch, inputs));
const numbers = Array.from({ length: steps }, () => matrix(batch, outputs));
/** Class probabilities of no certain class: label smoothing by 0.1. */
const smoothed = numbers.map(ys =>
  ys.map(() => {
    const label = r.below(outputs);
    return Array.from({ length: outputs }, (_, o) => 0.1 / outputs + (o === label ? 0.9 : 0));
  }),
);

/** d loss / d output of a batch (batch, outputs), by the name that PyTorch gives to the loss. */
const LOSSES: Record<string, (output: Matrix, y: Matrix) => Matrix> = {
  'mse_loss(reduction="mean")': (output, y) =>
    output.map((row, b) => row.map((x, o) => (2 * (x - y[b]![o]!)) / (batch * outputs))),
  'mse_loss(reduction="sum")': (output, y) =>
    output.map((row, b) => row.map((x, o) => 2 * (x - y[b]![o]!))),
  '0.5 * mse_loss(reduction="sum")': (output, y) =>
    output.map((row, b) => row.map((x, o) => x - y[b]![o]!)),
  'cross_entropy(reduction="mean")': (output, y) =>
    crossEntropy(output, y).map(row => row.map(d => d / batch)),
  'cross_entropy(reduction="sum")': (output, y) => crossEntropy(output, y),
};

function crossEntropy(output: Matrix, y: Matrix): Matrix {
  return output.map((row, b) => {
    const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
    const weight = y[b]!.reduce((sum, yo) => sum + yo, 0);
    return row.map((x, o) => (weight * Math.exp(x)) / total - y[b]![o]!);
  });
}

/** Activities of the hidden layer and outputs for inputs (batch, inputs). */
function forward(
  W: readonly Matrix[],
  x: Matrix,
  b: readonly number[][] = [b1, b2],
): { h: Matrix; output: Matrix } {
  const times = (of: Matrix, bias: number[], input: number[]) =>
    of.map((row, i) => row.reduce((sum, w, j) => sum + w * input[j]!, bias[i]!));
  const h = x.map(input => times(W[0]!, b[0]!, input).map(z => Math.max(z, 0)));
  return { h, output: h.map(input => times(W[1]!, b[1]!, input)) };
}

/**
 * Steps of `torch.optim.SGD(parameters, lr, momentum, weight_decay)` on a ReLU network, whose biases
 * (2, neurons) are among the parameters or not.
 */
function descend(
  loss: string,
  targets: readonly Matrix[],
  momentum: number,
  weightDecay: number,
  withBiases: boolean,
): { W: Matrix[]; b: Matrix } {
  const W = [W1, W2].map(of => of.map(row => [...row]));
  const biases = [b1, b2].map(of => [...of]);
  const learned = withBiases ? [...W, biases] : W;
  const v = learned.map(of => of.map(row => row.map(() => 0)));
  for (let t = 0; t < steps; t++) {
    const gradient = [...W, biases].map(of => of.map(row => row.map(() => 0)));
    const x = xs[t]!;
    const { h, output } = forward(W, x, biases);
    const dOutput = LOSSES[loss]!(output, targets[t]!);
    for (let b = 0; b < batch; b++) {
      for (let o = 0; o < outputs; o++) gradient[2]![1]![o]! += dOutput[b]![o]!;
      for (let o = 0; o < outputs; o++)
        for (let i = 0; i < hidden; i++) gradient[1]![o]![i]! += dOutput[b]![o]! * h[b]![i]!;
      for (let i = 0; i < hidden; i++) {
        if (h[b]![i]! <= 0) continue;
        let back = 0;
        for (let o = 0; o < outputs; o++) back += W[1]![o]![i]! * dOutput[b]![o]!;
        gradient[2]![0]![i]! += back;
        for (let j = 0; j < inputs; j++) gradient[0]![i]![j]! += back * x[b]![j]!;
      }
    }
    learned.forEach((of, l) =>
      of.forEach((row, i) =>
        row.forEach((w, j) => {
          v[l]![i]![j] = momentum * v[l]![i]![j]! + gradient[l]![i]![j]! + weightDecay * w;
          row[j] = w - rate * v[l]![i]![j]!;
        }),
      ),
    );
  }
  return { W, b: biases };
}

type Ours = Pick<
  SystemSpec,
  'loss' | 'reduction' | 'momentum' | 'weightDecay' | 'plasticBias' | 'eta'
>;
/** The rates of the table: under the mean over the batch, and under the sum. */
const TABLE: readonly [theirs: string, loss: Ours['loss'], mean: number, sum: number][] = [
  ['mse_loss(reduction="mean")', 'mean-squared-error', rate, rate / batch],
  [
    'mse_loss(reduction="mean")',
    'squared-error',
    (2 * rate) / outputs,
    (2 * rate) / (outputs * batch),
  ],
  ['mse_loss(reduction="sum")', 'mean-squared-error', rate * outputs * batch, rate * outputs],
  ['mse_loss(reduction="sum")', 'squared-error', 2 * rate * batch, 2 * rate],
  [
    '0.5 * mse_loss(reduction="sum")',
    'mean-squared-error',
    (rate * outputs * batch) / 2,
    (rate * outputs) / 2,
  ],
  ['0.5 * mse_loss(reduction="sum")', 'squared-error', rate * batch, rate],
  ['cross_entropy(reduction="mean")', 'cross-entropy', rate, rate / batch],
  ['cross_entropy(reduction="sum")', 'cross-entropy', rate * batch, rate],
];
const rows = TABLE.flatMap(([theirs, loss, mean, sum]): [string, Ours, number][] => [
  [theirs, { loss, reduction: 'mean' }, mean],
  [theirs, { loss, reduction: 'sum' }, sum],
]);
const decaying = { momentum: true, weightDecay: true } as const;
const mse = { loss: 'mean-squared-error', reduction: 'mean' } as const;
rows.push(
  ['mse_loss(reduction="mean")', { ...mse, ...decaying }, rate],
  ...[{}, decaying, { eta: 'neuron' }, { eta: 'synapse', ...decaying }].map(
    (more): [string, Ours, number] => [
      'mse_loss(reduction="mean")',
      { ...mse, plasticBias: true, ...(more as Partial<Ours>) },
      rate,
    ],
  ),
  [
    'cross_entropy(reduction="mean")',
    { loss: 'cross-entropy', reduction: 'mean', plasticBias: true },
    rate,
  ],
);

const shape = { steps, batch, queries: batch };
const learners = new Map<string, Promise<Learner>>();
afterAll(async () => {
  for (const learner of learners.values()) (await learner).destroy();
});

/** A learner for each system, with the weights above. */
function learnerOf(ours: Ours): Promise<Learner> {
  const key = JSON.stringify(ours);
  const made = learners.get(key) ?? create(ours);
  learners.set(key, made);
  return made;
}

async function create(ours: Ours): Promise<Learner> {
  const system = defineSystem({ preset: 'maml', sizes: [inputs, hidden, outputs], ...ours });
  const learner = await Learner.create(under.gpu, { system, episode: shape, tasks: 1 });
  learner.write('W1', W1.flat());
  learner.write('W2', W2.flat());
  learner.write('b1', b1);
  learner.write('b2', b2);
  if (ours.momentum) learner.write('momentum', [MOMENTUM]);
  if (ours.weightDecay) learner.write('weightDecay', [WEIGHT_DECAY]);
  return learner;
}

const targetsOf = ({ loss }: Ours) => (loss === 'cross-entropy' ? smoothed : numbers);
/** The first batch is asked as well. */
const episodesOf = (targets: readonly Matrix[]): Episodes => ({
  tasks: 1,
  ...shape,
  supportX: Float32Array.from(xs.flat(2)),
  supportY: Float32Array.from(targets.flat(2)),
  queryX: Float32Array.from(xs[0]!.flat()),
  queryY: Float32Array.from(targets[0]!.flat()),
});

test.each(rows)(
  "an inner step of PyTorch's %s is ours under %o at the rate of the table",
  async (theirs, ours, eta) => {
    const learner = await learnerOf(ours);
    const targets = targetsOf(ours);
    for (const { name, size } of learner.layout.tensors)
      if (name.startsWith('eta')) learner.write(name, new Float32Array(size).fill(eta));
    const { finalWeights } = await learner.adapt(episodesOf(targets));
    const [momentum, weightDecay] = [
      ours.momentum ? MOMENTUM : 0,
      ours.weightDecay ? WEIGHT_DECAY : 0,
    ];
    const plastic = ours.plasticBias ?? false;
    const { W, b } = descend(theirs, targets, momentum, weightDecay, plastic);
    const close = (name: string, numbers: number[]) =>
      numbers.forEach((x, i) => expect(finalWeights[0]![name]!.data[i]).toBeCloseTo(x, 5));
    W.forEach((of, l) => close(`W${l + 1}`, of.flat()));
    if (plastic) b.forEach((of, l) => close(`b${l + 1}`, of));
  },
);

test.each(['squared-error', 'mean-squared-error', 'cross-entropy'] as const)(
  'the loss of the queries under %s is what PyTorch reports with its mean',
  async loss => {
    const ours: Ours = { loss, reduction: 'mean' };
    const targets = targetsOf(ours);
    const { losses } = await (
      await learnerOf(ours)
    ).adapt(episodesOf(targets), { moments: [0, steps] });
    const of = (x: number, y: number, total: number) =>
      loss === 'cross-entropy' ? y * (Math.log(total) - x) : (x - y) ** 2 / outputs;
    const sum = forward([W1, W2], xs[0]!).output.flatMap((row, b) => {
      const total = row.reduce((all, x) => all + Math.exp(x), 0);
      return row.map((x, o) => of(x, targets[0]![b]![o]!, total));
    });
    expect(losses.data[0]).toBeCloseTo(sum.reduce((all, part) => all + part, 0) / batch, 4);
  },
);
