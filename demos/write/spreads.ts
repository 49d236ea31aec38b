import type { Learner } from 'metaplastic';

/** The numbers of a coefficient: all of them, at birth and now. */
export interface Spread {
  readonly name: string;
  readonly born: Float32Array;
  readonly now: Float32Array;
}

/** The numbers of every coefficient that each synapse or neuron has for itself, layer upon layer. */
export async function numbersOf(learner: Learner): Promise<Record<string, Float32Array>> {
  const { rule } = learner.system;
  if (typeof rule === 'string' || rule.kind !== 'written') return {};
  const found: Record<string, Float32Array> = {};
  for (const { name, per } of rule.coefficients) {
    if (per !== 'synapse' && per !== 'neuron') continue;
    const layers = learner.layout.tensors.filter(t => t.name.startsWith(`rule.${name}.`));
    const parts = await Promise.all(layers.map(async t => (await learner.read(t.name)).data));
    found[name] = Float32Array.from(parts.flatMap(part => [...part]));
  }
  return found;
}

/** The same, as they were at birth and as they are now. */
export async function spreadsOf(
  learner: Learner,
  born: Readonly<Record<string, Float32Array>>,
): Promise<Spread[]> {
  const now = await numbersOf(learner);
  return Object.entries(now).map(([name, numbers]) => ({ name, born: born[name]!, now: numbers }));
}
