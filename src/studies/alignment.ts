import type { TaskConfig } from '../config/config.js';
import type { Initial } from '../parameters/initial.js';
import { defineSystem, type SystemSpec } from '../systems/system.js';
import type { Lines } from '../report/chart.js';
import { bestSetting, overLifetimes, type Setting, type Swept, type Sweep } from './sweep.js';
import { momentsOf, over, scaled, type Measure, type Size, type Study } from './study.js';

export interface Way {
  readonly system: Omit<SystemSpec, 'sizes'>;
  readonly initial?: Initial;
  /**
   * Accuracy, δ angle, angle of W and B at the output after 400 epochs (Akrout et al. 2019,
   * committed logs of their code).
   */
  readonly paper?: string;
  /** B has a rule of its own. */
  readonly learnsB?: true;
  /** Lived at full size only. */
  readonly fullOnly?: true;
}

/** k so that B tends to Wᵀ; x of the mirror phase is U(−1, 1), of variance 1/3. */
export const WAYS: Readonly<Record<string, Way>> = {
  backprop: { system: { preset: 'backprop' }, paper: '98.5 %, 0°, 0°' },
  'feedback-alignment': { system: { preset: 'feedback-alignment' }, paper: '97.8 %, 34.9°, 40.0°' },
  'weight-mirror': {
    system: { preset: 'weight-mirror', mirror: 'noise' },
    initial: { k: [1, 3] },
    paper: '98.5 %, 3.2°, 3.8°',
    learnsB: true,
  },
  'kolen-pollack': {
    system: { preset: 'kolen-pollack' },
    initial: { k: [1] },
    paper: '98.5 %, 3.1°, 3.6°',
    learnsB: true,
  },
  'symmetric-alignment': {
    system: { preset: 'symmetric-alignment' },
    initial: { k: [1, 1] },
    learnsB: true,
    fullOnly: true,
  },
  'activation-alignment': {
    system: { preset: 'activation-alignment', mirror: 'noise' },
    initial: { k: [3, 3] },
    learnsB: true,
    fullOnly: true,
  },
  'information-alignment': {
    system: { preset: 'information-alignment', mirror: 'noise' },
    initial: { k: [1, 3, 1] },
    learnsB: true,
    fullOnly: true,
  },
};

const RATES = [1, 4];
/** Rate at which B follows its rule: what it was born with shrinks by this part a step. */
const RATE_B = 0.02;

const SIZES = [784, 500, 10];

export const MNIST = {
  format: 'idx',
  images: 'mnist/t10k-images-idx3-ubyte.gz',
  labels: 'mnist/t10k-labels-idx1-ubyte.gz',
} as const;

/**
 * Learning B beside W (Akrout et al. 2019, Kunin et al. 2020): does the error come down as
 * backprop's would?
 */
export const alignment: Study = {
  name: 'alignment',
  title: 'Feedback weights that learn to be the transpose, on MNIST',
  about:
    'weight mirror, Kolen-Pollack, FA, BP on MNIST 784-500-10: δ angle, weight angle, accuracy',
  time: 'about 15 min; --full: also symmetric, activation and information alignment, minibatches of 128, 10 epochs of 8,000 images: a day',
  design(size: Size) {
    const ways = Object.entries(WAYS).filter(([, way]) => size.full || !way.fullOnly);
    const lifetimes = size.seeds ?? 3;
    const batch = size.full ? 128 : 32;
    const queries = size.full ? 1000 : 100;
    const steps = scaled(size.full ? 10 * Math.ceil(8000 / 128) : 120, size, 4);
    const at = momentsOf(steps, size.full ? 10 : 4);
    const stream = { source: MNIST, steps, batch, queries };
    const network = { activation: 'sigmoid', sizes: SIZES } as const;
    const sweepOf = (name: string, way: Way) =>
      sweepOfWay(way, stream, network, settingsOf(name, way, RATES, RATE_B), lifetimes, at);
    return {
      arms: ways.map(([name, way]) => ({ name, sweep: sweepOf(name, way) })),
      conditions: [
        `784-500-10 as in Akrout et al., sigmoid, softmax with cross-entropy (theirs: sigmoid with cross-entropy), no biases, W and B drawn independently; ${steps} minibatches of ${batch} (theirs: 128).`,
        `The 10,000 test images of MNIST, 2,000 of them held out: ${((steps * batch) / 8000).toFixed(1)} epochs of 8,000 images (theirs: 400 epochs of 60,000), so accuracies are not comparable, and angles are on their way.`,
        `η ${RATES.join(', ')} × ${lifetimes} lifetime(s) side by side; each rule is shown at the η with the best held-out accuracy at the end, in its favour. Rate of B ${RATE_B}; Kolen-Pollack: W and B both decay by ${RATE_B} a step.`,
        `Weight mirror${size.full ? ', activation and information alignment see' : ' sees'} noise U(−1, 1) sent into each layer alone (a mirror phase after every step); coefficients k are set so that B tends to Wᵀ (the tuned ones of Kunin et al. were not at hand).`,
        'δ angle: errors of the hidden layer, averaged over the queries, against backprop’s with the same weights. W–B angle: of the output layer.',
      ],
      summarise({ swept }) {
        const runs = ways.map(([name, { paper }]) => ({ name, paper, ...bestOf(swept(name)) }));
        return {
          tables: [
            {
              title: `After ${(steps * batch).toLocaleString('en')} images`,
              head: [
                'feedback',
                'η',
                'accuracy',
                'δ angle',
                'W–B angle',
                'Akrout et al.: the same',
              ],
              rows: runs.map(({ name, eta, accuracy, delta, weight, paper }) => [
                name,
                eta,
                accuracy.at(-1)!,
                delta.at(-1)!,
                weight.at(-1)!,
                paper ?? '',
              ]),
            },
          ],
          figures: [
            angles(
              'Angle of errors at the hidden layer',
              at,
              batch,
              runs.map(({ name, delta }) => [name, delta]),
              [
                ['FA, Akrout et al.', 34.9],
                ['WM and KP, Akrout et al.', 3.2],
              ],
            ),
            angles(
              'Angle of W and Bᵀ at the output layer',
              at,
              batch,
              runs.map(({ name, weight }) => [name, weight]),
              [
                ['FA, Akrout et al.', 40],
                ['WM and KP, Akrout et al.', 3.7],
              ],
            ),
            accuracies(
              at,
              batch,
              runs.map(({ name, accuracy }) => [name, accuracy]),
            ),
          ],
        };
      },
    };
  },
};

