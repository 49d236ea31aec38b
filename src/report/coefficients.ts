import {
  coefficientName,
  isMixed,
  layoutOf,
  ofAllLayers,
  type Layout,
} from '../parameters/layout.js';
import { defineSystem, type System, type SystemSpec } from '../systems/system.js';
import type { LogLine } from '../runs/log.js';
import type { Lines } from './chart.js';

/** A picture: its tensors of the log, and what the numbers of each are called, one line each. */
interface Picture {
  readonly title: string;
  readonly tensors: readonly string[];
  lines(tensor: string): readonly string[];
}

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

/** The pictures of a written rule's coefficients: those of the network in one, then each other. */
function picturesOfWritten({ rule }: System, { tensors }: Layout): readonly Picture[] {
  if (typeof rule === 'string' || rule.kind === 'handwritten') return [];
  const title = (names: readonly string[]) =>
    `Coefficient${names.length > 1 ? 's' : ''} ${names.join(', ')} of the rule ${rule.name}`;
  const picture = (names: readonly string[]): Picture => {
    const shown = tensors.filter(t =>
      names.some(name => coefficientName(name) === ofAllLayers(t.name) && t.group === 'rule'),
    );
    return {
      title: title(names),
      tensors: shown.map(t => t.name),
      lines: tensor => [tensor.replace(/^rule\./, '').replace('.', ', layer ')],
    };
  };
  const shared = rule.coefficients.filter(c => c.per === 'network').map(c => c.name);
  const others = rule.coefficients.filter(c => c.per !== 'network').map(c => [c.name]);
  return [...(shared.length ? [shared] : []), ...others].map(picture);
}

/** How the coefficients of a rule went over meta-training, from a log: a picture for each kind. */
export function trajectories(
  spec: SystemSpec,
  log: readonly LogLine[],
): { readonly title: string; readonly lines: Lines }[] {
  const system = defineSystem(spec);
  const logged = log.filter(line => line.coefficients);
  const last = logged.at(-1)?.coefficients ?? {};
  const layout = layoutOf(system);
  const pictures = [
    ...Object.entries(NAMES).map(([kind, { title, lines }]): Picture => ({
      title,
      tensors: Object.keys(last).filter(name => name.replace(/\d+$/, '') === kind),
      lines: tensor => lines(system, tensor.slice(kind.length)),
    })),
    ...picturesOfWritten(system, layout),
  ];
  return pictures.flatMap(({ title, tensors: named, lines }) => {
    const tensors = named.filter(name => layout.get(name)?.size === last[name]?.length);
    if (!tensors.length) return [];
    return [
      {
        title,
        lines: {
          x: logged.map(line => line.metaStep),
          xLabel: 'meta-step',
          yLabel: 'value',
          lines: tensors.flatMap(tensor => {
            const names = lines(tensor);
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
