import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CheckResult } from '../../src/proof/check.js';
import { evaluateBy } from './evaluate.js';
import { ASKED, firstLoss, readmeProgram, TOLERANCE, useGiven, write } from './give.js';
import { absence, find, PACKAGES, runProgram, withSoftwareAdapter } from './present.js';
import type { Told } from './subject.js';

const path = find('bun');

/** Gives Bun a `navigator.gpu`. */
const BUN_WEBGPU = `import { setupGlobals } from ${JSON.stringify(join(PACKAGES, 'bun-webgpu', 'index.js'))};
setupGlobals();`;

describe.skipIf(!path)(`Bun${path ? '' : `: ${absence('bun')}`}`, () => {
  const given = useGiven('bun');
  beforeAll(async () => {
    console.log(`Bun ${(await runProgram(path!, ['--version'])).out.trim()}`);
  });
  const evaluate = (expression: string) =>
    evaluateBy(path!, ['run'], given, expression, BUN_WEBGPU);

  test("runs README's program as it stands with Node's loss", async () => {
    const program = write(given, 'readme.js', readmeProgram());
    const node = await runProgram(process.execPath, [program]);
    const { out, err } = await runProgram(path!, ['run', program]);
    expect(Math.abs(firstLoss(out) / firstLoss(node.out) - 1), err).toBeLessThan(TOLERANCE);
  });

  test('that finds no adapter is told the two variables that help', async () => {
    const program = write(
      given,
      'none.js',
      "import { openNodeGpu } from 'metaplastic/node';\nawait openNodeGpu();",
    );
    const { err } = await runProgram(path!, ['run', program], {
      ...withSoftwareAdapter(),
      VK_DRIVER_FILES: '/nowhere',
    });
    expect(err).toMatch(/got none; .*VK_DRIVER_FILES and LD_LIBRARY_PATH/);
  });

  test('opens a device of bun-webgpu, which refuses to be asked for limits', async () => {
    const { adapter, machine } = (await evaluate('subject.tell()')) as Told;
    expect(adapter).toMatchObject({ vendor: 'google', software: true });
    expect(machine.maxInvocations).toBe(256);
  });

  test('agrees by bun-webgpu with the reference in problems of `check`', async () => {
    const asked = ASKED.slice(0, 3);
    const results = (await evaluate(`subject.solve(${JSON.stringify(asked)})`)) as CheckResult[];
    const passed = results.filter(result => result.passed).map(({ name }) => name);
    expect(passed.toSorted(), JSON.stringify(results)).toEqual(asked.toSorted());
  });
});