/** Lifetimes that learn a stream of images from scratch by a way, at several settings. */
export const sweepOfWay = (
  { system, initial }: Way,
  stream: Pick<Extract<TaskConfig, { kind: 'stream' }>, 'source' | 'steps' | 'batch' | 'queries'>,
  { activation, ...shape }: Pick<SystemSpec, 'activation' | 'sizes' | 'image' | 'layers'>,
  settings: readonly Setting[],
  lifetimes: number,
  at: readonly number[],
): Sweep => ({
  task: { kind: 'stream', ...stream, order: 'iid', heldOut: 0.2 },
  system: { activation, reduction: 'mean', ...system, ...shape },
  initial,
  seed: 0,
  settings,
  lifetimes,
  at,
  metrics: true,
});

/** A way at several rates, and its B at one. */
export const settingsOf = (
  name: string,
  { learnsB }: Way,
  rates: readonly number[],
  rateB: number,
): Setting[] =>
  rates.map(eta => ({
    // Kolen-Pollack: ηB k = η λ, so that W and B shrink alike, and with them what is left of a
    // difference.
    eta,
    ...(learnsB && { etaB: rateB }),
    ...(name === 'kolen-pollack' && { weightDecay: rateB / eta }),
  }));

/** A sweep at one of its settings, by default the best: over lifetimes, at each moment. */
export function bestOf(
  swept: Swept,
  s = bestSetting(swept),
): { eta: string; accuracy: Measure[]; delta: Measure[]; weight: Measure[] } {
  const output = defineSystem(swept.sweep.system).layers.length;
  const degrees = (values: readonly number[]) => over(values, '°');
  return {
    eta: String(swept.sweep.settings[s]!['eta'] ?? ''),
    accuracy: overLifetimes(swept.accuracies[s]!, values => over(values, '%')),
    delta: overLifetimes(swept.errorAngles![output - 1]![s]!, degrees),
    weight: overLifetimes(swept.weightAngles![output]![s]!, degrees),
  };
}

type Curves = readonly (readonly [name: string, points: readonly Measure[]])[];
const SOURCE = 'Dotted: final values in the committed logs of Akrout et al. 2019.';

export function angles(
  title: string,
  at: readonly number[],
  batch: number,
  curves: Curves,
  references: readonly (readonly [string, number])[],
) {
  return {
    title,
    note: `Degrees; 0 is backprop. ${references.length ? SOURCE : ''}`,
    lines: {
      ...linesOf(at, batch, curves, 'angle, °'),
      within: [0, 180] as const,
      references: references.map(([name, value]) => ({ name, value })),
    },
  };
}

export const accuracies = (at: readonly number[], batch: number, curves: Curves) => ({
  title: 'Held-out accuracy',
  note: 'On images that no lifetime saw.',
  lines: {
    ...linesOf(at, batch, curves, 'accuracy'),
    percent: true,
    references: [{ name: 'chance', value: 0.1 }],
  },
});

const linesOf = (at: readonly number[], batch: number, curves: Curves, yLabel: string): Lines => ({
  x: at.map(t => t * batch),
  xLabel: 'images seen',
  yLabel,
  ...(at.length < 8 && { few: true }),
  lines: curves.map(([name, points]) => ({
    name,
    values: points.map(p => p.mean),
    ...(points.some(p => p.ci !== undefined) && { ci: points.map(p => p.ci ?? NaN) }),
  })),
});
