import { write } from './give.js';
import { runProgram } from './present.js';

let count = 0;

/**
 * Evaluates an expression by a runtime, after `prelude`, in a program of its own, where `subject`
 * is what it was given.
 */
export async function evaluateBy(
  path: string,
  args: readonly string[],
  given: string,
  expression: string,
  prelude = '',
): Promise<unknown> {
  const program = write(
    given,
    `evaluate-${count++}.js`,
    `${prelude}
import * as subject from './subject.js';
console.log('answer: ' + JSON.stringify(await (${expression})));
globalThis.process?.exit(0); // bun-webgpu waits for events for ever
`,
  );
  const { out, err } = await runProgram(path, [...args, program]);
  const answer = /^answer: (.*)$/m.exec(out)?.[1];
  if (answer === undefined)
    throw new Error(`${path} has not answered ${expression}:\n${out}${err}`);
  return JSON.parse(answer);
}
