import { beforeAll, describe, expect, test } from 'vitest';
import type { CheckResult } from '../../src/proof/check.js';
import { evaluateBy } from './evaluate.js';
import { firstLoss, MORE, readmeProgram, TOLERANCE, useGiven, write } from './give.js';
import { absence, find, runProgram, withSoftwareAdapter } from './present.js';
import type { Told } from './subject.js';

const path = find('deno');
const run = ['run', '--allow-all', '--no-lock'];

describe.skipIf(!path)(`Deno${path ? '' : `: ${absence('deno')}`}`, () => {
  const given = useGiven('deno');
  beforeAll(async () => {
    console.log((await runProgram(path!, ['--version'])).out.trim());
  });
  const evaluate = (expression: string) => evaluateBy(path!, run, given, expression);

  test('gives numbers for the maker, and is taken for what it is', async () => {
    const { adapter, machine } = (await evaluate('subject.tell()')) as Told;
    expect(adapter).toMatchObject({ vendor: 'google', software: true });
    expect(machine).toMatchObject({ software: true, subgroup: 4 });
  });

  test("runs README's program with Node's loss, by its own WebGPU and by npm webgpu", async () => {
    const asItStands = write(given, 'readme.js', readmeProgram());
    const own = write(given, 'readme-own.js', readmeProgram({ own: true }));
    const node = await runProgram(process.execPath, [asItStands]);
    for (const program of [own, asItStands]) {
      const { out, err } = await runProgram(path!, [...run, program]);
      expect(Math.abs(firstLoss(out) / firstLoss(node.out) - 1), err).toBeLessThan(TOLERANCE);
    }
  });

  test('whose npm webgpu finds no adapter opens its own WebGPU with openNodeGpu', async () => {
    const absent = write(given, 'absent.json', `{ "imports": { "webgpu": "./absent.js" } }`);
    write(given, 'absent.js', "throw new Error('absent')");
    const program = write(given, 'readme-absent.js', readmeProgram());
    const { out, err } = await runProgram(path!, [...run, `--import-map=${absent}`, program]);
    expect(firstLoss(out), err).toBeGreaterThan(0);
  });

  test('that finds no adapter at all is told the two variables that help', async () => {
    const program = write(given, 'none.js', NONE);
    const { out } = await runProgram(path!, [...run, program], {
      ...withSoftwareAdapter(),
      VK_DRIVER_FILES: '/nowhere',
    });
    expect(out).toMatch(/^opened|got none; .*VK_DRIVER_FILES and LD_LIBRARY_PATH/);
  });

  test('agrees with the reference in problems of `check`', async () => {
    const asked = MORE;
    const results = (await evaluate(`subject.solve(${JSON.stringify(asked)})`)) as CheckResult[];
    const passed = results.filter(result => result.passed).map(({ name }) => name);
    expect(passed.toSorted(), JSON.stringify(results)).toEqual(asked.toSorted());
  });
});

/** Says whether an adapter was opened, or why not. */
const NONE = `import { openNodeGpu } from 'metaplastic/node';
const gpu = await openNodeGpu().catch(error => error);
console.log(gpu.message ?? 'opened');
gpu.destroy?.();
`;
