import { MetaplasticError } from '../errors.js';
import { openNodeGpu } from '../node/open.js';
import { flag, option } from '../options.js';
import { type OracleCase, readCase } from '../reference/case.js';
import {
  checkCase,
  checkHead,
  checkList,
  checkProblem,
  type CheckProblem,
  type CheckResult,
  checkRow,
  PROBLEMS,
  TOLERANCE,
} from '../proof/check.js';
import { optionsHelp, parse } from './options.js';
import { describeAdapter, readJson } from './run-folder.js';

const OPTIONS = {
  json: { entry: option(flag, { about: 'One line of JSON with the error of every tensor.' }) },
};

export const HELP = `proves every kernel and gradient on this machine's adapter

Usage: metaplastic check [CASE.json …] [--json]

Without files: random problems of every kind, answered by the kernels and by the float64 reference.
With files: cases with their answers, in the format of tests/oracle/*.json.
An error is ‖x − x*‖ / ‖x*‖ of a tensor; each has to be at most ${TOLERANCE}. Exit status 1 if one is not.

${optionsHelp(OPTIONS)}`;

/** `problems` are what is asked where no files are given; a test asks fewer. */
export async function run(
  args: string[],
  problems: readonly CheckProblem[] = PROBLEMS,
): Promise<number> {
  const {
    values: { json },
    positionals,
  } = parse(args, OPTIONS);
  const cases = positionals.map(readCaseFile);
  const gpu = await openNodeGpu();
  const say = json ? () => {} : (line: string) => console.log(line);
  try {
    const start = performance.now();
    const results: CheckResult[] = [];
    say(`${describeAdapter(gpu)}\n`);
    for (const one of cases) {
      results.push(await checkCase(gpu, one));
      say(`${checkList(results.at(-1)!)}\n`);
    }
    if (!cases.length) say(checkHead());
    for (const problem of cases.length ? [] : problems) {
      results.push(await checkProblem(gpu, problem));
      say(checkRow(results.at(-1)!));
    }
    const passed = results.filter(r => r.passed).length;
    const failed = results.length - passed;
    const seconds = (performance.now() - start) / 1e3;
    say(
      `${cases.length ? '' : '\n'}${passed} passed, ${failed} failed (${seconds.toFixed(1)} s; errors are ‖x − x*‖ / ‖x*‖, at most ${TOLERANCE} passes)`,
    );
    if (json)
      console.log(
        JSON.stringify({
          adapter: gpu.adapter,
          tolerance: TOLERANCE,
          seconds,
          passed,
          failed,
          results,
        }),
      );
    return failed ? 1 : 0;
  } finally {
    gpu.destroy();
  }
}

/** A case, or an error that begins with the file it is about. */
export function readCaseFile(path: string): OracleCase {
  const json = readJson(path);
  try {
    return readCase(json);
  } catch (error) {
    throw error instanceof MetaplasticError
      ? new MetaplasticError({ where: path, problem: error.message })
      : error;
  }
}
