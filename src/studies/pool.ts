import { greatest } from '../extremes.js';
import type { RunConfigInput } from '../config/config.js';
import { smooth } from '../runs/log.js';
import { RUN_PRESETS } from '../config/presets.js';
import { trajectories } from '../report/coefficients.js';
import {
  lastCoefficients,
  lastOf,
  over,
  scaled,
  seeded,
  seedNames,
  type Arm,
  type Measure,
  type Results,
  type Size,
  type Study,
} from './study.js';

/** What paper 2 says of each arm (§2.4). */
const ARMS = {
  'feedback-alignment': '≈ 25 %',
  backprop: '≈ 70 %',
  pool: '≈ backprop, from ≈ 300 meta-steps on',
  bioplausible: '≈ pool',
} as const;

/** Meta-steps: the paper's, and as many as show where it goes. */
const FULL = 600,
  SHORT = 300;
/**
 * The first of the pool's meta-steps are made on lifetimes of fewer images of each class, several
 * at a time, and slowly. Through 250 images its gradient is chaotic from the first meta-steps on
 * (median norm 10⁵ – 10⁸, where the other rules' is 30) and says nothing, because Adam raises θ₅,
 * which multiplies a layer's whole activity, as fast as θ₀. With coefficients found where it is
 * not, longer lifetimes are not chaotic either (docs/results.md).
 */
const FIRST = { steps: 200, shots: 10, tasks: 4, clipPerTask: 100 };
/** Of θ, for the pool. */
const RATE = 5e-5;
/** The paper's moving average, in meta-steps. */
const WINDOW = 10;
/** Meta-steps at the end that a number of meta-training is the mean of. */
const TAIL = 50;

