import { describe, expect, test } from 'vitest';
import type { CheckResult } from '../../src/proof/check.js';
import { useFirefox } from './firefox.js';
import { ASKED, firstLoss, readmeProgram, TOLERANCE, useGiven, write } from './give.js';
import { absence, find, runProgram } from './present.js';
import type { readBack, Told } from './subject.js';

type ReadBack = Awaited<ReturnType<typeof readBack>>;

const path = find('firefox');

describe.skipIf(!path)(`Firefox${path ? '' : `: ${absence('firefox')}`}`, () => {
  const given = useGiven('firefox');
  const firefox = useFirefox(path, given);

  test('tells nothing of its adapter, and is taken for what it is', async () => {
    const { adapter, machine } = (await firefox.evaluate('subject.tell()')) as Told;
    expect(adapter).toMatchObject({ software: true });
    expect(machine).toMatchObject({ software: true, subgroup: 4 });
  });

  test('reads back in less than half the time that it takes by itself', async () => {
    const { guarded, alone } = (await firefox.evaluate('subject.readBack()')) as ReadBack;
    expect(guarded).toBeLessThan(alone / 2);
  });

  test("runs README's program with Node's loss", async () => {
    write(given, 'readme.js', readmeProgram({ own: true }));
    await firefox.evaluate(`import('/${given}/readme.js').then(() => {})`);
    const node = await runProgram(process.execPath, [
      write(given, 'readme-node.js', readmeProgram()),
    ]);
    const [mine, nodes] = [firstLoss(firefox.said.join('\n')), firstLoss(node.out)];
    expect(Math.abs(mine / nodes - 1)).toBeLessThan(TOLERANCE);
  });

  test('agrees with the reference in problems of `check`', async () => {
    const asked = ASKED;
    const results = (await firefox.evaluate(
      `subject.solve(${JSON.stringify(asked)})`,
    )) as CheckResult[];
    const passed = results.filter(result => result.passed).map(({ name }) => name);
    expect(passed.toSorted(), JSON.stringify(results)).toEqual(asked.toSorted());
  });
});
