import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  afterAll,
  afterEach,
  beforeEach,
  describe,
  expect,
  test,
  vi,
  type MockInstance,
} from 'vitest';
import { run } from '../../src/cli/check.js';
import { readCase } from '../../src/reference/case.js';
import { checkCase, checkProblem, checkRow, PROBLEMS, TOLERANCE } from '../../src/proof/check.js';
import { GRANULARITIES, SLOTS } from '../../src/systems/system.js';
import { useGpu } from '../kernels/open.js';
import { MORE } from '../runtimes/give.js';

const folder = fileURLToPath(new URL('../oracle/', import.meta.url));
const files = readdirSync(folder)
  .filter(name => name.endsWith('.json'))
  .map(name => join(folder, name));
const flp = files.filter(file => file.includes('/flp-'));
const few = PROBLEMS.filter(({ name }) =>
  ['oja, relu, squared error', 'images through an encoder', 'Adam, 3 meta-steps, clipped'].includes(
    name,
  ),
);
const scratch = mkdtempSync(join(tmpdir(), 'metaplastic-check-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A copy of a case with something changed. */
function spoiled(change: (json: Record<string, any>) => void): string {
  const json = JSON.parse(readFileSync(flp[0]!, 'utf8'));
  change(json);
  const path = join(scratch, 'case.json');
  writeFileSync(path, JSON.stringify(json));
  return path;
}

describe('the problems', () => {
  test('have every choice of every slot, every granularity and every adjoint among them', () => {
    const chosen = (key: string) =>
      new Set(PROBLEMS.map(({ spec }) => (spec as Record<string, unknown>)[key]));
    for (const [slot, [, ...others]] of Object.entries(SLOTS))
      for (const choice of others) expect(chosen(slot)).toContain(choice);
    for (const alpha of GRANULARITIES.slice(1)) expect(chosen('alpha')).toContain(alpha);
    expect(new Set(PROBLEMS.map(({ settings }) => settings?.adjoint ?? 'store'))).toEqual(
      new Set(['store', 'checkpoint', 'reverse']),
    );
  });

  test('have the names by which other runtimes are asked some of them', () => {
    const names = PROBLEMS.map(p => p.name);
    expect(MORE.filter(name => !names.includes(name))).toEqual([]);
  });

  test('have names of their own', () => {
    expect(new Set(PROBLEMS.map(p => p.name)).size).toBe(PROBLEMS.length);
  });
});

describe('on this adapter', () => {
  const under = useGpu();

  test.each(few)('$name: the kernels agree with the reference', async problem => {
    const { passed, comparisons } = await checkProblem(under.gpu, problem);
    expect(passed).toBe(true);
    expect(new Set(comparisons.map(c => c.of))).toEqual(
      new Set(['loss', 'gradient', 'final weights', ...(problem.updates ? ['update'] : [])]),
    );
  });

  test.each(files)('%s: every tensor agrees', async file => {
    const oracle = readCase(JSON.parse(readFileSync(file, 'utf8')));
    const { passed, comparisons } = await checkCase(under.gpu, oracle);
    expect(passed).toBe(true);
    const tensors = (of: string) => comparisons.filter(c => c.of === of).map(c => c.tensor);
    expect(tensors('gradient')).toEqual(oracle.layout.tensors.map(t => t.name));
    const { system } = oracle;
    const feedback = system.feedbackRule === 'fixed' ? [] : system.layers.map(l => `B${l.index}`);
    expect(tensors('final weights')).toEqual([
      // an encoder lives no lifetime
      ...system.layers.slice(system.encoderLayers).map(l => `W${l.index}`),
      ...feedback,
    ]);
  });

  test.each<[string, (json: Record<string, any>) => void, string]>([
    [
      'gradient',
      json => {
        json.expected.gradient.alpha[1][0][2] += 1;
      },
      'alpha2',
    ],
    [
      'loss',
      json => {
        json.expected.meta_loss *= 1.001;
      },
      'loss',
    ],
    [
      'final weights',
      json => {
        json.expected.final_W[1][0][2][0] += 0.01;
      },
      'W1',
    ],
  ])('a wrong %s is found, and only that', async (of, spoil, tensor) => {
    const { passed, comparisons } = await checkCase(
      under.gpu,
      readCase(JSON.parse(readFileSync(spoiled(spoil), 'utf8'))),
    );
    expect(passed).toBe(false);
    expect(comparisons.filter(c => !(c.error <= TOLERANCE)).map(c => [c.of, c.tensor])).toEqual([
      [of, tensor],
    ]);
  });

  test('a problem that cannot be run here fails with its reason, and the next one runs', async () => {
    const refused = await checkProblem(under.gpu, {
      ...few[0]!,
      settings: { plan: { lanes: 4096 } },
    });
    expect(refused).toMatchObject({
      passed: false,
      comparisons: [],
      error: expect.stringMatching(/^plan\.lanes: expected a power of two/),
    });
    expect(checkRow(refused)).toMatch(/FAIL {2}plan\.lanes: expected/);
    expect((await checkProblem(under.gpu, few[0]!)).passed).toBe(true);
  });

  test('where the expected tensor is 0 the difference counts as it is', async () => {
    const path = spoiled(json => {
      json.expected.gradient.beta = json.expected.gradient.beta.map(() => 0);
    });
    const { comparisons } = await checkCase(
      under.gpu,
      readCase(JSON.parse(readFileSync(path, 'utf8'))),
    );
    const { gradient } = readCase(JSON.parse(readFileSync(flp[0]!, 'utf8'))).expected;
    expect(comparisons.find(c => c.tensor === 'beta')!.error).toBeCloseTo(
      Math.hypot(...gradient.slice(-1)),
      5,
    );
  });
});

describe('the command', () => {
  let log: MockInstance<typeof console.log>;
  beforeEach(() => {
    log = vi.spyOn(console, 'log').mockImplementation(() => {});
  });
  afterEach(() => log.mockRestore());
  const printed = () => log.mock.calls.map(([line]) => String(line)).join('\n');

  test('names the adapter, shows a row for each problem, ends with the count and status 0', async () => {
    expect(await run([], few)).toBe(0);
    expect(printed()).toMatch(/^adapter: /);
    for (const { name } of few) expect(printed()).toMatch(new RegExp(`^${name} .* pass$`, 'm'));
    expect(printed()).toMatch(/\n3 passed, 0 failed \([^\n]*$/);
  });

  test('ends with status 1 if a case fails, and shows every tensor of it', async () => {
    expect(
      await run([
        spoiled(json => {
          json.expected.gradient.W[0][0][0] += 1;
        }),
        flp[1]!,
      ]),
    ).toBe(1);
    expect(printed()).toMatch(/flp-classification-oja {2}FAIL/);
    expect(printed()).toMatch(/flp-regression-hebb {2}pass/);
    expect(printed()).toMatch(/\n1 passed, 1 failed/);
    for (const { name } of readCase(JSON.parse(readFileSync(flp[1]!, 'utf8'))).layout.tensors)
      expect(printed()).toMatch(new RegExp(` ${name} \\d`));
  });

  test('tells the same in JSON, in one line', async () => {
    expect(await run(['--json', flp[1]!])).toBe(0);
    expect(log).toHaveBeenCalledTimes(1);
    expect(JSON.parse(printed())).toMatchObject({
      tolerance: 1e-4,
      passed: 1,
      failed: 0,
      adapter: {},
      results: [{ name: 'flp-regression-hebb', passed: true, comparisons: expect.any(Array) }],
    });
  });

  test.each<[string, () => string[], RegExp]>([
    [
      'a file that is not there',
      () => ['nowhere.json'],
      /^nowhere\.json: could not be read: it is not there/,
    ],
    [
      'a file that is not JSON',
      () => [fileURLToPath(import.meta.url)],
      /check\.test\.ts: expected a JSON file/,
    ],
    [
      'a case of another system',
      () => [
        spoiled(json => {
          json.config.system = 'bcm';
        }),
      ],
      /case\.json: flp-.*config\.system: unknown choice "bcm"; known: .*flp/,
    ],
    [
      'a case that lacks a field',
      () => [
        spoiled(json => {
          delete json.expected.final_W;
        }),
      ],
      /case\.json: flp-.*expected\.final_W: expected this field, got none$/,
    ],
    ['an unknown flag', () => ['--jsn'], /unknown option "--jsn" .did you mean --json/],
  ])('refuses %s before it opens the adapter', async (_, args, message) => {
    await expect(run(args())).rejects.toThrow(message);
    expect(log).not.toHaveBeenCalled();
  });
});
