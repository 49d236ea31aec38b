import { greatest } from '../extremes.js';
import { adapterName, type AdapterSummary, type Gpu } from '../gpu/device.js';
import { mebibytes } from '../gpu/plan.js';
import { CEILINGS, measureCeilings, type Ceiling, type Ceilings } from './ceilings.js';
import { clockOf, type Clock, type Measuring } from './clock.js';
import { benchKernels, type KernelFigure } from './kernels.js';
import { benchSweep, type SweepFigure, type SweepSizes } from './sweep.js';
import type { Workload } from './workloads.js';

/** Everything that `metaplastic bench` measures. */
export interface BenchReport {
  readonly adapter: AdapterSummary;
  /** What these numbers are not, if the adapter is software. */
  readonly warning?: string;
  readonly clock: Clock['kind'];
  readonly date: string;
  /** The machine and the programs on it, if somebody says. */
  readonly system?: string;
  readonly ceilings: Ceilings;
  readonly kernels: readonly KernelFigure[];
  readonly sweep: readonly SweepFigure[];
}

export const SOFTWARE_WARNING =
  'Software adapter: a program on the CPU. These numbers are no performance of WebGPU or of any GPU; they only compare what ran on this machine.';

/**
 * Measures the adapter: its ceilings, then every kernel on `workloads`, then whole meta-steps over
 * `sizes`. Stops before the next figure, and rejects with the signal's reason, if that is aborted.
 */
export async function runBench(
  gpu: Gpu,
  {
    workloads,
    sizes,
    signal,
    onProgress,
    ...rest
  }: Measuring & {
    readonly workloads?: Workload[];
    /** `null` leaves meta-steps out. */
    readonly sizes?: SweepSizes | null;
    readonly signal?: AbortSignal;
  } = {},
): Promise<BenchReport> {
  const measuring: Measuring = {
    ...rest,
    onProgress: (...told) => {
      signal?.throwIfAborted();
      onProgress?.(...told);
    },
  };
  return {
    adapter: gpu.adapter,
    ...(gpu.adapter.software && { warning: SOFTWARE_WARNING }),
    clock: clockOf(gpu),
    date: new Date().toISOString().slice(0, 10),
    ceilings: await measureCeilings(gpu, measuring),
    kernels: await benchKernels(gpu, measuring, workloads),
    sweep: sizes === null ? [] : await benchSweep(gpu, measuring, sizes),
  };
}

/**
 * The fastest batch of a kernel beside the ceilings: rates, and shares of what arithmetic and
 * storage give. Undefined where nobody has counted, or nothing was to be seen.
 */
export function ratesOf({ work, fastest }: KernelFigure, { arithmetic, storage }: Ceilings) {
  if (!work || fastest === 0) return undefined;
  const flops = work.flops / fastest;
  const bytes = work.bytes / fastest;
  return {
    flops,
    bytes,
    ofArithmetic: flops / arithmetic.value,
    ofStorage: bytes / storage.value,
    intensity: work.flops / work.bytes,
  };
}

/** The report as Markdown tables that are aligned, for people with and without a renderer. */
export function describeReport(report: BenchReport): string {
  const { warning, clock, date, system, ceilings, kernels, sweep } = report;
  const workloads = [...new Set(kernels.map(k => k.workload))];
  return [
    `# metaplastic bench: ${adapterName(report.adapter)}`,
    ...[warning, noiseIn(report)].filter(Boolean).map(said => `> **${said}**`),
    `${date}${system ? `; ${system}` : ''}; kernels timed by ${clock}. Spread: the middle half of the repetitions, relative to the median. Rates are those of the fastest.`,
    '## What the adapter gives at most, and what asking costs',
    table(
      ['', 'measured', 'spread', 'how'],
      (Object.keys(CEILINGS) as Ceiling[]).map(c => [
        CEILINGS[c].title,
        quantity(ceilings[c].value, CEILINGS[c].unit),
        percent(ceilings[c].spread),
        CEILINGS[c].how,
      ]),
    ),
    '## Kernels',
    ...workloads.flatMap(workload => [
      `### ${workload}`,
      kernelTable(
        kernels.filter(k => k.workload === workload),
        ceilings,
      ),
    ]),
    ...(sweep.length > 0 ? sweepSection(sweep) : []),
  ].join('\n\n');
}

