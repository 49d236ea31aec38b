import * as v from 'valibot';
import { MetaplasticError } from './errors.js';

/**
 * Tables of options. An entry says once what an option is: the values that it takes, its default,
 * what it does and where that comes from. Types, the checks at every door, defaults and the
 * reference (`optionsOf`) follow from it.
 */

/** What an entry says beside the values that the option takes. */
export interface Said {
  /** What it does, in a sentence. */
  readonly about: string;
  /** Where the default depends on something else: on what, in words. */
  readonly otherwise?: string;
  /** The default of an option that is kept as it is written, also where it is left out. */
  readonly standard?: unknown;
  /** The paper or section that it comes from. */
  readonly source?: string;
}

/** A kind of value that an option takes: T as given, and as checked. */
export type Kind<In, Out = In> = v.GenericSchema<In, Out>;

/** An option that has to be given. */
export const needed = <In, Out>(kind: Kind<In, Out>, said: Said): Kind<In, Out> =>
  v.pipe(kind, v.metadata({ ...said }));

/** An option that may be left out, and then is `byDefault`, or is not there. */
export function option<S extends Kind<any>>(
  kind: S,
  said: Said,
): v.OptionalSchema<Kind<v.InferInput<S>, v.InferOutput<S>>, undefined>;
export function option<S extends Kind<any>, const D extends v.InferInput<S>>(
  kind: S,
  said: Said,
  byDefault: D,
): v.OptionalSchema<Kind<v.InferInput<S>, v.InferOutput<S>>, D>;
export function option(kind: Kind<any>, said: Said, byDefault?: unknown) {
  return v.optional(needed(kind, said), byDefault);
}

/** The largest number of float32, and the least that no GPU takes for 0. */
const LARGEST = 3.4028234663852886e38;
export const LEAST = 2 ** -126;

/**
 * A kind of value by a test. The message of its issue is what was expected: `refusalOf` says the
 * rest.
 */
export function kind<T>(range: string, holds: (value: unknown) => boolean): Kind<T> {
  const message = ({ input }: v.BaseIssue<unknown>) =>
    typeof input === 'number' && Number.isFinite(input) && Math.abs(input) > LARGEST
      ? `${range}, no larger than float32 holds (3.4e38)`
      : range;
  return v.pipe(v.custom<T>(holds, message), v.metadata({ range }));
}

/** Is it a finite number that float32 holds? */
export const isNumber = (x: unknown): x is number =>
  typeof x === 'number' && Number.isFinite(x) && Math.abs(x) <= LARGEST;

/** The largest number of 32 bits, which is as far as kernels count. */
export const MOST = 2 ** 32 - 1;

export function whole(min: number, max = MOST): Kind<number> {
  const open = `a whole number ≥ ${min}`;
  const range = `a whole number from ${min} to ${max}`;
  const isTooLarge = (x: unknown) => Number.isInteger(x) && (x as number) > max;
  return v.pipe(
    v.custom<number>(
      x => Number.isInteger(x) && (x as number) >= min && (x as number) <= max,
      ({ input }) => (isTooLarge(input) || max <= MOST_SHOWN ? range : open),
    ),
    v.metadata({ range: max === MOST ? open : range }),
  );
}

/** A bound that is far away is only told to who exceeds it. */
const MOST_SHOWN = 2 ** 20;

/** Larger ones would repeat the stream of a smaller one. */
export const seed = kind<number>(
  'a whole number from 0 to 2³² − 1',
  x => Number.isInteger(x) && (x as number) >= 0 && (x as number) < 2 ** 32,
);
export const number = kind<number>('a finite number', isNumber);
export const within = (min: number, max: number): Kind<number> =>
  kind(`a number from ${min} to ${max}`, x => isNumber(x) && x >= min && x <= max);
export const atLeast = (min: number): Kind<number> =>
  kind(`a number ≥ ${min}`, x => isNumber(x) && x >= min);
export const positive = kind<number>('a number > 0', x => isNumber(x) && x >= LEAST);
export const interval = kind<readonly [number, number]>(
  '[from, to] with from ≤ to',
  x => Array.isArray(x) && x.length === 2 && x.every(isNumber) && x[0]! <= x[1]!,
);
export const text = kind<string>(
  'a text that is not empty',
  x => typeof x === 'string' && x !== '',
);
export const flag = kind<boolean>('true or false', x => typeof x === 'boolean');
/** Something with parts of its own, which whoever uses it checks. */
export const thing = <T extends object>(range: string): Kind<T> =>
  kind(range, x => typeof x === 'object' && x !== null);
/** Numbers in an array of their own; whoever uses it checks them. */
export const array = <T extends ArrayBufferView>(range: string): Kind<T> =>
  kind(range, x => ArrayBuffer.isView(x) && 'length' in x);
