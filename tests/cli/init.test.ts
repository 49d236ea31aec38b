import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { metaplastic, newFolder, TINY } from './command.js';

describe('metaplastic init', () => {
  test('writes a configuration whose keys are explained, which can be planned, and its schema', () => {
    const folder = newFolder();
    const path = join(folder, 'mine.json');
    expect(metaplastic(['init', path])).toMatchObject({ status: 0, err: '' });
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('// T: inner steps of a lifetime.\n    "steps": 20');
    expect(text).toContain('"name": "mine"');
    expect(text).toMatch(/\/\/ evaluateEvery: never if it is left out\. Meta-steps between two /);
    expect(text).toMatch(/\/\/ evaluateTasks: 64 if it is left out\./);
    const schema = JSON.parse(readFileSync(join(folder, 'metaplastic.schema.json'), 'utf8'));
    expect(schema).toHaveProperty('properties.meta.properties.rates');
    expect(metaplastic(['plan', path]).out).toContain('1-32-32-1');
  });

  test('does not write over a file, and begins with any preset', () => {
    const path = join(newFolder(), 'mine.json');
    expect(metaplastic(['init', path, '--preset', 'maml-sine']).status).toBe(0);
    expect(readFileSync(path, 'utf8')).toContain('"preset": "maml"');
    const again = metaplastic(['init', path]);
    expect(again).toMatchObject({ status: 1 });
    expect(again.err).toContain('expected the name of a new file');
  });
});

const MODULE = `import { defineTasks } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
export default ({ steps, batch, queries, options }) =>
  defineTasks({ inputs: 1, outputs: 1, steps, batch, queries }, random => {
    const slope = options.slope * random.normal();
    const sample = () => {
      const x = random.uniform();
      return { x: [x], y: [slope * x] };
    };
    return {
      support: Array.from({ length: steps * batch }, sample),
      queries: Array.from({ length: queries }, sample),
    };
  });
`;

describe('tasks of a module', () => {
  const given = (module: string, task: object = {}) => {
    const folder = newFolder();
    const path = join(folder, 'lines.json');
    writeFileSync(join(folder, 'lines.mjs'), module);
    const asked = { kind: 'module', path: './lines.mjs', steps: 4, queries: 3, ...task };
    writeFileSync(
      path,
      JSON.stringify({
        ...TINY,
        name: 'lines',
        task: { ...asked, options: { slope: 2 } },
        evaluation: { tasks: 5, at: [0, 4] },
      }),
    );
    return { folder, path, out: join(folder, 'run') };
  };

  test('are trained on, gone on with, evaluated and reported from another folder', () => {
    const { path, out } = given(MODULE);
    const trained = metaplastic(['train', path, '--out', out]);
    expect(trained.status, trained.err).toBe(0);
    expect(trained.out).toContain('mean squared error on 5 unseen tasks');
    expect(existsSync(join(out, 'report.html'))).toBe(true);
    const resumed = metaplastic(['train', '--resume', out, '--meta-steps', '8']);
    expect(resumed.status, resumed.err).toBe(0);
    expect(metaplastic(['eval', out]).out).toContain('FLP, meta-learned');
  });

  test.each([
    [
      'is not there',
      MODULE,
      { path: './other.mjs' },
      /task\.path: expected a module of tasks, got no such file/,
    ],
    ['cannot be loaded', 'export default (', {}, /expected a module that can be loaded/],
    [
      'has no default export',
      'export const tasks = 1;',
      {},
      /whose default export is a function, got nothing/,
    ],
    [
      'makes no tasks',
      'export default () => 3;',
      {},
      /expected a source of tasks to train on, .*got 3/,
    ],
    [
      'makes others than the configuration says',
      MODULE.replace('inputs: 1', 'inputs: 2').replaceAll('x: [x]', 'x: [x, x]'),
      {},
      /tasks to train on with inputs = 1, as the configuration says, got 2/,
    ],
  ])('a module that %s is told in a line', (_, module, task, message) => {
    const { path, out } = given(module, task);
    const { status, err } = metaplastic(['train', path, '--out', out]);
    expect(status).toBe(1);
    expect(err).toMatch(message);
  });
});

test('coefficients that are 0 and stay 0 are told before training', () => {
  const path = join(newFolder(), 'idle.json');
  const { initial: _, ...config } = TINY;
  writeFileSync(path, JSON.stringify({ ...config, meta: { ...TINY.meta, rates: { W: 1e-3 } } }));
  const { err } = metaplastic(['train', path, '--out', join(newFolder(), 'run')]);
  expect(err).toContain('note: the coefficients alpha begin at 0 and have no rate');
});

test('everything that is wrong with a configuration is told at once', () => {
  const path = join(newFolder(), 'wrong.json');
  const text = JSON.stringify({ ...TINY, seed: -1, meta: { ...TINY.meta, tasks: 0 } });
  writeFileSync(path, `// a comment\n${text}`);
  const { err } = metaplastic(['plan', path]);
  expect(err).toContain('2 things are wrong');
  expect(err).toContain('seed: expected a whole number from 0');
  expect(err).toContain('meta.tasks: expected a whole number ≥ 1, got 0');
});