const sweepSection = (sweep: readonly SweepFigure[]): string[] => [
  '## Meta-steps of flp, adjoint reverse',
  table(
    ['N', 'T', 'H', 'meta-steps/s', 'task-steps/s', 'spread', 'memory planned', 'in buffers'],
    sweep.map(s => [
      String(s.tasks),
      String(s.steps),
      String(s.width),
      digits(s.metaStepsPerSecond.value),
      Math.round(s.taskStepsPerSecond).toLocaleString('en'),
      percent(s.metaStepsPerSecond.spread),
      mebibytes(s.plannedBytes),
      mebibytes(s.peakBytes),
    ]),
  ),
];

/** Half of what was measured spread more than this: something else was running. */
const NOISE = 0.25;

/** Says that the machine was not idle, if the numbers say so. */
export function noiseIn({ ceilings, kernels, sweep }: BenchReport): string | undefined {
  const spreads = [...Object.values(ceilings), ...kernels, ...sweep.map(s => s.metaStepsPerSecond)]
    .map(f => f.spread)
    .sort((a, b) => a - b);
  const middle = spreads[spreads.length >> 1]!;
  return middle > NOISE
    ? `Not an idle machine: half of these numbers spread by more than ${percent(middle)}. Medians say little, the fastest a little more; measure again.`
    : undefined;
}

function kernelTable(kernels: readonly KernelFigure[], ceilings: Ceilings): string {
  return table(
    ['kernel', 'median', 'spread', 'fastest', 'GFLOP/s', 'of arithmetic', 'GB/s', 'of storage'],
    kernels.map(kernel => {
      const rates = ratesOf(kernel, ceilings);
      return [
        kernel.part ? `· ${kernel.kernel}` : kernel.kernel,
        seconds(kernel.median),
        percent(kernel.spread),
        seconds(kernel.fastest),
        ...(rates
          ? [
              digits(rates.flops / 1e9),
              percent(rates.ofArithmetic),
              digits(rates.bytes / 1e9),
              percent(rates.ofStorage),
            ]
          : ['', '', '', '']),
      ];
    }),
  );
}

const seconds = (time: number): string => (time > 0 ? quantity(time, 's') : 'too short');

/** First column left, the others right, but for a last one of words. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((h, c) => greatest([3, h.length, ...rows.map(row => row[c]!.length)]));
  const left = (c: number) => c === 0 || head[c] === 'how';
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, c) => (left(c) ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join(' | ')} |`;
  return [
    line(head),
    `|${widths.map((w, c) => (left(c) ? `:${'-'.repeat(w + 1)}` : `${'-'.repeat(w + 1)}:`)).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}

/** Three digits, without an exponent. */
export const digits = (x: number): string =>
  x === 0 ? '0' : Number(x.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 6 });
/** A share (1 is all) as a percentage of two digits. */
export const percent = (share: number): string => `${digits(100 * Number(share.toPrecision(2)))} %`;

const PREFIXES = {
  'flop/s': [
    [1e12, 'TFLOP/s'],
    [1e9, 'GFLOP/s'],
  ],
  'B/s': [
    [1e12, 'TB/s'],
    [1e9, 'GB/s'],
  ],
  s: [
    [1, 's'],
    [1e-3, 'ms'],
    [1e-6, 'µs'],
    [1e-9, 'ns'],
  ],
} as const;

/** A quantity with the unit that suits it. */
export function quantity(value: number, unit: keyof typeof PREFIXES): string {
  const [scale, name] = PREFIXES[unit].find(([scale]) => value >= scale) ?? PREFIXES[unit].at(-1)!;
  return `${digits(value / scale)} ${name}`;
}
