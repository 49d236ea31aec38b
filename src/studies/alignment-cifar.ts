import { OF_PHOTOGRAPHS, PHOTOGRAPHS } from '../config/presets.js';
import { accuracies, angles, settingsOf, sweepOfWay, WAYS, type Way } from './alignment.js';
import { momentsOf, over, scaled, type Measure, type Size, type Study } from './study.js';
import { bestSetting, overLifetimes, type Swept } from './sweep.js';

const RATES = [0.03, 0.1];
/** Rate at which B follows its rule: what it was born with shrinks by this part a step. */
const RATE_B = 0.02;

/** Those on MNIST, and feedback that has the signs of W. */
const ALL: Readonly<Record<string, Way>> = {
  ...WAYS,
  'sign-symmetric': { system: { preset: 'usf' } },
};

const CONVOLUTIONS = OF_PHOTOGRAPHS.layers.length - 1;
const OUTPUT = OF_PHOTOGRAPHS.layers.length;

/**
 * The same where layers are convolutions, whose feedback are kernels of their own (Kunin et al.
 * 2020): does the error come down four convolutions as backprop's would?
 */
export const alignmentCifar: Study = {
  name: 'alignment-cifar',
  title: 'Feedback kernels that learn to be the transpose, on photographs',
  about:
    'weight mirror … Kolen-Pollack, FA, sign-symmetric, BP in four convolutions on CIFAR-10: δ angles, weight angles, accuracy',
  time: 'about 25 min; --full: 2,000 minibatches of 64: a GPU',
  design(size: Size) {
    const ways = Object.entries(ALL);
    const lifetimes = size.seeds ?? 3;
    const batch = size.full ? 64 : 16;
    const queries = size.full ? 500 : 100;
    const steps = scaled(size.full ? 2000 : 150, size, 4);
    const at = momentsOf(steps, size.full ? 10 : 4);
    const stream = { source: PHOTOGRAPHS, steps, batch, queries };
    const network = { activation: 'relu', ...OF_PHOTOGRAPHS } as const;
    const sweepOf = (name: string, way: Way) =>
      sweepOfWay(way, stream, network, settingsOf(name, way, RATES, RATE_B), lifetimes, at);
    return {
      arms: ways.map(([name, way]) => ({ name, sweep: sweepOf(name, way) })),
      conditions: [
        `Four 3 × 3 convolutions of 8, 16, 16 and 32 channels with strides 2, 2, 1, 2, ReLU, and a dense layer; no biases where B learns, W and B drawn independently; ${steps} minibatches of ${batch}.`,
        `CIFAR-10 as 10,000 JPEGs of it, not the original pixels, a fifth held out: ${((steps * batch) / 8000).toFixed(1)} epochs of 8,000 images, so angles and accuracies are on their way (Kunin et al.: ResNets on ImageNet).`,
        `η ${RATES.join(', ')} × ${lifetimes} lifetime(s) side by side; each way is shown at the η with the best held-out accuracy at the end, in its favour. Rate of B ${RATE_B}; Kolen-Pollack: W and B both decay by ${RATE_B} a step.`,
        'δ angle: errors of a convolution’s neurons, averaged over the queries, against backprop’s with the same weights. W–B angle: of the kernels, and of the output layer.',
      ],
      summarise({ swept }) {
        const runs = ways.map(([name]) => ({ name, ...anglesOf(swept(name)) }));
        const curves = (of: (run: (typeof runs)[number]) => Measure[]) =>
          runs.map(run => [run.name, of(run)] as const);
        return {
          tables: [
            {
              title: `After ${(steps * batch).toLocaleString('en')} photographs`,
              head: [
                'feedback',
                'η',
                'accuracy',
                'δ angle, first convolution',
                'δ angle, last convolution',
                'W–B angle, last convolution',
                'W–B angle, output',
              ],
              rows: runs.map(run => [
                run.name,
                run.eta,
                run.accuracy.at(-1)!,
                run.first.at(-1)!,
                run.last.at(-1)!,
                run.kernels.at(-1)!,
                run.output.at(-1)!,
              ]),
            },
          ],
          figures: [
            angles(
              'Angle of errors at the first convolution',
              at,
              batch,
              curves(r => r.first),
              [],
            ),
            angles(
              'Angle of kernels of the last convolution and of its B',
              at,
              batch,
              curves(r => r.kernels),
              [],
            ),
            accuracies(
              at,
              batch,
              curves(r => r.accuracy),
            ),
          ],
        };
      },
    };
  },
};

/** A sweep at its best setting: over lifetimes, at each moment. */
function anglesOf(swept: Swept) {
  const s = bestSetting(swept);
  const degrees = (values: readonly number[]) => over(values, '°');
  const errors = (layer: number) => overLifetimes(swept.errorAngles![layer]![s]!, degrees);
  const weights = (layer: number) => overLifetimes(swept.weightAngles![layer]![s]!, degrees);
  return {
    eta: String(swept.sweep.settings[s]!['eta']),
    accuracy: overLifetimes(swept.accuracies[s]!, values => over(values, '%')),
    first: errors(1),
    last: errors(CONVOLUTIONS),
    kernels: weights(CONVOLUTIONS),
    output: weights(OUTPUT),
  };
}
