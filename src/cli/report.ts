import { oneOf, parse } from './options.js';
import { lockRun, readRun, writeReport } from './run-folder.js';

export const HELP = `makes the HTML report of a run from what its folder holds

Usage: metaplastic report RUN`;

export async function run(args: string[]): Promise<number> {
  const { positionals } = parse(args, {});
  const folder = oneOf(positionals, 'report', 'the folder of one run');
  const lock = lockRun(folder, 'report');
  try {
    console.log(`report: ${writeReport(folder, readRun(folder))}`);
  } finally {
    lock.release();
  }
  return 0;
}
