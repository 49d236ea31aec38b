import { random } from '../tasks/random.js';
import type { System } from '../systems/system.js';
import type { Layout } from './layout.js';

/** How meta-parameters begin (papers.md §1.1 has the published values). Biases b and c begin at 0. */
export interface Initial {
  /** `kaiming`: normal with std √(2 / fan_in); `xavier`: uniform within ±√(6 / (fan_in + fan_out)). Default `kaiming`. */
  readonly weights?: 'kaiming' | 'xavier';
  /** Factor on the initial weights. Default 1. */
  readonly weightScale?: number;
  /** Feedback weights: `normal` N(0, 1), or `kaiming` with fan_in = number of outputs. Default `normal`. */
  readonly feedback?: 'normal' | 'kaiming';
  readonly feedbackScale?: number;
  /** Plasticity coefficients, all alike. Default 0. */
  readonly alpha?: number;
  /** Feedback strengths, all alike. Default 0.5. */
  readonly beta?: number;
}

/** The meta-parameters before meta-training, in `layout`; the same seed gives the same numbers. */
export function initialParameters(system: System, layout: Layout, seed: number, initial: Initial = {}): Float32Array {
  const parameters = new Float32Array(layout.size);
  layout.tensors.forEach((tensor, stream) => {
    const [rows, columns] = tensor.shape as [number, number?];
    const { normal, uniform } = random(seed ^ 0x696e6974, stream);   // a stream of its own: task i of a seed draws from stream i
    const draw: () => number = {
      W: () => initial.weights === 'xavier' ? (2 * uniform() - 1) * Math.sqrt(6 / (rows + columns!)) : normal() * Math.sqrt(2 / columns!),
      b: () => 0,
      B: () => normal() * (initial.feedback === 'kaiming' ? Math.sqrt(2 / system.sizes.at(-1)!) : 1) * (initial.feedbackScale ?? 1),
      c: () => 0,
      alpha: () => initial.alpha ?? 0,
      beta: () => initial.beta ?? 0.5,
    }[tensor.name.replace(/\d+$/, '')]!;
    const scale = tensor.name.startsWith('W') ? initial.weightScale ?? 1 : 1;
    for (let k = 0; k < tensor.size; k++) parameters[tensor.offset + k] = draw() * scale;
  });
  return parameters;
}
