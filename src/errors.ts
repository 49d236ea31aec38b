/** What an error knows. Programs read its parts; people read the message that is made of them. */
export interface ErrorParts {
  /** The public function, file or key of a configuration, in the user's own spelling. */
  readonly where: string;
  /** What should have been there, and what was. */
  readonly expected?: string;
  readonly got?: string;
  /** What went wrong, where no value was expected: a sentence. */
  readonly problem?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** What another program said, such as a compiler: shown below the message. */
  readonly detail?: string;
  /** The place in a text, such as a rule's, that it is about: characters before it. */
  readonly column?: number;
  readonly cause?: unknown;
  /** Which task of a meta-batch, tensor, meta-step, layer it is about. */
  readonly task?: number;
  readonly tensor?: string;
  readonly metaStep?: number;
  readonly layer?: number;
}

/**
 * The one error of this library: `where: expected what, got what; what to do`.
 * A message is some hundred characters long, however long the input was, and control characters of
 * the input are escaped.
 */
export class MetaplasticError extends Error {
  declare readonly where: string;
  declare readonly expected?: string;
  declare readonly got?: string;
  /** What went wrong, as the message says it between `where` and `hint`. */
  declare readonly problem: string;
  declare readonly hint?: string;
  declare readonly detail?: string;
  declare readonly column?: number;
  declare readonly task?: number;
  declare readonly tensor?: string;
  declare readonly metaStep?: number;
  declare readonly layer?: number;

  /** @param parts - what is known; what is not is no property, so that Node prints none of it. */
  constructor(parts: ErrorParts) {
    const { cause: _, ...told } = parts;
    const { where, hint } = parts;
    const end = hint ? `; ${presentable(hint, LONGEST.hint)}` : '';
    const problem = presentable(problemOf(parts), LONGEST.problem);
    const detail = parts.detail ? `\n${presentable(parts.detail, LONGEST.detail)}` : '';
    super(
      `${presentable(where, LONGEST.where)}: ${problem}${end}${detail}`,
      'cause' in parts ? { cause: parts.cause } : undefined,
    );
    this.name = 'MetaplasticError';
    const known = Object.entries({ ...told, problem }).filter(([, part]) => part !== undefined);
    Object.assign(this, Object.fromEntries(known));
  }
}

/** A meta-step of which too few lifetimes were finite; the meta-parameters are what they were. */
export class DivergenceError extends MetaplasticError {
  constructor(parts: ErrorParts) {
    super(parts);
    this.name = 'DivergenceError';
  }
}

/**
 * The GPU's device is gone: a driver was reset, a tab was too greedy, somebody destroyed it. A new
 * device can take up the last checkpoint.
 */
export class DeviceLostError extends MetaplasticError {
  constructor(parts: ErrorParts) {
    super(parts);
    this.name = 'DeviceLostError';
  }
}

/**
 * The error as one of something larger that `where` names, such as a meta-step of a run: of the
 * same class and with the same parts, and those that are known there.
 */
export function errorWithin(
  error: MetaplasticError,
  where: string,
  known: Pick<ErrorParts, 'metaStep'>,
): MetaplasticError {
  const Kind = KINDS[error.name as keyof typeof KINDS];
  const problem = `${error.where}: ${error.problem}`;
  return new Kind({ ...error, ...known, where, problem, cause: error });
}

/** How many characters of each part a message shows. */
const LONGEST = { where: 160, problem: 400, hint: 400, detail: 4000 };

function problemOf({ problem, expected, got }: ErrorParts): string {
  if (problem !== undefined) return problem;
  return got === undefined ? `expected ${expected}` : `expected ${expected}, got ${shown(got)}`;
}

/** A value of the input as a message shows it: its beginning, if it is long. */
export function shown(given: string, longest = 200): string {
  // A caller without types may have given anything.
  const text = String(given);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** The beginning of a text; all of it but printable characters, line ends and tabs is escaped. */
function presentable(text: string, longest: number): string {
  const escape = (c: string) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // oxlint-disable-next-line no-control-regex
  const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/g;
  return shown(text, longest).replace(control, escape);
}

/** An error without its class, which `structuredClone` and messages between workers would lose. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** What a MetaplasticError knows besides its message. */
  readonly parts?: Omit<ErrorParts, 'cause'>;
  readonly cause?: PlainError;
}

const KINDS = { MetaplasticError, DivergenceError, DeviceLostError };

/** The plain form of whatever was thrown; it survives a message to another worker or process. */
export function plainError(thrown: unknown): PlainError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) };
  const { name, message, stack } = thrown;
  const cause = thrown.cause === undefined ? {} : { cause: plainError(thrown.cause) };
  if (!(thrown instanceof MetaplasticError)) return { name, message, stack, ...cause };
  const { where, expected, got, problem, hint, detail, column, task, tensor, metaStep, layer } =
    thrown;
  const parts = {
    where,
    expected,
    got,
    problem,
    hint,
    detail,
    column,
    task,
    tensor,
    metaStep,
    layer,
  };
  return { name, message, stack, parts, ...cause };
}

/**
 * The error whose plain form it is, of its own class again: `instanceof DeviceLostError` holds on
 * the other side as well.
 */
export function reviveError(plain: PlainError): Error {
  const { name, message, stack, parts } = plain;
  const Kind = Object.hasOwn(KINDS, name) ? KINDS[name as keyof typeof KINDS] : undefined;
  const options = plain.cause ? { cause: reviveError(plain.cause) } : {};
  const error =
    Kind && parts
      ? new Kind({ ...parts, ...options })
      : Object.assign(new Error(message, options), { name });
  return Object.assign(error, { message, stack });
}
