import * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { check, choice, list, section, text, whole } from '../options.js';
import type { Evaluation, Example, Forgetting, LogLine, Row, Validated } from './log.js';

// What a run has recorded, read again. It may come from a stranger, so it is checked as a
// configuration is before a page or a table is made of it.

type Entries<T> = { [K in keyof Required<T>]: v.GenericSchema<any, T[K]> };

/** JSON knows no NaN and no infinity: a number that is not finite was written as null. */
const measured = v.pipe(
  v.custom<number | null>(x => x === null || typeof x === 'number', 'a number or null'),
  v.transform(x => x ?? NaN),
);
export const numbers = list(measured, 'numbers');
const rising = (what: string) =>
  v.custom<readonly number[]>(
    x =>
      Array.isArray(x) &&
      x.length > 0 &&
      x.every((n, i) => Number.isSafeInteger(n) && n >= 0 && (!i || n > x[i - 1])),
    `whole numbers of ${what} in rising order`,
  );

const LINE = section({
  metaStep: whole(1),
  loss: measured,
  medianLoss: measured,
  accuracy: v.optional(measured),
  counted: measured,
  diverged: measured,
  gradientNorm: measured,
  taskStepsPerSecond: measured,
  seconds: measured,
  coefficients: v.optional(v.record(v.string(), numbers, 'lists of numbers by name')),
  validation: v.optional(
    section({
      medianLoss: measured,
      accuracy: v.optional(measured),
      diverged: measured,
    } satisfies Entries<Validated>),
  ),
} satisfies Entries<LogLine>);

const EXAMPLE = section({
  title: text,
  x: numbers,
  truth: numbers,
  support: section({ x: numbers, y: numbers }),
  curves: list(section({ after: whole(0), y: numbers }), 'curves'),
} satisfies Entries<Example>);

const FORGETTING = section({
  after: rising('inner steps'),
  parts: list(numbers, 'lists of numbers'),
  ci: list(numbers, 'lists of numbers'),
} satisfies Entries<Forgetting>);

const EVALUATION = section({
  title: v.optional(text),
  metaStep: v.optional(whole(0)),
  metric: choice(['mean squared error', 'accuracy']),
  tasks: whole(1),
  at: rising('inner steps'),
  rows: list(
    section({
      name: text,
      mean: numbers,
      median: numbers,
      ci: numbers,
      diverged: v.optional(whole(0)),
    } satisfies Entries<Row>),
    'learners',
  ),
  forgetting: v.optional(FORGETTING),
  examples: v.optional(list(EXAMPLE, 'examples')),
} satisfies Entries<Evaluation>);

/** One line of a log, as JSON. `where` names the file and the line. */
export const parseLogLine = (json: unknown, where: string): LogLine =>
  check(LINE, json, where, ': ', 'remove the line, or restore the file');

const AGAIN = 'make it again with metaplastic eval';

/** The evaluations of a run: a list, or one. `where` names the file. */
export function parseEvaluations(json: unknown, where: string): readonly Evaluation[] {
  if (!Array.isArray(json))
    return [agreed(check(EVALUATION, json, where, ': ', AGAIN), `${where}: `)];
  return check(list(EVALUATION, 'evaluations'), json, where, ': ', AGAIN).map((one, i) =>
    agreed(one, `${where}: ${i}.`),
  );
}

/** Checks what no single key can tell; `place` is what errors put before the key. */
function agreed(evaluation: Evaluation, place: string): Evaluation {
  const fail = (key: string, expected: string, got: number) => {
    throw new MetaplasticError({ where: place + key, expected, got: `${got}`, hint: AGAIN });
  };
  for (const [key, got, expected] of lengths(evaluation))
    if (got !== expected) fail(key, `${expected} numbers`, got);
  for (const [k, { diverged = 0 }] of evaluation.rows.entries())
    if (diverged > evaluation.tasks)
      fail(`rows.${k}.diverged`, `at most ${evaluation.tasks}, the tasks`, diverged);
  return evaluation;
}

type Length = readonly [key: string, got: number, expected: number];

/** Every list of an evaluation that has a length to agree with. */
function lengths({ at, rows, forgetting, examples = [] }: Evaluation): readonly Length[] {
  const parts = forgetting?.parts ?? [];
  const after = forgetting?.after.length ?? 0;
  return [
    ...rows.flatMap((row, k) =>
      (['mean', 'median', 'ci'] as const).map((key): Length => [
        `rows.${k}.${key}`,
        row[key].length,
        at.length,
      ]),
    ),
    ['forgetting.ci', forgetting?.ci.length ?? 0, parts.length],
    ...parts.map((part, p): Length => [`forgetting.parts.${p}`, part.length, after]),
    ...(forgetting?.ci ?? []).map((ci, p): Length => [`forgetting.ci.${p}`, ci.length, after]),
    ...examples.flatMap(({ x, truth, support, curves }, e): readonly Length[] => [
      [`examples.${e}.truth`, truth.length, x.length],
      [`examples.${e}.support.y`, support.y.length, support.x.length],
      ...curves.map(({ y }, k): Length => [`examples.${e}.curves.${k}.y`, y.length, x.length]),
    ]),
  ];
}

/** Facts about where a run was made: texts, numbers, true, false, nothing, lists of these. */
export type Environment = { readonly [name: string]: Fact | Environment };
type Fact = string | number | boolean | null | readonly (string | number | boolean | null)[];

/** Objects within objects of an environment. */
const DEEPEST = 8;

const ENVIRONMENT = v.custom<Environment>(
  x => isEnvironment(x, 1),
  `an object of texts, numbers, true, false, null, lists of these, and such objects, ${DEEPEST} deep at most`,
);

function isEnvironment(x: unknown, depth: number): boolean {
  const plain = (y: unknown) => y === null || ['string', 'number', 'boolean'].includes(typeof y);
  if (typeof x !== 'object' || x === null || Array.isArray(x) || depth > DEEPEST) return false;
  return Object.values(x).every(
    y => plain(y) || (Array.isArray(y) ? y.every(plain) : isEnvironment(y, depth + 1)),
  );
}

/** The environment of a run. `where` names the file. */
export const parseEnvironment = (json: unknown, where: string): Environment =>
  check(ENVIRONMENT, json, where, ': ', 'remove the file: it only tells where the run was made');
