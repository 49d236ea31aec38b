#!/usr/bin/env node
import { styleText } from 'node:util';
import { MetaplasticError } from './errors.js';
import * as bench from './cli/bench.js';
import * as check from './cli/check.js';
import * as devices from './cli/devices.js';
import { diskError } from './cli/disk.js';
import * as evaluate from './cli/eval.js';
import * as init from './cli/init.js';
import * as plan from './cli/plan.js';
import * as report from './cli/report.js';
import * as rule from './cli/rule.js';
import { listed } from './cli/options.js';
import { version } from './cli/run-folder.js';
import * as study from './cli/study.js';
import * as train from './cli/train.js';
import * as tune from './cli/tune.js';
import { RUN_PRESETS } from './config/presets.js';
import { inWords, unknownName } from './options.js';

interface Command {
  /** Usage; its first line says in a sentence what the command does. */
  readonly HELP: string;
  /** Runs the command and returns the exit status. */
  run(args: string[]): Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  init,
  train,
  eval: evaluate,
  report,
  study,
  check,
  rule,
  plan,
  tune,
  bench,
  devices,
};

const HELP = `metaplastic – meta-learn networks with feedback connections and local plasticity, on WebGPU

Usage: metaplastic COMMAND [options]

${Object.entries(COMMANDS)
  .map(([name, { HELP }]) => `  ${name.padEnd(9)}${HELP.split('\n')[0]}`)
  .join('\n')}

Presets of train, plan and tune:
${listed(Object.keys(RUN_PRESETS))}

metaplastic COMMAND --help tells more; metaplastic --version, which one this is.`;

async function main([name, ...args]: string[]): Promise<number> {
  if (name === '--version' || name === '-v') {
    console.log(version());
    return 0;
  }
  if (!name || ['--help', '-h', 'help'].includes(name)) {
    console.log(HELP);
    return name ? 0 : 1;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command)
    throw new MetaplasticError({
      where: 'metaplastic',
      ...unknownName('command', inWords(name), Object.keys(COMMANDS), name),
    });
  if (args.includes('--help') || args.includes('-h')) {
    console.log(command.HELP);
    return 0;
  }
  return command.run(args);
}

/**
 * A mistake of the user's, or a refusal of the file system's, is one line; anything else is ours
 * and shows where it happened.
 */
function explain(raw: unknown): string {
  const error = ofArguments(raw) ? asOurs(raw) : diskError(raw, pathOf(raw), 'used');
  return styleText(
    'red',
    error instanceof MetaplasticError
      ? error.message
      : String((error as Error | undefined)?.stack ?? error),
  );
}

const ofArguments = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');

const asOurs = ({ message }: Error) =>
  new MetaplasticError({ where: 'metaplastic', problem: message });

const pathOf = (error: unknown): string =>
  error instanceof Error && 'path' in error ? String(error.path) : 'metaplastic';

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(explain(error));
  return 1;
});
