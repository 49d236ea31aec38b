import { greatest, least } from '../extremes.js';
import type { Tensors } from '../tensor.js';
import type { Lines } from './chart.js';

/** What is shown as a histogram: a title, and which tensors are its lines. */
const KINDS = [
  ['Initial weights W', /^W\d+$/],
  ['Feedback weights B', /^B\d+$/],
  ['Plasticity α of each synapse', /^alpha\d+$/],
] as const;

const BINS = 41;
/** A tensor of fewer numbers has no distribution worth a picture. */
const LEAST_NUMBERS = 8;

/** How the numbers that were meta-learned are spread: a picture for each kind, a line for each layer. */
export function histograms(
  parameters: Tensors,
): readonly { readonly title: string; readonly lines: Lines }[] {
  return KINDS.flatMap(([title, names]) => {
    const shown = Object.entries(parameters)
      .filter(([name, { data }]) => names.test(name) && data.length >= LEAST_NUMBERS)
      .map(([name, { data }]) => [name, [...data].filter(Number.isFinite)] as const);
    const all = shown.flatMap(([, numbers]) => numbers);
    const [from, to] = [least(all), greatest(all)];
    if (!(to > from)) return [];
    const width = (to - from) / BINS;
    const lines: Lines = {
      x: Array.from({ length: BINS }, (_, k) => from + (k + 0.5) * width),
      xLabel: 'value',
      yLabel: 'share of the numbers',
      percent: true,
      lines: shown.map(([name, numbers]) => ({ name, values: sharesOf(numbers, from, width) })),
    };
    return [{ title, lines }];
  });
}

/** The share of the numbers that falls into each bin. */
function sharesOf(numbers: readonly number[], from: number, width: number): number[] {
  const counts = new Array<number>(BINS).fill(0);
  for (const x of numbers) counts[Math.min(BINS - 1, Math.floor((x - from) / width))]!++;
  return counts.map(count => count / numbers.length);
}
