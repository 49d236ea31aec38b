import { describe, expect, test } from 'vitest';
import type { CheckResult } from '../../src/proof/check.js';
import { useFirefox } from './firefox.js';
import { ASKED, firstLoss, readmeProgram, TOLERANCE, useGiven, write } from './give.js';
import { absence, find, runProgram } from './present.js';
import type { Told } from './subject.js';

const path = find('firefox');

describe.skipIf(!path)(`Firefox${path ? '' : `: ${absence('firefox')}`}`, () => {
  const given = useGiven('firefox');
  const firefox = useFirefox(path, given);

  test('tells nothing of its adapter, and is taken for what it is', async () => {
    const { adapter, machine } = (await firefox.evaluate('subject.tell()')) as Told;
    expect(adapter).toMatchObject({ software: true });
    expect(machine).toMatchObject({ software: true, subgroup: 4 });
  });

  test('is not waited for 100 ms when something is read back', async () => {
    const seconds = (await firefox.evaluate('subject.readBack()')) as number;
    expect(seconds).toBeLessThan(0.06);
  });

  test("runs README's program with Node's loss", { timeout: 300_000 }, async () => {
    write(given, 'readme.js', readmeProgram({ own: true }));
    await firefox.evaluate(`import('/${given}/readme.js').then(() => {})`);
    const node = await runProgram(process.execPath, [
      write(given, 'readme-node.js', readmeProgram()),
    ]);
    const [mine, nodes] = [firstLoss(firefox.said.join('\n')), firstLoss(node.out)];
    expect(Math.abs(mine / nodes - 1)).toBeLessThan(TOLERANCE);
  });

  test.each(ASKED)('agrees with the reference: %s', { timeout: 300_000 }, async name => {
    const [result] = (await firefox.evaluate(
      `subject.solve(${JSON.stringify([name])})`,
    )) as CheckResult[];
    expect(result).toMatchObject({ name, passed: true });
  });
});
