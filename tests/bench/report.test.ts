import { parametersOf, writeAll } from '../kernels/agree.js';
import { readBack } from '../../src/learner/lifetimes.js';
import { describe, expect, test } from 'vitest';
import { recordDispatches } from '../../src/bench/calls.js';
import type { Ceilings } from '../../src/bench/ceilings.js';
import { learnerFor } from '../../src/bench/meta-gradient.js';
import {
  describeReport,
  digits,
  percent,
  quantity,
  ratesOf,
  runBench,
  SOFTWARE_WARNING,
  type BenchReport,
} from '../../src/bench/report.js';
import { drawRoofline, spread } from '../../src/bench/roofline.js';
import { flpWorkload } from '../../src/bench/workloads.js';
import { useGpu } from '../kernels/open.js';

const under = useGpu();
const ceilings = Object.fromEntries(
  Object.entries({
    arithmetic: 1e10,
    storage: 2e9,
    cache: 4e9,
    workgroupMemory: 3e9,
    dispatch: 2e-5,
    barrier: 1e-6,
    submit: 1e-4,
    readBack: 1e-3,
  }).map(([k, value]) => [k, { value, spread: 0.05 }]),
) as unknown as Ceilings;

const hardware: BenchReport = {
  adapter: {
    vendor: 'maker',
    architecture: 'arch',
    device: '',
    description: 'Card <9>',
    software: false,
  },
  clock: 'timestamps',
  date: '2026-11-21',
  ceilings,
  kernels: [
    {
      workload: 'flp, N=8, T=2, 1-8-1',
      kernel: 'episode',
      part: false,
      median: 0.6,
      fastest: 0.5,
      spread: 0.1,
      work: { flops: 1e9, bytes: 5e8 },
    },
    {
      workload: 'flp, N=8, T=2, 1-8-1',
      kernel: 'birth',
      part: true,
      median: 0.1,
      fastest: 0.1,
      spread: 0.1,
      work: { flops: 0, bytes: 1e8 },
    },
    {
      workload: 'flp, N=8, T=2, 1-8-1',
      kernel: 'dream',
      part: false,
      median: 0.6,
      fastest: 0.5,
      spread: 0.1,
    },
  ],
  sweep: [
    {
      tasks: 8,
      steps: 2,
      width: 8,
      metaStepsPerSecond: { value: 20, spread: 0.01 },
      taskStepsPerSecond: 320,
      plannedBytes: 2 ** 20,
      peakBytes: 2 ** 20,
    },
  ],
};

test('a whole bench of small workloads measures every ceiling, kernel and size, and its memory is what the plan foresaw', async () => {
  const told: string[] = [];
  const report = await runBench(under.gpu, {
    patience: { batchSeconds: 0.002, repeats: 2 },
    onProgress: what => told.push(what),
    workloads: [flpWorkload({ tasks: 3, steps: 4, width: 5, batch: 1 })],
    sizes: { middle: { tasks: 2, steps: 3, width: 4 }, tasks: [2, 5], steps: [3], width: [4] },
  });
  for (const [name, { value }] of Object.entries(report.ceilings))
    expect(value, name).toBeGreaterThan(0);
  expect(report.kernels.map(k => k.kernel)).toEqual([
    'episode',
    'episode.adjoint',
    'collect',
    'adam',
    'episode, forward only',
    'birth',
    'step',
    'query',
    'step.adjoint',
    'query.adjoint',
  ]);
  for (const { kernel, work, median, fastest } of report.kernels) {
    expect(work, kernel).toBeDefined();
    expect(median, kernel).toBeGreaterThanOrEqual(0);
    expect(fastest, kernel).toBeGreaterThanOrEqual(0);
  }
  expect(report.sweep.map(s => [s.tasks, s.steps, s.width])).toEqual([
    [2, 3, 4],
    [5, 3, 4],
  ]);
  for (const { peakBytes, plannedBytes } of report.sweep) expect(peakBytes).toBe(plannedBytes);
  expect(told[0]).toBe('arithmetic');
  expect(report.warning).toBe(under.gpu.adapter.software ? SOFTWARE_WARNING : undefined);
  expect(drawRoofline(report)).toContain('flp, N=3, T=4');
}, 120_000);

test('dispatches that are made again compute the same again', async () => {
  const workload = flpWorkload({ tasks: 3, steps: 4, width: 5, batch: 1 });
  const learner = await learnerFor(under.gpu, workload, { adjoint: 'store' });
  const { device } = under.gpu;
  const { total } = learner['inheritance'];
  const gradient = () => readBack(under.gpu, total, 0, total.size);
  const live = () => learner.gradient(workload.episodes, { read: false });
  const made = await recordDispatches(live);
  const first = await gradient();
  expect(made.map(d => d.label)).toEqual(['episode', 'episode.adjoint', 'collect']);
  writeAll(learner, new Float32Array(learner.layout.size));
  await live();
  expect(await gradient()).not.toEqual(first);
  writeAll(learner, workload.parameters);
  await parametersOf(learner);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const { again } of [...made.slice(0, 2), ...made]) again(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);
  expect(await gradient()).toEqual(first);
  learner.destroy();
});

