import { GROUPS, type Group, type Layout } from '../parameters/layout.js';

const BETA1 = 0.9,
  BETA2 = 0.999,
  EPSILON = 1e-8;

/** Adam's memory: steps taken, and the moving means of g and g² (layout.size each). */
export interface AdamState {
  readonly step: number;
  readonly mean: Float64Array;
  readonly meanSquare: Float64Array;
}

export function adamStart(size: number): AdamState {
  return { step: 0, mean: new Float64Array(size), meanSquare: new Float64Array(size) };
}

/**
 * One step of Adam (Kingma & Ba 2015), each group of meta-parameters with its own rate η, on the
 * gradient scaled to a global norm of at most `clip`.
 *
 *     m ← β₁ m + (1−β₁) g,   v ← β₂ v + (1−β₂) g²,   p ← p − η m̂ / (√v̂ + ε),   m̂ = m / (1−β₁ᵗ),
 *  v̂ = v / (1−β₂ᵗ)
 */
export function adam(
  parameters: Float64Array,
  gradient: Float64Array,
  state: AdamState,
  layout: Layout,
  rates: Readonly<Record<Group, number>>,
  clip = Infinity,
): { parameters: Float64Array; state: AdamState } {
  const scale = clipScale(gradient, clip);
  const step = state.step + 1;
  const mean = state.mean.map((m, i) => BETA1 * m + (1 - BETA1) * scale * gradient[i]!);
  const meanSquare = state.meanSquare.map(
    (v, i) => BETA2 * v + (1 - BETA2) * (scale * gradient[i]!) ** 2,
  );
  const next = parameters.slice();
  GROUPS.forEach((group, k) => {
    for (let i = layout.groupStart[k]!; i < layout.groupStart[k + 1]!; i++) {
      const m = mean[i]! / (1 - BETA1 ** step);
      const v = meanSquare[i]! / (1 - BETA2 ** step);
      next[i]! -= (rates[group] * m) / (Math.sqrt(v) + EPSILON);
    }
  });
  return { parameters: next, state: { step, mean, meanSquare } };
}

/**
 * The mean of the tasks' gradients, each scaled to a norm of at most `clipPerTask`. A task whose
 * loss or any gradient entry is not finite has diverged and is left out; if all have, the gradient
 * is 0.
 */
export function meanGradient(
  taskGradients: readonly Float64Array[],
  taskLosses: ArrayLike<number>,
  clipPerTask = Infinity,
): { gradient: Float64Array; counted: number; diverged: number } {
  const finite = taskGradients.filter(
    (g, task) => Number.isFinite(taskLosses[task]) && g.every(Number.isFinite),
  );
  const gradient = new Float64Array(taskGradients[0]?.length ?? 0);
  for (const g of finite) {
    const scale = clipScale(g, clipPerTask);
    g.forEach((gi, i) => {
      gradient[i]! += (scale * gi) / finite.length;
    });
  }
  return { gradient, counted: finite.length, diverged: taskGradients.length - finite.length };
}

/** min(1, clip / ‖g‖), and 1 for a gradient of 0. */
function clipScale(gradient: Float64Array, clip: number): number {
  const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  return norm > clip ? clip / norm : 1;
}
