import { writtenOf, type System } from '../systems/system.js';
import { coefficientsOf, GROUPS, type Layout } from './layout.js';

/** λ Σ |·| over the numbers `from` … `to` − 1 of the layout, which is part of the meta-loss. */
export interface Penalty {
  readonly from: number;
  readonly to: number;
  /** λ ≥ 0. */
  readonly weight: number;
}

/**
 * The penalties of a system: with λ = l1 that on the coefficients of the pool (Shervani-Tabar &
 * Rosenbaum 2023, Algorithm 1), and with its own `l1` that on each coefficient of a written rule.
 */
export function penaltiesOf(system: System, layout: Layout, l1: number): readonly Penalty[] {
  const theta = GROUPS.indexOf('theta');
  const [from, to] = [layout.groupStart[theta]!, layout.groupStart[theta + 1]!];
  const ofPool = l1 > 0 && to > from ? [{ from, to, weight: l1 }] : [];
  const written = writtenOf(system);
  if (!written) return ofPool;
  return written.coefficients.flatMap(({ name, l1: weight = 0 }) => {
    const tensors = coefficientsOf(layout, name);
    if (!weight || !tensors.length) return [];
    const last = tensors.at(-1)!;
    return [{ from: tensors[0]!.offset, to: last.offset + last.size, weight }];
  });
}
