import { basename, resolve } from 'node:path';
import { MetaplasticError } from '../errors.js';
import { kind, option } from '../options.js';
import { renderComparison, type ComparedRun } from '../report/compare.js';
import { writeWhole } from './disk.js';
import { optionsHelp, parse } from './options.js';
import { lockRun, readEvaluations, readLog, readRun, writeReport } from './run-folder.js';

const OPTIONS = {
  out: {
    value: 'FILE',
    entry: option(
      kind<string>('the name of a file', x => typeof x === 'string' && x !== ''),
      { about: 'The page about several runs.' },
      'comparison.html',
    ),
  },
};

export const HELP = `makes the HTML report of a run from what its folder holds, or compares several

Usage: metaplastic report RUN
       metaplastic report RUN RUN … [--out FILE]

${optionsHelp(OPTIONS)}`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, OPTIONS);
  const [folder, ...others] = positionals;
  if (folder === undefined)
    throw new MetaplasticError({
      where: 'report',
      expected: 'the folder of a run, or of several',
      got: 'none',
      hint: 'see metaplastic report --help',
    });
  if (others.length) {
    writeWhole(values.out, renderComparison(positionals.map(readCompared)));
    console.log(`comparison: ${values.out}`);
    return 0;
  }
  const lock = lockRun(folder, 'report');
  try {
    console.log(`report: ${writeReport(folder, readRun(folder))}`);
  } finally {
    lock.release();
  }
  return 0;
}

const readCompared = (folder: string): ComparedRun => ({
  name: basename(resolve(folder)),
  config: readRun(folder),
  log: readLog(folder),
  evaluations: readEvaluations(folder) ?? [],
});