/** The bytes of a file; whoever uses it reads them. */
export const bytes = kind<Uint8Array>('a Uint8Array', x => x instanceof Uint8Array);
/** A file's bytes, or the bytes of several by their names. */
export const files = kind<Uint8Array | Readonly<Record<string, Uint8Array>>>(
  'a Uint8Array, or an object of them by name',
  x =>
    x instanceof Uint8Array ||
    (isObject(x) && !Array.isArray(x) && Object.values(x).every(f => f instanceof Uint8Array)),
);
export const callback = <F>(): Kind<F> => kind('a function', x => typeof x === 'function');

/** The one value of the key that tells what an object is. */
export const literal = <const L extends string>(value: L) =>
  v.pipe(
    v.literal(value, value),
    v.metadata({ range: value, about: `Says which keys there are besides.` }),
  );

/** A list of a kind, copied. */
export function list<S extends Kind<any>>(
  item: S,
  what: string,
  least = 0,
  most = Infinity,
): Kind<readonly v.InferOutput<S>[]> {
  const range = `a list of ${what}`;
  const count = `${most < Infinity ? `${least} to ${most}` : `at least ${least}`} ${what}`;
  return v.pipe(
    v.array(item, range),
    v.check(given => given.length >= least && given.length <= most, `a list of ${count}`),
    v.metadata({ range: least || most < Infinity ? `a list of ${count}` : range }),
  ) as Kind<any>;
}

/** One of some names; the message of its issue is those that there are. */
export const choice = <const T extends readonly string[]>(known: T): Kind<T[number]> =>
  v.pipe(v.picklist(known, known.join(', ')), v.metadata({ range: known.join(', ') }));

type Entries = Record<string, v.GenericSchema<any, any>>;
export type Section<E extends Entries> = v.StrictObjectSchema<E, any>;

/**
 * An object with exactly these keys, or at least these, if it is `open`; `others` are keys that it
 * may have beside them, all of one kind. A key that is none of them
 * is told first, because a misspelt one is missing as well; the message of its issue is those that
 * there are.
 */
export function section<const E extends Entries>(
  entries: E,
  {
    open = false,
    others,
  }: {
    readonly open?: boolean;
    readonly others?: { readonly names: RegExp; readonly kind: Kind<any> };
  } = {},
): Section<E> {
  const known = Object.keys(entries).join(', ');
  const isOther = (key: string) => !Object.hasOwn(entries, key) && others?.names.test(key);
  const whole = (input: object): Entries => ({
    ...entries,
    ...Object.fromEntries(
      Object.keys(input)
        .filter(isOther)
        .map(key => [key, others!.kind]),
    ),
  });
  const own = v.rawTransform<unknown, Record<string, unknown>>(({ dataset, addIssue, NEVER }) => {
    const input = dataset.value;
    if (!isObject(input)) {
      addIssue({ expected: 'Object', message: `an object with the keys ${known}` });
      return NEVER;
    }
    const all = whole(input);
    const stranger = Object.keys(input).find(key => !Object.hasOwn(all, key));
    if (stranger !== undefined && !open) {
      const value = input[stranger];
      const path = [{ type: 'object', origin: 'key', input, key: stranger, value }] as const;
      addIssue({ input: stranger, expected: 'never', message: known, path: [...path] });
      return NEVER;
    }
    return Object.fromEntries(
      Object.keys(all)
        .filter(key => input[key] !== undefined)
        .map(key => [key, input[key]]),
    );
  });
  const strict = (of: Entries) =>
    v.strictObject(of, ({ path }) => expectedOf(of[String(path?.at(-1)?.key)]!));
  const checked = v.pipe(
    v.unknown(),
    own,
    v.lazy(input => strict(whole(input as object))),
  );
  // what tells apart the kinds of a variant, and what the reference of options lists
  return { ...checked, entries, open, others } as unknown as Section<E>;
}

/** An object whose other keys depend on the value of one of them. */
export const variant = <const K extends string, const O extends v.VariantOptions<K>>(
  key: K,
  known: readonly string[],
  options: O,
) =>
  v.variant(key, options, issue =>
    issue.expected === 'Object' ? `an object with the key ${key}` : known.join(', '),
  );

/**
 * Refuses what another function of the library did not make: a value without these keys. `what`
 * says what is expected, and which function makes it.
 */
export function checkMade(
  value: unknown,
  keys: readonly string[],
  where: string,
  what: string,
): void {
  if (!isObject(value) || keys.some(key => value[key] === undefined))
    throw new MetaplasticError({ where, expected: what, got: inWords(value) });
}

/** Plain objects and those of classes; no lists, dates, maps or arrays of numbers. */
export const isObject = (x: unknown): x is Record<string, unknown> =>
  Object.prototype.toString.call(x) === '[object Object]';

function expectedOf(entry: v.GenericSchema): string {
  const issue = v.safeParse(entry, undefined).issues![0];
  return issue.type === 'picklist' ? `one of ${issue.message}` : issue.message;
}

/**
 * What a table makes of what was given: a copy with every default filled in. What it refuses is a
 * MetaplasticError that names the key behind `where`.
 */
