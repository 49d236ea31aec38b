import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import {
  check,
  inWords,
  kind,
  option,
  optionsOf,
  saidOf,
  section,
  unknownName,
  type Kind,
} from '../options.js';

/**
 * An option of a command: what stands for its value in the help, if it has one, its entry, and
 * whether it may be given several times, which its entry takes as a list.
 */
interface Argument {
  readonly value?: string;
  readonly entry: Kind<any>;
  readonly multiple?: boolean;
}
type Arguments = Readonly<Record<string, Argument>>;
type Values<A extends Arguments> = { readonly [K in keyof A]: v.InferOutput<A[K]['entry']> };

const FOLDER = kind<string>('the name of a folder', x => typeof x === 'string' && x !== '');

/** A folder that is named on the command line. */
export const folder = (about: string, otherwise: string) => ({
  value: 'DIR',
  entry: option(FOLDER, { about, otherwise }),
});

/** Where real data lie. */
export const DATA = folder('Folder with real data.', 'the variable METAPLASTIC_DATA');
export const dataFolder = ({ data }: { readonly data?: string }): string | undefined =>
  data ?? process.env['METAPLASTIC_DATA'];

/** An option of another table; where it is not given, `otherwise` holds. */
export const likewise = <T>(entry: Kind<any, T>, otherwise?: string) => {
  const { wrapped = entry } = entry as { readonly wrapped?: Kind<any, NonNullable<T>> };
  return option(wrapped as Kind<any, NonNullable<T>>, { about: saidOf(entry).about!, otherwise });
};

/** The options and other words of a command line, checked. */
export function parse<const A extends Arguments>(
  args: readonly string[],
  known: A,
): { readonly values: Values<A>; readonly positionals: readonly string[] } {
  checkNames(args, Object.keys(known));
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: Object.fromEntries(
      Object.entries(known).map(([name, { value, multiple = false }]) => [
        name,
        { type: value ? 'string' : 'boolean', multiple } as const,
      ]),
    ),
  });
  const given = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'string' ? valueOf(known[name]!.entry, value) : value,
  ]);
  const checked = check(tableOf(known), Object.fromEntries(given), '', '--') as Values<A>;
  return { values: checked, positionals };
}

/** Refuses an option that is none by the nearest name. */
function checkNames(args: readonly string[], known: readonly string[]): void {
  const end = args.indexOf('--');
  const names = args
    .slice(0, end < 0 ? args.length : end)
    .filter(word => word.startsWith('--'))
    .map(word => word.split('=')[0]!);
  const stranger = names.find(name => !known.includes(name.slice(2)));
  if (stranger === undefined) return;
  const all = known.map(name => `--${name}`);
  throw new MetaplasticError({
    where: 'metaplastic',
    ...unknownName('option', inWords(stranger), all, stranger),
  });
}

/** What a text, given as `where`, says to an entry of a table. */
export const read = <T>(entry: Kind<any, T>, text: string, where: string): T =>
  check(entry, valueOf(entry, text), where);

/** Digits, with a point or not: neither '' nor '1e3' nor ' 7'. */
const DECIMAL = /^\d*\.?\d+(e-\d+)?$/i;

/** A number where the entry takes one, else the text as it is, which the entry may refuse. */
const valueOf = (entry: Kind<any>, text: string): string | number =>
  DECIMAL.test(text) && v.is(entry, Number(text)) ? Number(text) : text;

const tableOf = (known: Arguments) =>
  section(Object.fromEntries(Object.entries(known).map(([name, { entry }]) => [name, entry])));

/** Columns of the help. */
const WIDTH = 100;

/** The options of a command in its help: each with what it does, and its default. */
export function optionsHelp(known: Arguments): string {
  const rows = optionsOf(tableOf(known)).map(({ key, about, otherwise, byDefault }) => {
    const standard = otherwise ?? byDefault;
    return {
      name: `--${key} ${known[key]!.value ?? ''}`.trimEnd(),
      said: standard === undefined ? about : `${about} Default: ${standard}.`,
    };
  });
  const indent = 5 + rows.reduce((most, { name }) => Math.max(most, name.length), 0);
  return rows
    .map(({ name, said }) => {
      const lines = wrapped(said, WIDTH - indent);
      return `  ${name}`.padEnd(indent) + lines.join(`\n${' '.repeat(indent)}`);
    })
    .join('\n');
}

/** Names in the help, in lines of its width. */
export const listed = (names: readonly string[]): string =>
  wrapped(names.join(', '), WIDTH - 2)
    .map(line => `  ${line}`)
    .join('\n');

/** A text in lines of so many columns. */
const wrapped = (text: string, width: number): string[] =>
  text.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    return last === undefined || last.length + 1 + word.length > width
      ? [...lines, word]
      : [...lines.slice(0, -1), `${last} ${word}`];
  }, []);

/** The one word that a command is given besides its options. */
export function oneOf(positionals: readonly string[], command: string, expected: string): string {
  const [only] = positionals;
  if (only !== undefined && only !== '' && positionals.length === 1) return only;
  throw new MetaplasticError({
    where: command,
    expected,
    got: only === '' ? "''" : `${positionals.length}`,
    hint: `see metaplastic ${command} --help`,
  });
}
