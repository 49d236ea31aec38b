import { greatest } from '../extremes.js';
import type { Layout } from '../parameters/layout.js';
import type { ReferenceLoss } from './meta-gradient.js';

/** Shares of a written rule's coefficients that are tried, where lifetimes diverge of all of them. */
const SHARES = [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 64, 1 / 256, 1 / 4096] as const;

type Lived = ReferenceLoss & { readonly gradient?: Float64Array };

/** Meta-parameters of which lifetimes stay finite, and what share of the coefficients they have. */
export interface Tamed<P> {
  readonly parameters: P;
  readonly share: number;
}

/**
 * The largest share of a written rule's coefficients with which lifetimes stay finite and of
 * moderate size; undefined if none do.
 */
export function tamed<P extends Float32Array | Float64Array>(
  { tensors }: Layout,
  parameters: P,
  live: (parameters: P) => Lived,
): Tamed<P> | undefined {
  for (const share of SHARES) {
    const some = parameters.slice() as P;
    for (const { group, offset, size } of tensors)
      if (group === 'rule') for (let i = offset; i < offset + size; i++) some[i] = some[i]! * share;
    if (isTame(live(some))) return { parameters: some, share };
  }
  return undefined;
}

/** What share of the coefficients there are, in words, if not all of them. */
export const shareInWords = (share: number): string =>
  share < 1 ? `coefficients / ${1 / share}` : '';

/** Beyond this a number will soon be none. */
const LARGE = 100;

/** Are losses, gradient, if there is one, and what lifetimes leave finite and of moderate size? */
function isTame({
  losses,
  gradient = new Float64Array(),
  finalWeights,
  finalSynapse,
  finalNeuron,
}: Lived): boolean {
  const left = [
    ...finalWeights.flat(),
    ...[...finalSynapse, ...finalNeuron].flatMap(states => Object.values(states).flat()),
  ];
  const most = (numbers: Float64Array) => greatest(Array.from(numbers, Math.abs));
  const isModerate = (numbers: Float64Array) => most(numbers) < LARGE;
  // both are of second order in what is left
  return left.every(isModerate) && [losses, gradient].every(numbers => most(numbers) < LARGE ** 2);
}