export function check<S extends Kind<any, any>>(
  table: S,
  given: unknown,
  where: string,
  separator = '.',
  hint?: string,
): v.InferOutput<S> {
  const result = v.safeParse(table, given, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = v.getDotPath(issue);
  throw new MetaplasticError({
    where: key ? `${where}${separator}${key}` : where,
    ...(hint && { hint }),
    ...refusalOf(issue),
  });
}

/**
 * The same, but everything that is refused is told at once, a line each: for what people write by
 * hand.
 */
export function checkAll<S extends Kind<any, any>>(
  table: S,
  given: unknown,
  where: string,
  separator = '.',
): v.InferOutput<S> {
  const result = v.safeParse(table, given);
  if (result.success) return result.output;
  const errors = result.issues.map(issue => {
    const key = v.getDotPath(issue);
    return new MetaplasticError({
      where: key ? `${where}${separator}${key}` : where,
      ...refusalOf(issue),
    });
  });
  if (errors.length === 1) throw errors[0]!;
  throw new MetaplasticError({
    where,
    problem: `${errors.length} things are wrong`,
    detail: errors.map(({ message }) => `  ${message}`).join('\n'),
  });
}

function refusalOf({ type, kind: of, expected, input, message }: v.BaseIssue<unknown>) {
  const got = inWords(input);
  if (expected === 'never') return unknownName('key', undefined, message.split(', '), input);
  if (type === 'picklist' || (type === 'variant' && of === 'schema' && expected !== 'Object'))
    return typeof input === 'string'
      ? unknownName('choice', got, message.split(', '), input)
      : { expected: `one of ${message}`, got };
  return { expected: message, got };
}

/** The parts of an error about a name that is none of those known. */
export function unknownName(
  noun: string,
  got: string | undefined,
  known: readonly string[],
  name: unknown,
) {
  const near = nearest(String(name), known);
  return {
    problem: `unknown ${noun}${got ? ` ${got}` : ''}${near ? ` (did you mean ${near}?)` : ''}`,
    expected: `one of ${known.join(', ')}`,
    got: got ?? inWords(name),
    hint: `known: ${known.join(', ')}`,
  };
}

/** The known name that a misspelt one is likely meant to be. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > 60) return undefined;
  const [best] = known
    .map(one => ({ one, far: distance(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, far }) => far <= Math.min(Math.ceil(name.length / 3), one.length - 1))
    .sort((a, b) => a.far - b.far);
  return best?.one;
}

/** Letters to insert, delete or replace until one word is the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const before = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row.push(Math.min(before[j]! + 1, row[j - 1]! + 1, before[j - 1]! + same));
    }
  }
  return row[b.length]!;
}

/** A value as an error shows it: JSON where it has any, and never more than a line of it. */
export function inWords(value: unknown, depth = 3): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string')
    return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return String(value);
  const shownOf = <T>(all: readonly T[], one: (item: T) => string) => [
    ...all.slice(0, 8).map(one),
    ...(all.length > 8 ? ['…'] : []),
  ];
  if (Array.isArray(value))
    return depth ? `[${shownOf(value, item => inWords(item, depth - 1)).join(',')}]` : '[…]';
  if (!isObject(value)) return `a ${Object.prototype.toString.call(value).slice(8, -1)}`;
  const entry = (key: string) => `${inWords(key)}:${inWords(value[key], depth - 1)}`;
  return depth ? `{${shownOf(Object.keys(value), entry).join(',')}}` : '{…}';
}

/**
 * One option in the reference: its key behind those of its sections, and all that its entry says.
 */
export interface OptionRow extends Said {
  readonly key: string;
  readonly range: string;
  readonly needed: boolean;
  readonly byDefault?: unknown;
}

/** Every option of a table, in its order; of one of several kinds as `task(sine).steps`. */
export function optionsOf(table: v.GenericSchema<any, any>, at = ''): OptionRow[] {
  const { type, wrapped, options, key: tells, entries = {} } = table as any;
  if (type === 'optional') return optionsOf(wrapped, at);
  if (type === 'variant')
    return (options as any[]).flatMap(one => {
      return optionsOf(one, `${at}(${saidOf(one.entries[tells]).range})`);
    });
  return Object.entries<v.GenericSchema<any, any>>(entries).flatMap(([key, entry]) => {
    const { about = '', range = 'a section', otherwise, source, standard } = saidOf(entry);
    const path = at ? `${at}.${key}` : key;
    const optional = entry.type === 'optional';
    const row: OptionRow = {
      key: path,
      range,
      needed: !optional,
      about,
      ...(otherwise && { otherwise }),
      ...(source && { source }),
      ...(optional && { byDefault: standard ?? (entry as { default?: unknown }).default }),
    };
    return [row, ...optionsOf(entry, path)];
  });
}

/** What an entry of a table says. */
export const saidOf = (entry: any): Partial<Said> & { readonly range?: string } =>
  entry.type === 'optional' ? saidOf(entry.wrapped) : v.getMetadata(entry);
