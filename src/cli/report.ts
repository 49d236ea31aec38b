import { parseArgs } from 'node:util';
import { MetaplasticError } from '../errors.js';
import { lockRun, readRun, writeReport } from './run-folder.js';

export const HELP = `makes the HTML report of a run from what its folder holds

Usage: metaplastic report RUN`;

export async function run(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const [folder] = positionals;
  if (!folder || positionals.length > 1)
    throw new MetaplasticError({
      where: 'report',
      expected: 'the folder of one run',
      got: `${positionals.length}`,
      hint: 'see metaplastic report --help',
    });
  const lock = lockRun(folder, 'report');
  try {
    console.log(`report: ${writeReport(folder, readRun(folder))}`);
  } finally {
    lock.release();
  }
  return 0;
}