describe('numbers for people', () => {
  test.each<[string, string]>([
    [digits(0), '0'],
    [digits(1234.5), '1,230'],
    [digits(0.012345), '0.0123'],
    [percent(0.1234), '12 %'],
    [percent(1.5), '150 %'],
    [percent(0.0042), '0.42 %'],
    [quantity(1.234e13, 'flop/s'), '12.3 TFLOP/s'],
    [quantity(5e7, 'flop/s'), '0.05 GFLOP/s'],
    [quantity(2e9, 'B/s'), '2 GB/s'],
    [quantity(0.0123, 's'), '12.3 ms'],
    [quantity(2e-6, 's'), '2 µs'],
    [quantity(3e-10, 's'), '0.3 ns'],
  ])('%s', (got, wanted) => expect(got).toBe(wanted));
  test('a rate is work in its time, and its share of what the adapter gives', () => {
    expect(ratesOf(hardware.kernels[0]!, ceilings)).toEqual({
      flops: 2e9,
      bytes: 1e9,
      ofArithmetic: 0.2,
      ofStorage: 0.5,
      intensity: 2,
    });
    expect(ratesOf(hardware.kernels[2]!, ceilings)).toBeUndefined();
    expect(ratesOf({ ...hardware.kernels[0]!, fastest: 0 }, ceilings)).toBeUndefined();
  });
});

describe('the tables', () => {
  const lines = describeReport(hardware).split('\n');
  test('are Markdown whose columns stand below each other', () => {
    const tables = lines
      .join('\n')
      .split('\n\n')
      .filter(block => block.startsWith('|'));
    expect(tables).toHaveLength(3);
    for (const table of tables)
      expect(new Set(table.split('\n').map(line => line.length)).size).toBe(1);
  });
  test('say that the machine was not idle, if half of the numbers spread widely', () => {
    const noisy = {
      ...hardware,
      ceilings: Object.fromEntries(
        Object.entries(ceilings).map(([k, c]) => [k, { ...c, spread: 0.4 }]),
      ) as unknown as Ceilings,
    };
    expect(describeReport(noisy)).toContain(
      '> **Not an idle machine: half of these numbers spread by more than 40 %.',
    );
    expect(describeReport(hardware)).not.toContain('idle');
  });
  test('say where and when they come from', () => {
    expect(lines.slice(0, 3).join('\n')).toMatch(
      /^# metaplastic bench: maker arch Card <9>\n\n2026-11-21; kernels timed by timestamps\./,
    );
    expect(describeReport({ ...hardware, system: 'a machine' })).toContain(
      '2026-11-21; a machine; kernels',
    );
  });
  test('show rates and shares, mark a part of a lifetime, and leave out what nobody has counted', () => {
    expect(lines.find(l => l.startsWith('| episode '))).toMatch(
      /600 ms \| +10 % \| +500 ms \| +2 \| +20 % \| +1 \| +50 % \|$/,
    );
    expect(lines.find(l => l.startsWith('| · birth '))).toBeDefined();
    expect(lines.find(l => l.startsWith('| dream '))).toMatch(
      /600 ms \| +10 % \| +500 ms \|( +\|){4}$/,
    );
  });
});

describe('the picture', () => {
  const svg = drawRoofline(hardware);
  test('is well-formed, escapes names, and says what it shows to those who do not see it', () => {
    const open: string[] = [];
    for (const [, closing, name, self] of svg
      .replace(/<style>.*?<\/style>/s, '')
      .matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (closing) expect(open.pop()).toBe(name);
      else if (!self) open.push(name!);
    }
    expect(open).toEqual([]);
    expect(svg).toContain('Card &lt;9&gt;');
    expect(svg).toMatch(/role="img".*<desc id="about">.*episode: 2 GFLOP\/s/s);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
  test('draws kernels that were counted and compute, in the frame', () => {
    const points = [...svg.matchAll(/<circle class="point" cx="([\d.]+)" cy="([\d.]+)"/g)].map(
      ([, x, y]) => [Number(x), Number(y)] as const,
    );
    expect(points).toHaveLength(1);
    for (const [x, y] of points) expect(x >= 62 && x <= 420 && y >= 0 && y <= 300).toBe(true);
  });
  test('follows dark mode and narrow screens', () => {
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).toContain('max-width');
  });
  test('names stand apart, in order, and within', () => {
    expect(spread([10, 12, 50], 20, 0, 100)).toEqual([10, 30, 50]);
    expect(spread([90, 95, 99], 20, 0, 100)).toEqual([60, 80, 100]);
  });
});

test('numbers of a software adapter are called no performance: in the tables, the JSON and the picture', () => {
  const software = {
    ...hardware,
    adapter: { ...hardware.adapter, software: true },
    warning: SOFTWARE_WARNING,
  };
  expect(describeReport(software)).toContain(`> **${SOFTWARE_WARNING}**`);
  expect(JSON.parse(JSON.stringify(software)).warning).toMatch(/no performance/);
  expect(drawRoofline(software)).toContain('Software adapter: no performance');
  expect(describeReport(hardware)).not.toContain('Software');
  expect(drawRoofline(hardware)).not.toContain('Software adapter');
});
