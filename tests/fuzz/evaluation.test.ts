import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { parseConfig } from '../../src/config/config.js';
import { formatLogLine, parseLog, type Evaluation } from '../../src/runs/log.js';
import { RUN_PRESETS } from '../../src/config/presets.js';
import { parseEnvironment, parseEvaluations } from '../../src/runs/recorded.js';
import { renderReport } from '../../src/report/report.js';
import { random } from '../../src/tasks/random.js';
import { mutate, mutateBytes } from './mutate.js';

/** Mutants of each kind; the environment variable asks for more. */
const COUNT = Number(process.env['METAPLASTIC_FUZZ'] ?? 100);
const SEED = 21;

const config = parseConfig(RUN_PRESETS['maml-sine'], 'maml-sine');
const environment = { adapter: { description: 'SwiftShader', software: true }, seed: 1, l: [1] };
const log = Array.from({ length: 12 }, (_, i) => ({
  metaStep: i + 1,
  loss: 4 / (i + 1),
  medianLoss: 1,
  accuracy: 0.5,
  counted: 3,
  diverged: 1,
  gradientNorm: 1,
  taskStepsPerSecond: 5000,
  seconds: i + 1,
  coefficients: { eta1: [0.01, 0.02], eta2: [0.01] },
}));
const row = { mean: [3.8, 0.16], median: [3, 0.04], ci: [4, 0.03] };
const evaluations: Evaluation[] = [
  {
    title: 'function by function',
    metric: 'mean squared error',
    tasks: 500,
    at: [0, 20],
    rows: [
      { name: 'MAML, meta-learned', ...row, diverged: 1 },
      { name: 'gradient descent at rate 0.1', ...row, diverged: 499 },
    ],
    forgetting: {
      after: [10, 20],
      parts: [
        [3, 0.1],
        [0.2, 0.3],
      ],
      ci: [
        [1, 0],
        [0, 1],
      ],
    },
    examples: [
      {
        title: '1.0 sin(x + 0.5)',
        x: [1, -1, 0],
        truth: [0.8, -0.8, 0],
        support: { x: [0.5, -0.5], y: [0.5, -0.5] },
        curves: [
          { after: 0, y: [0, 0, 0] },
          { after: 20, y: [0.8, -0.8, 0] },
        ],
      },
    ],
  },
  {
    metric: 'accuracy',
    tasks: 20,
    at: [5],
    rows: [{ name: 'MAML', mean: [0.5], median: [0.5], ci: [0.1] }],
  },
];

/** What a run folder's files say, as text. */
const files = {
  evaluation: JSON.stringify(evaluations),
  environment: JSON.stringify(environment),
  log: log.map(formatLogLine).join(''),
};
const pageOf = (texts: typeof files) =>
  renderReport({
    config,
    environment: parseEnvironment(JSON.parse(texts.environment), 'env.json'),
    log: parseLog(texts.log, 'log.jsonl'),
    evaluation: parseEvaluations(JSON.parse(texts.evaluation), 'evaluation.json'),
  });

const TAG = /<!doctype html>|<\/?([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"<>]*")?)*)>/gi;

/** Elements and attributes of a page, each once, and whatever else is marked up like any. */
function markup(page: string): { readonly elements: Set<string>; readonly rest: string } {
  // texts of our own, and data between them, which are read apart
  const text = page.replaceAll(/(<(?:script|style)[^>]*>)[^]*?(<\/(?:script|style)>)/g, '$1$2');
  const elements = new Set<string>();
  const rest = text.replaceAll(TAG, (_, name: string = 'doctype', attributes: string = '') => {
    elements.add(name);
    for (const [, attribute] of attributes.matchAll(/ ([a-z-]+)(?:="[^"]*")?/gi))
      elements.add(attribute!);
    return '';
  });
  return { elements, rest: rest.replaceAll(/[^<>]/g, '') };
}

/** What is drawn holds numbers and texts only, where `draw.js` and uPlot expect them. */
const charts = (page: string): unknown =>
  JSON.parse(/id="charts">(.*?)<\/script>/s.exec(page)![1]!);

const unharmed = pageOf(files);
const known = markup(unharmed).elements;
const SCRIPTS = unharmed.match(/<script/g)!.length;

/** A page without anything that its data brought, or one clear error. */
function answer(texts: typeof files): 'page' | 'error' {
  let page: string;
  try {
    page = pageOf(texts);
  } catch (error) {
    expect(error).toBeInstanceOf(MetaplasticError);
    expect((error as Error).message).toMatch(/^(evaluation|env|log)\.jsonl?: /);
    expect((error as Error).message.length).toBeLessThan(1100);
    return 'error';
  }
  const { elements, rest } = markup(page);
  expect([...elements].filter(name => !known.has(name))).toEqual([]);
  expect(rest).toBe('');
  expect(page.match(/<script/g)).toHaveLength(SCRIPTS);
  expect(page.match(/<\/script/g)).toHaveLength(SCRIPTS);
  expect(charts(page)).toBeInstanceOf(Array);
  return 'page';
}

const jsonOf = (text: string, i: number) =>
  JSON.stringify(mutate(JSON.parse(text), random(SEED, i)));
const mutants: Record<string, (i: number) => Partial<typeof files>> = {
  evaluation: i => ({ evaluation: jsonOf(files.evaluation, i) }),
  environment: i => ({ environment: jsonOf(files.environment, i) }),
  'line of the log': i => {
    const lines = files.log.trimEnd().split('\n');
    const at = random(SEED, i).below(lines.length);
    return { log: `${lines.map((line, k) => (k === at ? jsonOf(line, i) : line)).join('\n')}\n` };
  },
  'byte of the log': i => {
    const bytes = mutateBytes(new TextEncoder().encode(files.log), random(SEED, i));
    return { log: new TextDecoder().decode(bytes) };
  },
};

describe.each(Object.entries(mutants))('a report of a run with a strange %s', (_, mutant) => {
  test('is made without anything from the data but text, or refused in one clear error', () => {
    const answers = Array.from({ length: COUNT }, (_, i) => answer({ ...files, ...mutant(i) }));
    expect(new Set(answers)).toEqual(new Set(['page', 'error']));
  });
});

test('the search for markup finds an element, an attribute and a half of a tag', () => {
  const page = pageOf(files);
  const marked = (html: string) => markup(page.replace('<h1>', `${html}<h1>`));
  expect([...marked('<img src="x" onerror="a">').elements].filter(e => !known.has(e))).toEqual([
    'img',
    'src',
    'onerror',
  ]);
  expect(marked('<b <i').rest).toBe('<<');
});
