import type { RunConfigInput } from '../config/config.js';
import { RUN_PRESETS } from '../config/presets.js';
import { forgettingFigure, lossFigure, tableOf, type System } from './compare.js';
import { scaled, seeded, type Size, type Study } from './study.js';

const SYSTEMS: readonly System[] = ['flp', 'maml', 'first-order-maml'];

/**
 * FLP against gradient descent from a learned beginning (Lindsey & Litwin-Kumar 2020, sine
 * regression).
 */
export const sine: Study = {
  name: 'sine',
  title: 'FLP against gradient descent by a learned beginning, on sines',
  about:
    'FLP, MAML second and first order: one sine a lifetime, and several one after another; error and forgetting',
  time: 'about 20 min; --full: the paper’s network of 9 layers and 20,000 episodes: months',
  design(size: Size) {
    const seeds = size.seeds ?? 5;
    const functions = 3;
    const stepsPerFunction = 20;
    const one = (system: System): RunConfigInput => {
      const preset = RUN_PRESETS[`${system}-sine`]!;
      return { ...preset, meta: { ...preset.meta, steps: scaled(preset.meta.steps, size) } };
    };
    const paper = RUN_PRESETS['flp-sine-sequence']!;
    const sizes = size.full ? paper.system.sizes : [functions + 1, 32, 32, 1];
    const sequence = (system: System): RunConfigInput => {
      const { system: own, meta, initial } = RUN_PRESETS[`${system}-sine`]!;
      const base: RunConfigInput = size.full
        ? paper
        : {
            ...RUN_PRESETS['flp-sine']!,
            task: {
              kind: 'sine-sequence',
              functions,
              slots: functions,
              stepsPerFunction,
              batch: 1,
              queriesPerFunction: 10,
              pool: 400,
              order: 'continual',
            },
            evaluation: { tasks: 200, at: [0, 20, 40, 60] },
          };
      return {
        ...base,
        name: `${system}-sine-sequence`,
        system: { ...own, sizes },
        initial: size.full && system === 'flp' ? paper.initial : initial,
        meta: {
          ...base.meta,
          steps: scaled(size.full ? paper.meta.steps : 600, size),
          ...(size.full ? {} : { tasks: 16 }),
          rates: size.full && system === 'flp' ? paper.meta.rates : meta.rates,
        },
      };
    };
    const sequenceOf = (system: System): `${System}-sequence` => `${system}-sequence`;
    return {
      arms: [
        ...SYSTEMS.flatMap(system => seeded(system, seeds, one(system))),
        ...SYSTEMS.flatMap(system => seeded(sequenceOf(system), seeds, sequence(system))),
      ],
      conditions: [
        `One sine: 1-32-32-1, 20 examples one after another, amplitude 0.1 … 5; ${one('flp').meta.steps} meta-steps of ${one('flp').meta.tasks} lifetimes, 500 unseen sines.`,
        `In sequence, trained function by function: ${sizes!.join('-')}, ${size.full ? '10 functions × 40 minibatches of 32' : `${functions} functions × ${stepsPerFunction} examples`} (the paper: 11-300-300-300-300-300-900-300-300-1, 10 functions × 40 minibatches of 32), ${sequence('flp').meta.steps} meta-steps of ${sequence('flp').meta.tasks} (the paper: 20,000 of 1); functions that meta-training never saw.`,
        'MAML learns its beginning and one rate a synapse (Meta-SGD), by the exact second-order gradient or by the first-order one. The paper’s own baseline was first order, because of a mistake that OML has mended since.',
        `${seeds} seed(s). The paper’s numbers were not at hand: no line to draw.`,
      ],
      summarise(results) {
        const at = { results, seeds, systems: SYSTEMS };
        return {
          tables: [
            tableOf({
              ...at,
              title: 'Mean squared error, one sine',
              columns: [['after 20 examples', '']],
            }),
            tableOf({
              ...at,
              arm: sequenceOf,
              title: 'Mean squared error, functions in sequence',
              columns: [
                ['function by function', 'function'],
                ['i.i.d.', 'i.i.d.'],
              ],
            }),
          ],
          figures: [
            ...lossFigure({ ...at, title: 'One sine: error over examples seen', evaluation: '' }),
            ...lossFigure({
              ...at,
              arm: sequenceOf,
              title: 'Function by function: error on all over examples seen',
              evaluation: 'function',
            }),
            ...SYSTEMS.flatMap(system =>
              forgettingFigure({
                ...at,
                systems: [system],
                arm: sequenceOf,
                evaluation: 'function',
              }),
            ),
          ],
        };
      },
    };
  },
};
