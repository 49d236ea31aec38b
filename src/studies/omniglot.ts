import type { RunConfigInput } from '../config/config.js';
import { RUN_PRESETS } from '../config/presets.js';
import { defineSystem, widthsOf } from '../systems/system.js';
import { forgettingFigure, lossFigure, tableOf, type System } from './compare.js';
import { scaled, seeded, threefold, type Design, type Size, type Study } from './study.js';

const ORDERS = ['iid', 'continual'] as const;
type Order = (typeof ORDERS)[number];
const CALLED: Readonly<Record<Order, string>> = { iid: 'i.i.d.', continual: 'class by class' };

/**
 * FLP against gradient descent from a learned beginning (Lindsey & Litwin-Kumar 2020, Omniglot
 * 5-way 5-shot).
 */
export const omniglot: Study = {
  name: 'omniglot',
  title: 'FLP against gradient descent by a learned beginning, on Omniglot',
  about:
    'FLP, MAML second and first order: Omniglot 5-way 5-shot, i.i.d. and class by class; accuracy and forgetting',
  time: 'about 15 min; --full: 28 × 28, 1,200 meta-steps, each order with a meta-training of its own: 5 h',
  design(size) {
    const side = size.full ? 28 : 14;
    const flp = behindDense('flp', size, side);
    return comparison(size, {
      systems: ['flp', 'maml', 'first-order-maml'],
      seeds: 5,
      few: { tasks: 8, steps: 120 },
      configOf: system => behindDense(system, size, side),
      network: `${widthsOf(defineSystem(flp.system)).join('-')} with the first layer frozen within a lifetime, of ${side} × ${side} pixels`,
      baselines:
        'MAML learns its beginning and one rate a synapse (Meta-SGD), by the exact second-order gradient or by the first-order one, behind the same frozen layer. The paper’s own baseline was first order.',
    });
  },
};

/** The same behind a convolutional encoder, which the paper has too, and beside OML, as there. */
export const omniglotConv: Study = {
  name: 'omniglot-conv',
  title: 'FLP against OML behind a convolutional encoder, on Omniglot',
  about:
    'FLP, OML second and first order behind three convolutions: Omniglot 5-way 5-shot, i.i.d. and class by class; accuracy and forgetting',
  time: 'about an hour; --full: 2,000 meta-steps, each order with a meta-training of its own: a day',
  design: size =>
    comparison(size, {
      systems: ['flp', 'oml', 'first-order-oml'],
      seeds: 3,
      few: { tasks: 8, steps: 400 },
      configOf: system => RUN_PRESETS[`${system}-omniglot-conv`]!,
      network:
        '28 × 28 pixels, three 3 × 3 convolutions of 32 channels and stride 2 that are frozen within a lifetime, then 128 and 5 plastic neurons',
      baselines:
        'OML (Javed & White 2019) learns its beginning, for gradient descent at one rate, 0.03, by the exact second-order gradient or by the first-order one, behind the same encoder. The paper’s own baseline was first order.',
    }),
};

/** The preset of a system behind one dense layer, of images of so many pixels a side. */
function behindDense(system: System, { full }: Size, side: number): RunConfigInput {
  const flp = RUN_PRESETS['flp-omniglot']!;
  const preset = RUN_PRESETS[`${system === 'flp' ? 'flp' : 'maml'}-omniglot`]!;
  if (flp.task.kind !== 'few-shot' || flp.task.source.format !== 'omniglot')
    throw new Error('flp-omniglot is a few-shot task of characters');
  return {
    ...preset,
    task: { ...flp.task, source: { ...flp.task.source, size: side } },
    system: {
      ...preset.system,
      ...(system === 'first-order-maml' && { preset: system }),
      sizes: full ? flp.system.sizes : [side * side, 128, 64, 5],
    },
  };
}

interface Comparison {
  readonly systems: readonly System[];
  readonly seeds: number;
  /** The meta-training that two cores can do: tasks of a meta-step, and meta-steps. */
  readonly few: { readonly tasks: number; readonly steps: number };
  configOf(system: System): RunConfigInput;
  /** In words. */
  readonly network: string;
  readonly baselines: string;
}

/** Systems meta-trained alike on characters, i.i.d. and class by class. */
function comparison(size: Size, of: Comparison): Design {
  const { systems } = of;
  const seeds = size.seeds ?? of.seeds;
  // The order that what is tested in an order was meta-trained in.
  const trainedIn = (order: Order): Order => (size.full ? order : 'continual');
  const trained = ORDERS.filter(order => trainedIn(order) === order);
  const configOf = (system: System, order: Order): RunConfigInput => {
    const config = of.configOf(system);
    const { meta, evaluation, task } = config;
    return {
      ...config,
      name: `${system}-omniglot-${order}`,
      task: { ...task, order } as RunConfigInput['task'],
      ...(!size.full && { evaluation: { ...evaluation, tasks: 100 } }),
      meta: size.full
        ? { ...meta, steps: scaled(meta.steps, size) }
        : {
            ...meta,
            tasks: of.few.tasks,
            steps: scaled(of.few.steps, size),
            rates: threefold(meta.rates!),
          },
    };
  };
  const { meta } = configOf('flp', 'iid');
  const armOf = (order: Order) => (system: System) => `${system}-${order}`;
  return {
    // Seed by seed, so that more of them can be added.
    arms: Array.from({ length: seeds }, (_, seed) =>
      systems.flatMap(system =>
        trained.map(order => seeded(armOf(order)(system), seeds, configOf(system, order))[seed]!),
      ),
    ).flat(),
    conditions: [
      `5 ways, 5 shots, one image after another; ${of.network} (the paper: six convolutions on 84 × 84, then two plastic layers).`,
      `Meta-trained on the 136 characters of Omniglot’s small set 1, also turned by quarters; tested on the 156 of small set 2, of which 106 are of unseen alphabets (the paper: 963 and 659 characters).`,
      `${meta.steps} meta-steps of ${meta.tasks} tasks (the paper: 40,000 of 1), ${seeds} seed(s), ${size.full ? 'each order with a meta-training of its own' : 'at three times the presets’ rates; meta-trained class by class and tested in both orders (the paper: each order with a meta-training of its own)'}.`,
      of.baselines,
      'The paper’s numbers were not at hand: no line to draw.',
    ],
    summarise(results) {
      const at = (order: Order) => ({ results, seeds, systems, arm: armOf(trainedIn(order)) });
      // The characters of alphabets that meta-training never saw are the last test.
      const columns = (order: Order) =>
        [
          ['156 characters', `${CALLED[order]}, 156`],
          ['106 of unseen alphabets', `${CALLED[order]}, its 106`],
        ] as const;
      return {
        tables: ORDERS.map(order =>
          tableOf({
            ...at(order),
            title: `Accuracy after 25 images, ${CALLED[order]}`,
            columns: columns(order),
          }),
        ),
        figures: [
          ...ORDERS.flatMap(order =>
            lossFigure({
              ...at(order),
              title: `Accuracy over images seen, ${CALLED[order]}`,
              evaluation: `${CALLED[order]}, 156`,
            }),
          ),
          ...systems.flatMap(system =>
            forgettingFigure({
              ...at('continual'),
              systems: [system],
              evaluation: 'class by class, 156',
            }),
          ),
        ],
      };
    },
  };
}
