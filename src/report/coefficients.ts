import { isMixed, layoutOf } from '../parameters/layout.js';
import { defineSystem, type System, type SystemSpec } from '../systems/system.js';
import type { LogLine } from '../runs/log.js';
import type { Lines } from './chart.js';

/**
 * What the coefficients of a name are called in pictures, one line each; `layer` is '' if all
 * layers share them.
 */
const NAMES: Readonly<
  Record<
    string,
    { readonly title: string; lines(system: System, layer: string): readonly string[] }
  >
> = {
  theta: {
    title: 'Coefficients θ of the pool',
    lines: ({ terms }, layer) => terms.map(r => `θ${r}${layer && `, layer ${layer}`}`),
  },
  eta: { title: 'Learning rate η', lines: (_, layer) => [layer ? `η, layer ${layer}` : 'η'] },
  etaBias: {
    title: 'Learning rate η of biases',
    lines: (_, layer) => [`η of biases, layer ${layer}`],
  },
  weightDecay: { title: 'Weight decay', lines: () => ['weight decay'] },
  momentum: { title: 'Momentum', lines: () => ['momentum'] },
  k: {
    title: 'Coefficients k of the feedback rule',
    lines: ({ primitives }) => primitives.map(p => `k of ${p}`),
  },
  etaB: { title: 'Rate of the feedback rule', lines: () => ['ηB'] },
  beta: {
    title: 'Feedback strength β',
    lines: ({ layers }) => layers.filter(isMixed).map(l => `β, layer ${l.index}`),
  },
};

/** How the coefficients of a rule went over meta-training, from a log: a picture for each kind. */
export function trajectories(
  spec: SystemSpec,
  log: readonly LogLine[],
): { readonly title: string; readonly lines: Lines }[] {
  const system = defineSystem(spec);
  const logged = log.filter(line => line.coefficients);
  const last = logged.at(-1)?.coefficients ?? {};
  const layout = layoutOf(system);
  return Object.entries(NAMES).flatMap(([kind, { title, lines }]) => {
    const tensors = Object.keys(last).filter(
      name => name.replace(/\d+$/, '') === kind && layout.get(name)?.size === last[name]!.length,
    );
    if (!tensors.length) return [];
    return [
      {
        title,
        lines: {
          x: logged.map(line => line.metaStep),
          xLabel: 'meta-step',
          yLabel: 'value',
          lines: tensors.flatMap(tensor => {
            const names = lines(system, tensor.slice(kind.length));
            const numbers = last[tensor]!;
            return numbers.map((_, i) => ({
              name: names.length === numbers.length ? names[i]! : `${names[0]}, neuron ${i + 1}`,
              values: logged.map(line => line.coefficients![tensor]?.[i] ?? NaN),
            }));
          }),
        },
      },
    ];
  });
}
