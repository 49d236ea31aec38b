import type { RunConfigInput } from '../config/config.js';
import { trajectories } from '../report/coefficients.js';
import { accuracies, angles, bestOf, MNIST } from './alignment.js';
import type { Setting } from './sweep.js';
import {
  lastCoefficients,
  momentsOf,
  scaled,
  type Results,
  type Size,
  type Study,
} from './study.js';

const RULES = {
  'symmetric-alignment': { preset: 'symmetric-alignment' },
  'weight-mirror': { preset: 'weight-mirror', mirror: 'noise' },
} as const;
type Rule = keyof typeof RULES;

/**
 * Coefficients of the alignment rules, learned by gradient through lifetimes, against the published
 * defaults.
 */
export const alignmentLearned: Study = {
  name: 'alignment-learned',
  title: 'Meta-learned coefficients of feedback learning against the defaults, on MNIST',
  about:
    'symmetric alignment and weight mirror with coefficients learned by gradient, against the published defaults: accuracy and angles',
  time: 'about 10 min; --full: 784-64-10, lifetimes of 60 minibatches, 100 meta-steps of 4: 3 h',
  design(size: Size) {
    const hidden = size.full ? 64 : 32;
    const steps = size.full ? 60 : 30;
    const batch = 32;
    const queries = 100;
    const metaSteps = scaled(size.full ? 100 : 40, size);
    const tasks = size.full ? 4 : 2;
    const lifetimes = size.seeds ?? (size.full ? 20 : 8);
    const names = Object.keys(RULES) as Rule[];
    const rate = size.full ? 0.03 : 0.1;
    const at = momentsOf(steps, size.full ? 10 : 5);
    const task = {
      kind: 'stream' as const,
      source: MNIST,
      steps,
      batch,
      queries,
      order: 'iid' as const,
      heldOut: 0.2,
    };
    const system = (rule: Rule) => ({
      activation: 'sigmoid' as const,
      reduction: 'mean' as const,
      ...RULES[rule],
      sizes: [784, hidden, 10],
    });
    const initial = { eta: 0.5 }; // k and ηB as published
    const configOf = (rule: Rule): RunConfigInput => ({
      name: `${rule}-learned`,
      task,
      system: system(rule),
      initial,
      meta: {
        tasks,
        steps: metaSteps,
        rates: { eta: rate, alignment: rate },
        clipPerTask: 10,
        adjoint: 'checkpoint',
      },
      evaluation: { tasks: 20, at: [0, steps] },
    });
    // Lived side by side: the defaults, the defaults at the learned η, and all that was learned.
    const settingsOf = ({ trained }: Results, rule: Rule): Setting[] => {
      const learned = lastCoefficients(trained(rule));
      const eta = Object.fromEntries(
        Object.entries(learned).filter(([name]) => name.startsWith('eta') && name !== 'etaB'),
      );
      return [{}, eta, learned];
    };
    const SETTINGS = ['defaults', 'defaults, learned η', 'learned'];
    return {
      arms: names.flatMap(rule => [
        { name: rule, config: configOf(rule) },
        {
          name: `${rule}-lived`,
          sweep: (results: Results) => ({
            task,
            system: system(rule),
            initial,
            seed: 1,
            settings: settingsOf(results, rule),
            lifetimes,
            at,
            metrics: true,
          }),
        },
      ]),
      conditions: [
        `784-${hidden}-10, sigmoid; lifetimes from scratch of ${steps} minibatches of ${batch} of MNIST’s 10,000 test images; W and B drawn anew for each.`,
        `${metaSteps} meta-steps of ${tasks} lifetimes, Adam at ${rate} on η, k and ηB, from η 0.5 and the published defaults of k and ηB = 1 (Kunin et al.’s command line; their tuned values were not at hand).`,
        `Compared on ${lifetimes} other lifetimes: the defaults, the defaults with only η learned (so that what k and ηB bring is told apart from a better learning rate), and all that was learned.`,
      ],
      summarise(results) {
        const runs = names.flatMap(rule =>
          SETTINGS.map((setting, s) => ({
            name: `${rule}, ${setting}`,
            ...bestOf(results.swept(`${rule}-lived`), s),
          })),
        );
        const coefficients = names.flatMap(rule => {
          const {
            config: { system },
            log,
          } = results.trained(rule);
          return trajectories(system, log).map(({ title, lines }) => ({
            title: `${title}: ${rule}`,
            note: 'After each meta-step.',
            lines,
          }));
        });
        return {
          tables: [
            {
              title: `After ${steps * batch} images`,
              head: ['feedback', 'accuracy', 'δ angle', 'W–B angle'],
              rows: runs.map(({ name, accuracy, delta, weight }) => [
                name,
                accuracy.at(-1)!,
                delta.at(-1)!,
                weight.at(-1)!,
              ]),
            },
            {
              title: 'Coefficients',
              head: ['', 'first meta-step', 'last'],
              rows: coefficients.flatMap(({ title, lines }) =>
                lines.lines.map(({ name, values }) => [
                  `${title.split(': ')[1]!}: ${name}`,
                  { mean: values[0]! },
                  { mean: values.at(-1)! },
                ]),
              ),
            },
          ],
          figures: [
            accuracies(
              at,
              batch,
              runs.map(({ name, accuracy }) => [name, accuracy]),
            ),
            angles(
              'Angle of errors at the hidden layer',
              at,
              batch,
              runs.map(({ name, delta }) => [name, delta]),
              [],
            ),
            angles(
              'Angle of W and Bᵀ at the output layer',
              at,
              batch,
              runs.map(({ name, weight }) => [name, weight]),
              [],
            ),
            ...coefficients,
          ],
        };
      },
    };
  },
};
