import type { RunConfigInput } from '../config/config.js';
import { RUN_PRESETS } from '../config/presets.js';
import { defineSystem, widthsOf } from '../systems/system.js';
import { forgettingFigure, lossFigure, tableOf, type System } from './compare.js';
import { scaled, seeded, threefold, type Size, type Study } from './study.js';

const SYSTEMS: readonly System[] = ['flp', 'maml', 'first-order-maml'];
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
  design(size: Size) {
    const seeds = size.seeds ?? 5;
    const side = size.full ? 28 : 14;
    // The order that what is tested in an order was meta-trained in.
    const trainedIn = (order: Order): Order => (size.full ? order : 'continual');
    const trained = ORDERS.filter(order => trainedIn(order) === order);
    const configOf = (system: System, order: Order): RunConfigInput => {
      const flp = RUN_PRESETS['flp-omniglot']!;
      const preset = RUN_PRESETS[`${system === 'flp' ? 'flp' : 'maml'}-omniglot`]!;
      if (flp.task.kind !== 'few-shot' || flp.task.source.format !== 'omniglot')
        throw new Error('flp-omniglot is a few-shot task of characters');
      return {
        ...preset,
        name: `${system}-omniglot-${order}`,
        task: { ...flp.task, order, source: { ...flp.task.source, size: side } },
        system: {
          ...preset.system,
          ...(system !== 'flp' && { preset: system }),
          sizes: size.full ? flp.system.sizes : [side * side, 128, 64, 5],
        },
        ...(!size.full && { evaluation: { ...preset.evaluation, tasks: 100 } }),
        meta: size.full
          ? { ...preset.meta, steps: scaled(preset.meta.steps, size) }
          : {
              ...preset.meta,
              tasks: 8,
              steps: scaled(120, size),
              rates: threefold(preset.meta.rates!),
            },
      };
    };
    const { meta, system } = configOf('flp', 'iid');
    const armOf = (order: Order) => (system: System) => `${system}-${order}`;
    return {
      // Seed by seed, so that more of them can be added.
      arms: Array.from({ length: seeds }, (_, seed) =>
        SYSTEMS.flatMap(system =>
          trained.map(order => seeded(armOf(order)(system), seeds, configOf(system, order))[seed]!),
        ),
      ).flat(),
      conditions: [
        `5 ways, 5 shots, one image after another; ${widthsOf(defineSystem(system)).join('-')} with the first layer frozen within a lifetime, of ${side} × ${side} pixels (the paper: six convolutions on 84 × 84, then two plastic layers).`,
        `Meta-trained on the 136 characters of Omniglot’s small set 1, also turned by quarters; tested on the 156 of small set 2, of which 106 are of unseen alphabets (the paper: 963 and 659 characters).`,
        `${meta.steps} meta-steps of ${meta.tasks} tasks (the paper: 40,000 of 1), ${seeds} seed(s), ${size.full ? 'each order with a meta-training of its own' : 'at three times the presets’ rates; meta-trained class by class and tested in both orders (the paper: each order with a meta-training of its own)'}.`,
        'MAML learns its beginning and one rate a synapse (Meta-SGD), by the exact second-order gradient or by the first-order one, behind the same frozen layer. The paper’s own baseline was first order.',
        'The paper’s numbers were not at hand: no line to draw.',
      ],
      summarise(results) {
        const at = (order: Order) => ({
          results,
          seeds,
          systems: SYSTEMS,
          arm: armOf(trainedIn(order)),
        });
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
            ...SYSTEMS.flatMap(system =>
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
  },
};