/** The pool of plasticity rules on EMNIST (Shervani-Tabar & Rosenbaum 2023, Fig. 4 and 5). */
export const pool: Study = {
  name: 'pool',
  title: 'A pool of plasticity rules against feedback alignment and backprop, on EMNIST',
  about:
    'feedback alignment, backprop, pool, bioplausible rule: 5-way EMNIST, meta-accuracy and θ over meta-steps',
  time: 'about 65 min (300 meta-steps of one task for each of four rules, 0.5–4 s each); --full: 600 meta-steps, 20 seeds: 2 days',
  design(size: Size) {
    const seeds = size.seeds ?? (size.full ? 20 : 1);
    const names = Object.keys(ARMS) as (keyof typeof ARMS)[];
    const configOf = (name: keyof typeof ARMS): RunConfigInput => {
      const preset = RUN_PRESETS[`${name}-emnist`]!;
      const steps = scaled((size.full ? FULL : SHORT) - (name === 'pool' ? FIRST.steps : 0), size);
      return {
        ...preset,
        meta: {
          ...preset.meta,
          steps,
          ...(name === 'pool' && { rates: { theta: RATE }, decay: { kind: 'cosine', floor: 0.1 } }),
        },
      };
    };
    const first: RunConfigInput = {
      ...configOf('pool'),
      name: 'pool-emnist-first',
      task: { ...configOf('pool').task, shots: FIRST.shots } as RunConfigInput['task'],
      meta: {
        ...configOf('pool').meta,
        steps: scaled(FIRST.steps, size),
        tasks: FIRST.tasks,
        clipPerTask: FIRST.clipPerTask,
        decay: { kind: 'constant' },
      },
      evaluation: { tasks: 50, at: [0, 10, 25, 50] },
    };
    /** The pool goes on with the coefficients of its first meta-steps. */
    const goesOn =
      (seed: number, firstArm: string) =>
      ({ trained }: Results): RunConfigInput => ({
        ...configOf('pool'),
        seed,
        initial: { theta: [...(lastCoefficients(trained(firstArm))['theta'] ?? [])] },
      });
    return {
      arms: names.flatMap((name): readonly Arm[] =>
        name !== 'pool'
          ? seeded(name, seeds, configOf(name))
          : [
              ...seeded('pool-first', seeds, first),
              ...seedNames('pool', seeds).map((arm, seed) => ({
                name: arm,
                config: goesOn(seed, seedNames('pool-first', seeds)[seed]!),
              })),
            ],
      ),
      conditions: [
        'EMNIST, 47 classes × 120 images in the file that the presets name (the paper: Balanced, its test set, 47 × 400); 5 ways, 50 images of each, one after another, 10 queries of each; a softmax over all 47 classes, so guessing gives 2.1 %.',
        `784-170-130-100-70-47, softplus, W and B drawn anew for every lifetime; one task a meta-step, Adam on θ alone at 10⁻³, but 5 · 10⁻⁵ for the pool, which diverges within five meta-steps at the paper’s 10⁻³; ${configOf('backprop').meta.steps} meta-steps (the paper: ${FULL}), the pool’s first ${first.meta.steps} on ${FIRST.tasks} lifetimes of ${5 * FIRST.shots} images each, because through 250 its gradient is chaotic at first; ${seeds} seed(s) (the paper: 20).`,
        'Each task draws its own images and no class twice; the authors’ code takes the first images of a class, and classes with replacement.',
        'λ of the penalty on θ is 10⁻⁵: the paper does not tell its own. The mean gradient is clipped to norm 10; the paper does not clip.',
        'Test accuracy is on fresh draws of the same 47 classes, as in the paper; intervals are 95 % (the paper: 98 %).',
      ],
      summarise({ trained }) {
        const runs = Object.fromEntries(
          names.map(name => [name, seedNames(name, seeds).map(trained)]),
        );
        const before = (name: string) => (name === 'pool' ? first.meta.steps : 0);
        const steps = greatest(names.map(name => before(name) + runs[name]![0]!.log.length));
        const smoothed = (name: string) =>
          runs[name]!.map(({ log }) => [
            ...Array<number>(before(name)).fill(NaN),
            ...smooth(
              log.map(line => line.accuracy ?? NaN),
              WINDOW,
            ),
          ]);
        const tail = (name: string): Measure => {
          const means = runs[name]!.map(({ log }) =>
            over(
              log.slice(-TAIL).map(line => line.accuracy ?? NaN),
              '%',
            ),
          );
          return means.length > 1
            ? over(
                means.map(m => m.mean),
                '%',
              )
            : means[0]!;
        };
        const theta = (name: string) => {
          const {
            config: { system },
            log,
          } = runs[name]![0]!;
          const earlier = name === 'pool' ? trained('pool-first').log : [];
          return trajectories(system, [
            ...earlier,
            ...log.map(line => ({ ...line, metaStep: line.metaStep + earlier.length })),
          ])[0]!.lines;
        };
        return {
          tables: [
            {
              title: 'Accuracy after 250 images',
              head: ['rule', 'unseen tasks, i.i.d.', `last ${TAIL} meta-steps`, 'paper'],
              rows: names.map(name => [
                name,
                lastOf(runs[name]!, 'i.i.d.'),
                tail(name),
                ARMS[name],
              ]),
            },
            {
              title: 'Learned coefficients θ',
              head: ['term', ...names],
              rows: theta('pool').lines.map(({ name: term }) => [
                term,
                ...names.map(name => {
                  const line = theta(name).lines.find(l => l.name === term);
                  return line ? { mean: line.values.at(-1)! } : '';
                }),
              ]),
            },
          ],
          figures: [
            {
              title: 'Meta-accuracy',
              note: `Share of a task’s 50 queries answered correctly after its 250 images, smoothed over ${WINDOW} meta-steps${seeds > 1 ? `, mean of ${seeds} seeds with its 95 % interval` : ''}. Dotted: what the paper’s text says of feedback alignment and backprop after convergence (Shervani-Tabar & Rosenbaum 2023).`,
              lines: {
                x: Array.from({ length: steps }, (_, m) => m + 1),
                xLabel: 'meta-step',
                yLabel: 'accuracy',
                percent: true,
                lines: names.map(name => {
                  const points = Array.from({ length: steps }, (_, m) =>
                    over(smoothed(name).map(curve => curve[m] ?? NaN)),
                  );
                  return {
                    name,
                    values: points.map(p => p.mean),
                    ...(seeds > 1 && { ci: points.map(p => p.ci ?? NaN) }),
                  };
                }),
                references: [
                  { name: 'feedback alignment, paper', value: 0.25 },
                  { name: 'backprop, paper', value: 0.7 },
                ],
              },
            },
            ...(['pool', 'bioplausible'] as const).map(name => ({
              title: `Coefficients of ${name === 'pool' ? 'the pool' : 'the bioplausible rule'}`,
              note: 'θ after each meta-step. In the paper all but θ0, θ2 and θ9 vanish by about 600 meta-steps; its values are only in pictures.',
              lines: theta(name),
            })),
          ],
        };
      },
    };
  },
};
