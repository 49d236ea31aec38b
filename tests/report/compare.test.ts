import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { borderOf, trainingChart, type Chart } from '../../src/report/chart.js';
import { evaluationCsv, logCsv } from '../../src/report/csv.js';
import { histograms } from '../../src/report/learned.js';
import type { LogLine } from '../../src/runs/log.js';
import { metaplastic, newFolder, TINY, writeConfig } from '../cli/command.js';

const line = (metaStep: number, loss: number): LogLine => ({
  metaStep,
  loss,
  medianLoss: 1,
  counted: 4,
  diverged: 0,
  gradientNorm: 1,
  taskStepsPerSecond: 1,
  seconds: metaStep,
});

describe('the axis of meta-training', () => {
  const losses = Array.from({ length: 100 }, (_, k) => 1 + k / 100);

  test('ends where most values do, and marks what is far above at its border', () => {
    const spiky = losses.map((loss, k) => (k === 40 ? 1e12 : loss));
    const border = borderOf(spiky);
    expect(border).toBeLessThan(5);
    const chart = trainingChart(
      spiky.map((loss, k) => line(k + 1, loss)),
      'loss',
    );
    expect(chart).toMatchObject({ log: false, range: [0, border] });
    expect(chart.dots).toEqual({ x: [41], y: [border], colours: ['--faint'] });
    expect(chart.series[0]!.values[40]).toBeNaN();
  });

  test('holds everything where nothing is far above', () => {
    expect(borderOf(losses)).toBe(Infinity);
    expect(
      trainingChart(
        losses.map((loss, k) => line(k + 1, loss)),
        'loss',
      ),
    ).not.toHaveProperty('dots');
  });
});

test('what was learned is shown as shares of its numbers, a line for each layer', () => {
  const tensor = (from: number) => ({
    data: Float32Array.from({ length: 10 }, (_, k) => from + k),
    shape: [10, 1],
  });
  const [weights, ...others] = histograms({ W1: tensor(0), W2: tensor(5), b1: tensor(0) });
  expect(others).toEqual([]);
  expect(weights!.lines.lines.map(({ name }) => name)).toEqual(['W1', 'W2']);
  for (const { values } of weights!.lines.lines)
    expect(values.reduce((a, b) => a + b)).toBeCloseTo(1);
  expect(weights!.lines.lines[1]!.values[0]).toBe(0);
});

test('logs and evaluations are written as CSV', () => {
  expect(logCsv([line(1, 2.5)])).toBe(
    'metaStep,loss,medianLoss,accuracy,counted,diverged,gradientNorm,taskStepsPerSecond,seconds\n1,2.5,1,,4,0,1,1,1\n',
  );
  const validated = { ...line(1, 2.5), validation: { medianLoss: 3, diverged: 1 } };
  const [head, first, second] = logCsv([validated, line(2, 2)]).split('\n');
  expect(head).toMatch(
    /,seconds,validation\.medianLoss,validation\.accuracy,validation\.diverged$/,
  );
  expect([first, second]).toEqual(['1,2.5,1,,4,0,1,1,1,3,,1', '2,2,1,,4,0,1,1,2,,,']);
  const rows = [{ name: 'a, "b"', mean: [1, 2], ci: [0, 0], median: [1, 2] }];
  const evaluation = { metric: 'accuracy', tasks: 3, at: [0, 5], rows } as const;
  expect(evaluationCsv([evaluation]).split('\n')[2]).toBe(',accuracy,3,"a, ""b""",5,2,0,2,0');
});

describe('several runs', () => {
  const folder = newFolder();
  const runs = [3, 4].map(seed => join(folder, `seed-${seed}`));
  beforeAll(() => {
    for (const [k, run] of runs.entries()) {
      const config = writeConfig({ ...TINY, seed: 3 + k, system: { sizes: [1, 12, 1] } });
      expect(metaplastic(['train', config, '--out', run]).status).toBe(0);
    }
  });

  test('are compared on one page', () => {
    const out = join(folder, 'both.html');
    expect(metaplastic(['report', ...runs, '--out', out])).toMatchObject({ status: 0 });
    const page = readFileSync(out, 'utf8');
    const charts = JSON.parse(/id="charts">(.*?)<\/script>/s.exec(page)![1]!) as Chart[];
    expect(charts).toHaveLength(2);
    for (const { series } of charts)
      expect(series.filter(s => !s.unnamed).map(s => s.label)).toEqual(['seed-3', 'seed-4']);
  });

  test('each have weights, data and the command that made it in their own report', () => {
    const page = readFileSync(join(runs[0]!, 'report.html'), 'utf8');
    expect(page).toContain('Plasticity α of each synapse');
    expect(page).toContain('download="log.csv"');
    expect(page).toContain('Norm of the mean meta-gradient');
    expect(page).toMatch(/<dt>command<\/dt><dd>metaplastic train /);
  });

  test('none are an error, and a folder that holds none is named', () => {
    expect(metaplastic(['report']).err).toContain('expected the folder of a run, or of several');
    const { err } = metaplastic(['report', runs[0]!, join(folder, 'none')]);
    expect(err).toContain(join(folder, 'none'));
    expect(existsSync('comparison.html')).toBe(false);
  });
});
