import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.js';
import type { Evaluation, LogLine } from '../../src/runs/log.js';
import { RUN_PRESETS } from '../../src/config/presets.js';
import {
  adaptationChart,
  exampleChart,
  linesChart,
  ramp,
  trainingChart,
  type Chart,
} from '../../src/report/chart.js';
import { html } from '../../src/report/html.js';
import { renderReport } from '../../src/report/report.js';

const preset = RUN_PRESETS['flp-sine']!;
const config = parseConfig(
  { ...preset, meta: { ...preset.meta, tasks: 64, steps: 1000 } },
  'flp-sine',
);
const log = Array.from({ length: 200 }, (_, i): LogLine => ({
  metaStep: i + 1,
  loss: 4 / (i + 1),
  medianLoss: 1,
  counted: i === 5 ? 63 : 64,
  diverged: i === 5 ? 1 : 0,
  gradientNorm: 1,
  taskStepsPerSecond: 5000,
  seconds: i + 1,
}));
const evaluation: Evaluation = {
  metric: 'mean squared error',
  tasks: 500,
  at: [0, 20],
  rows: [
    { name: 'FLP', mean: [3.8, 0.16], median: [3, 0.04], ci: [4, 0.03] },
    { name: 'no plasticity', mean: [3.8, 3.8], median: [3, 3], ci: [0.2, 0.2] },
  ],
  examples: [
    {
      title: 'amplitude 1',
      x: [1, -1, 0],
      truth: [0.8, -0.8, 0],
      support: { x: [0.5, -0.5], y: [0.5, -0.5] },
      curves: [
        { after: 0, y: [0, 0, 0] },
        { after: 1, y: [0.1, 0, 9] },
        { after: 20, y: [0.8, -0.8, 0] },
      ],
    },
  ],
};
const environment = { adapter: { description: 'SwiftShader' }, versions: { metaplastic: '0.1.0' } };
const page = renderReport({ config, environment, log, evaluation });
const charts = (page: string): Chart[] =>
  JSON.parse(/id="charts">(.*?)<\/script>/s.exec(page)![1]!);

