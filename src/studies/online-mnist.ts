import type { SystemSpec } from '../systems/system.js';
import { MNIST } from './alignment.js';
import { bestSetting, overLifetimes, type Sweep } from './sweep.js';
import { momentsOf, over, scaled, type Size, type Study } from './study.js';

/** Ways of the error, and what the text of the paper says of them. */
const ARMS: Readonly<
  Record<
    string,
    { readonly system: Omit<SystemSpec, 'sizes'>; readonly paper: string; readonly fullOnly?: true }
  >
> = {
  backprop: { system: { preset: 'backprop' }, paper: 'much sooner than FA' },
  'feedback-alignment': {
    system: { preset: 'feedback-alignment' },
    paper: 'begins after ≈ 2,000 images',
  },
  'direct-feedback-alignment': {
    system: { preset: 'direct-feedback-alignment' },
    paper: 'better than FA, below BP',
  },
  usf: { system: { preset: 'usf' }, paper: '', fullOnly: true },
  frsf: { system: { preset: 'frsf' }, paper: '', fullOnly: true },
  brsf: { system: { preset: 'brsf' }, paper: '', fullOnly: true },
};

const RATES = [0.003, 0.01, 0.03];

/**
 * Training from scratch, one image after another, each once (Shervani-Tabar & Rosenbaum 2023,
 * Fig. 1).
 */
export const onlineMnist: Study = {
  name: 'online-mnist',
  title: 'Online MNIST by errors that come down one way or another',
  about: 'BP, FA and DFA on MNIST, one image after another: held-out accuracy over images seen',
  time: 'about 6 min; --full: also sign-symmetric feedback, 8,000 images, 5 lifetimes of each rate: 1 h',
  design(size: Size) {
    const ways = Object.entries(ARMS).filter(([, arm]) => size.full || !arm.fullOnly);
    const lifetimes = size.seeds ?? (size.full ? 5 : 3);
    const images = scaled(size.full ? 8000 : 3000, size, 20);
    const queries = size.full ? 500 : 100;
    const at = momentsOf(images, size.full ? 16 : 8);
    const sweepOf = ({ system }: { system: Omit<SystemSpec, 'sizes'> }): Sweep => ({
      task: {
        kind: 'stream',
        source: MNIST,
        steps: images,
        batch: 1,
        queries,
        order: 'iid',
        heldOut: 0.2,
      },
      system: { ...system, sizes: [784, 170, 130, 100, 70, 10] },
      seed: 0,
      settings: RATES.map(eta => ({ eta })),
      lifetimes,
      at,
      metrics: false,
    });
    return {
      arms: ways.map(([name, arm]) => ({ name, sweep: sweepOf(arm) })),
      conditions: [
        `The 10,000 test images of MNIST (the paper: 60,000 training images): ${images.toLocaleString('en')} of 8,000 seen, one at a time, each once; asked ${queries} of the 2,000 held out.`,
        `784-170-130-100-70-10, softplus, W and B drawn; no meta-training: rates η ${RATES.join(', ')} × ${lifetimes} lifetime(s) side by side in one meta-batch; each way is shown at the rate that is best at the end on these held-out images, in its favour.`,
        'The numbers of the paper’s figure were not at hand, only what its text says: no line to draw.',
      ],
      summarise({ swept }) {
        const runs = ways.map(([name, { paper }]) => ({
          name,
          paper,
          swept: swept(name),
          best: bestSetting(swept(name)),
        }));
        const curves = runs.map(({ name, swept: { accuracies }, best }) => ({
          name,
          points: overLifetimes(accuracies[best]!, values => over(values, '%')),
        }));
        return {
          tables: [
            {
              title: `Held-out accuracy after ${images.toLocaleString('en')} images`,
              head: ['error by', ...RATES.map(eta => `at η ${eta}`), 'best η', 'paper'],
              rows: runs.map(({ name, paper, swept: { accuracies }, best }) => [
                name,
                ...accuracies.map(l =>
                  over(
                    l.map(c => c.at(-1)!),
                    '%',
                  ),
                ),
                String(RATES[best]),
                paper,
              ]),
            },
          ],
          figures: [
            {
              title: 'Held-out accuracy over images seen',
              note: `Each way at its best rate, mean of ${lifetimes} lifetime(s)${lifetimes > 1 ? ' with its 95 % interval' : ''}.`,
              lines: {
                x: at,
                xLabel: 'images seen',
                yLabel: 'accuracy',
                percent: true,
                references: [{ name: 'chance', value: 0.1 }],
                lines: curves.map(({ name, points }) => ({
                  name,
                  values: points.map(p => p.mean),
                  ...(lifetimes > 1 && { ci: points.map(p => p.ci ?? NaN) }),
                })),
              },
            },
          ],
        };
      },
    };
  },
};