describe('a report', () => {
  test('asks the network for nothing', () => {
    expect(page).not.toMatch(/<(?:script|img|link|iframe)[^>]*(?:src|href)=|@import|url\(|fetch\(/);
  });
  test('calls a network of images by the shapes of its layers', () => {
    const layers = [{ conv: { channels: 4, kernel: 1 } }, { dense: 9 }, { dense: 1 }];
    const { sizes: _, ...others } = config.system;
    const system = { ...others, image: [1, 1, 1] as const, layers, frozen: [1] };
    const seen = renderReport({ config: { ...config, system }, environment, log, evaluation });
    expect(page).toContain('A network of 1–32–32–1 neurons');
    expect(seen).toContain('A network of 1 × 1 × 1–4 × 1 × 1–9–1 neurons');
  });
  test('escapes every text that comes from outside', () => {
    const evil = '</script><img src=x onerror="alert(1)">&\'';
    const html = renderReport({
      config: { ...config, name: evil },
      environment: { [evil]: evil, adapter: evil },
      log,
      evaluation: {
        ...evaluation,
        title: evil,
        rows: evaluation.rows.map(row => ({ ...row, name: evil })),
        examples: [{ ...evaluation.examples![0]!, title: evil }],
      },
    });
    const scripts = (of: string) =>
      [of.match(/<script/g), of.match(/<\/script>/g)].map(tags => tags!.length);
    expect(html).not.toContain('<img');
    expect(scripts(html)).toEqual(scripts(renderReport({ config, environment, log, evaluation })));
  });
  test.each([{ html: '<img src=x>' }, null, true, Object.create({ html: '<img src=x>' })])(
    'takes nothing for markup that was not made here: %j',
    content => {
      expect(() => html`<p>${content as string}</p>`).toThrow(/^html: expected a text, a number/);
    },
  );
  test('draws a million meta-steps in few points, in which no peak is lost', () => {
    const many = Array.from({ length: 1_000_000 }, (_, i) => ({
      ...log[0]!,
      metaStep: i + 1,
      loss: i === 654_321 ? 77 : i === 654_400 ? 0.001 : 1,
      accuracy: i === 1234 ? 0.99 : 0.5,
      coefficients: { alpha1: [i === 777_777 ? -5 : 1] },
    }));
    const page = renderReport({ config, environment, log: many });
    const [loss, , accuracy] = charts(page) as [Chart, Chart, Chart];
    expect(page.length).toBeLessThan(400_000);
    expect([loss.x.length, loss.x[0], loss.x.at(-1)]).toEqual([2000, 1, 1_000_000]);
    const values = loss.series[0]!.values.filter(y => y !== null);
    expect([Math.max(...values), Math.min(...values)]).toEqual([1, 0.001]);
    // far above all others, so it is marked at the border
    expect(loss.dots!.x).toHaveLength(1);
    expect(Math.abs(loss.dots!.x[0]! - 654_322)).toBeLessThan(1001);
    expect(Math.max(...accuracy.series[0]!.values)).toBe(99);
    expect(loss.series.every(s => s.values.length === 2000)).toBe(true);
  });
  test('says of how many lifetimes a mean is that is not of most', () => {
    const [flp, other] = evaluation.rows;
    const rows = [flp!, { ...other!, diverged: 499 }];
    const page = renderReport({ config, environment, log, evaluation: { ...evaluation, rows } });
    expect(page).toContain('no plasticity (mean over 1 of 500) is at 3.80.');
    expect(page).toContain('left out of the mean: no plasticity 499 of 500.');
    expect(charts(page)[0]!.series.map(s => s.label)).toContain(
      'no plasticity (mean over 1 of 500)',
    );
    const own = renderReport({
      config,
      environment,
      log,
      evaluation: { ...evaluation, rows: [{ ...flp!, diverged: 300 }] },
    });
    expect(own).toContain('its mean squared error (mean over 200 of 500) goes from 3.80');
  });
  test('says where most lifetimes of a meta-step diverged', () => {
    const page = renderReport({
      config,
      environment,
      log: log.map(line => (line.metaStep < 4 ? { ...line, counted: 1, diverged: 63 } : line)),
    });
    expect(page).toContain(
      'in 4 meta-steps of 200, more than half of them in 3: there the loss is that of a minority.',
    );
  });
  test('says in a sentence what was learned, and against what', () => {
    expect(page).toContain(
      'On 500 unseen tasks its mean squared error goes from 3.80 before learning to 0.160 after 20 examples. After as many examples no plasticity is at 3.80.',
    );
  });
  test('says how far an unfinished run has come', () =>
    expect(page).toContain('for 200 of 1,000 meta-steps of 64 lifetimes each'));
  test('counts the lifetimes that diverged', () => {
    expect(page).toContain('<dt>lifetimes that diverged</dt><dd>1 (&lt; 0.1 %)</dd>');
  });
  test('shows nested facts of the environment with dotted keys', () =>
    expect(page).toContain('<dt>versions.metaplastic</dt><dd>0.1.0</dd>'));
  test('gives every chart a description and a place in the data', () => {
    const places = [...page.matchAll(/role="img" aria-label="[^"]+" data-chart="(\d+)"/g)].map(
      match => Number(match[1]),
    );
    expect(places).toEqual(charts(page).map((_, i) => i));
  });
  test('gives the adaptation as a table', () => {
    expect(page).toMatch(
      /<tr><th scope="row">20<\/th><td>0\.160 ± 0\.0300<\/td><td>0\.0400<\/td><td>3\.80 ± 0\.200<\/td><td>3\.00<\/td><\/tr>/,
    );
  });
  test('thins the table of a long log, and keeps its first and last line', () => {
    const steps = [
      ...page.slice(page.indexOf('gradient norm')).matchAll(/<th scope="row">(\d+)<\/th>/g),
    ].map(match => Number(match[1]));
    expect([steps.length, steps[0], steps.at(-1)]).toEqual([50, 1, 200]);
  });
  test('draws an accuracy only where there is one', () => {
    const withAccuracy = renderReport({
      config,
      environment,
      log: log.map(line => ({ ...line, accuracy: 0.5 })),
    });
    expect([page, withAccuracy].map(html => html.includes('Accuracy while meta-training'))).toEqual(
      [false, true],
    );
  });
  test('tells two evaluations apart by their titles', () => {
    const html = renderReport({
      config,
      environment,
      log,
      evaluation: [
        { ...evaluation, title: 'shuffled' },
        { ...evaluation, title: 'class by class' },
      ],
    });
    expect(
      ['shuffled', 'class by class'].every(title =>
        html.includes(`Learning within a lifetime: ${title}`),
      ),
    ).toBe(true);
  });
  test('says what guessing gives in a few-shot task', () => {
    const omniglot = parseConfig(RUN_PRESETS['flp-omniglot'], 'x');
    const accuracy: Evaluation = {
      metric: 'accuracy',
      tasks: 200,
      at: [0, 25],
      rows: [{ name: 'FLP', mean: [0.2, 0.76], median: [0.2, 0.8], ci: [0.01, 0.01] }],
    };
    expect(
      renderReport({ config: omniglot, environment, log: [], evaluation: accuracy }),
    ).toContain(
      'goes from 20.0 % before learning to 76.0 % after 25 examples, where guessing gives 20.0 %.',
    );
  });
  test('of a run that has not begun is still a page', () => {
    expect(charts(renderReport({ config, environment: {}, log: [] }))).toEqual([]);
  });
});

describe('charts', () => {
  test('of many points keep the extremes of every line, its first and its last value', () => {
    const x = Array.from({ length: 50_001 }, (_, i) => i);
    const lines = [
      { name: 'up', values: x.map(i => (i === 33_333 ? 9 : 1 + i / 50_000)) },
      { name: 'gap', values: x.map(i => (i < 25_000 ? NaN : i === 40_000 ? -9 : 0)) },
    ];
    const chart = linesChart({ x, xLabel: 'x', yLabel: 'y', lines });
    const [up, gap] = chart.series.map(s => s.values) as [number[], number[]];
    expect([chart.x.length, up[0], up.at(-1), Math.max(...up)]).toEqual([2000, 1, 2, 9]);
    expect([gap[0], Math.min(...gap.filter(Number.isFinite))]).toEqual([NaN, -9]);
    expect(chart.x.every((at, i) => !i || at > chart.x[i - 1]!)).toBe(true);
  });
  test('of few points have them all', () => {
    const x = Array.from({ length: 2000 }, (_, i) => i);
    const chart = linesChart({ x, xLabel: 'x', yLabel: 'y', lines: [{ name: 'a', values: x }] });
    expect([chart.x, chart.series[0]!.values]).toEqual([x, x]);
  });
  test('of an example without any number have no frame of their own', () => {
    const none = { ...evaluation.examples![0]!, truth: [NaN, NaN, NaN], support: { x: [], y: [] } };
    expect(exampleChart(none, 1).range).toBeUndefined();
  });
  test('of a loss over more than a decade are logarithmic', () =>
    expect(trainingChart(log, 'loss').log).toBe(true));
  test('of a loss that reaches 0 or less are not', () =>
    expect(trainingChart([{ ...log[0]!, loss: 0 }, log[1]!], 'loss').log).toBe(false));
  test('of a loss over less than a decade are not', () =>
    expect(trainingChart(log.slice(0, 5), 'loss').log).toBe(false));
  test('of a loss with gaps still tell its scale', () =>
    expect(trainingChart([{ ...log[0]!, loss: NaN }, ...log.slice(1)], 'loss').log).toBe(true));
  test('of learners have one band and one named line each', () => {
    const chart = adaptationChart(evaluation, 1);
    expect([chart.bands!.length, chart.series.filter(s => !s.unnamed).map(s => s.label)]).toEqual([
      2,
      ['FLP', 'no plasticity'],
    ]);
  });
  test('on a logarithmic scale leave out the end of a band that it cannot show', () => {
    const chart = adaptationChart(evaluation, 1);
    expect([chart.log, chart.series[chart.bands![0]!.low]!.values]).toEqual([true, [NaN, 0.13]]);
  });
  test('end the area of an interval where no value can be', () => {
    const lines = {
      x: [0, 1],
      xLabel: 'x',
      yLabel: 'accuracy',
      percent: true,
      lines: [{ name: 'a', values: [0.2, 0.9], ci: [0.5, 0.3] }],
    };
    expect(
      linesChart(lines)
        .series.slice(0, 2)
        .map(s => s.values.map(Math.round)),
    ).toEqual([
      [70, 100],
      [0, 60],
    ]);
  });
  test('count examples, not inner steps', () =>
    expect(adaptationChart(evaluation, 32).x).toEqual([0, 640]));
  test('of accuracies show chance', () => {
    const chart = adaptationChart({ ...evaluation, metric: 'accuracy' }, 1, 0.2);
    expect(chart.series.at(-1)).toMatchObject({ label: 'chance', values: [20, 20] });
  });
  test('of an example run from left to right', () => {
    const chart = exampleChart(evaluation.examples![0]!, 1);
    expect([chart.x, chart.series[0]!.values]).toEqual([
      [-1, 0, 1],
      [-0.8, 0, 0.8],
    ]);
  });
  test('of an example have the frame of what is true, not of a wild curve', () => {
    expect(exampleChart(evaluation.examples![0]!, 1).range!.map(y => Number(y.toFixed(2)))).toEqual(
      [-1.12, 1.12],
    );
  });
  test('of an example give each point the colour of the first curve that has seen it', () => {
    expect(exampleChart(evaluation.examples![0]!, 1).dots!.colours).toEqual([
      '--ramp-1',
      '--ramp-2',
    ]);
  });
  test('leave a point that no curve has seen without a colour', () => {
    const example = evaluation.examples![0]!;
    expect(
      exampleChart({ ...example, curves: example.curves.slice(0, 2) }, 1).dots!.colours,
    ).toEqual(['--ramp-1', '--muted']);
  });
  test('have a ramp that darkens in light and brightens in dark', () => {
    const lightness = (css: string) =>
      [...css.matchAll(/#(..)(..)(..)/g)].map(
        ([, r, g, b]) => 0.3 * parseInt(r!, 16) + 0.59 * parseInt(g!, 16) + 0.11 * parseInt(b!, 16),
      );
    const light = lightness(ramp(5, 'light'));
    const dark = lightness(ramp(5, 'dark'));
    expect([light, dark.toReversed()]).toEqual([
      light.toSorted((a, b) => b - a),
      dark.toReversed().toSorted((a, b) => b - a),
    ]);
  });
});

test('a report tells a written rule, and what its few coefficients became', () => {
  const { name, task, meta, evaluation: asked } = config;
  const rule = {
    name: 'mine',
    dw: 'eta * (x - m) * pre - t0 * h - t1 * w + a * pre',
    synapse: { h: { d: 't0 * (w - h)' } },
    neuron: { m: { d: 't1 * (x - m)' } },
    coefficients: {
      t0: { per: 'network' },
      t1: { per: 'network' },
      eta: { per: 'layer' },
      a: { per: 'synapse' },
    },
  } as const;
  const { rates: _, ...others } = meta;
  const written = parseConfig(
    { name, task, meta: others, evaluation: asked, system: { sizes: [1, 8, 1], rule } },
    'written',
  );
  const coefficients = {
    'rule.t0': [0.1],
    'rule.t1': [0.2],
    'rule.eta.1': [0.3],
    'rule.eta.2': [0.4],
    'rule.gone': [1],
  };
  const told = renderReport({
    config: written,
    environment,
    log: log.map(line => ({ ...line, coefficients })),
  });
  for (const line of [
    'Δw = eta * (x - m) * pre - t0 * h - t1 * w + a * pre',
    'Δh = t0 * (w - h)',
    'Δm = t1 * (x - m)',
    'Coefficients t0, t1 of the rule mine',
    'Coefficient eta of the rule mine',
    'eta, layer 2',
  ])
    expect(told).toContain(line);
  expect(told).not.toContain('Coefficient a of');
  expect(told).not.toContain('gone');
});

describe('validations', () => {
  const validated = log.map((line, i): LogLine => {
    const validation = { medianLoss: 2 / (i + 1), diverged: 0 };
    return i % 50 === 49 ? { ...line, validation } : line;
  });
  const watched = renderReport({ config, environment, log: validated, evaluation });
  test('are dots over the curve of meta-training, and a table', () => {
    const own = charts(watched)
      .flatMap(chart => chart.series)
      .find(({ label }) => label === 'validation, median')!;
    expect(own.points).toBe(true);
    expect(own.values.flatMap((y, i) => (y === null ? [] : [[i, y]]))).toEqual(
      [49, 99, 149, 199].map(i => [i, Number((2 / (i + 1)).toPrecision(6))]),
    );
    expect(watched).toContain('<summary>Validations</summary>');
    expect(watched).toContain('each on the same 64 unseen tasks');
    expect(watched).toContain('best validation, at meta-step 200');
    expect(page).not.toContain('alidation');
  });
  test('are drawn at the nearest points of a curve that is thinned', () => {
    const long = Array.from({ length: 9000 }, (_, i): LogLine => {
      const validation = { medianLoss: i + 1, diverged: 0 };
      return { ...log[0]!, metaStep: i + 1, loss: 1, ...(i % 3000 === 2999 && { validation }) };
    });
    const { x, series } = trainingChart(long, 'loss');
    const values = series.at(-1)!.values;
    const found = [...x.keys()].filter(k => Number.isFinite(values[k]));
    expect(found).toHaveLength(3);
    for (const k of found) expect(Math.abs(x[k]! - values[k]!)).toBeLessThan(10);
  });
});
