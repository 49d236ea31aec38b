import type { Random } from '../../src/tasks/random.js';

/**
 * What a stranger may put in any place of a JSON file: wrong in kind, in size, or made to be
 * executed, followed or looked up. Infinity is what `JSON.parse` makes of 1e999.
 */
const STRANGE: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  1,
  -1,
  0.5,
  1e-320,
  1e9,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e39,
  -1e308,
  Infinity,
  '',
  '0',
  'NaN',
  '__proto__',
  'constructor',
  '../../elsewhere',
  '/etc/passwd',
  '\u0000',
  '\u001b[2J',
  '\ud800',
  '\u202egnp.exe',
  '<img src=x onerror="alert(1)">',
  '</script><script>alert(1)</script>',
  '" autofocus onfocus="alert(1)" x="',
  'javascript:alert(1)',
  'long '.repeat(400),
  [],
  [null],
  [[]],
  [1, 'two', { three: 3 }],
  {},
  { html: '<img src=x onerror="alert(1)">' },
  [{ html: '<script>alert(1)</script>' }],
  { length: 3 },
  { toString: null },
  { toJSON: 'no' },
];

const STRANGE_KEYS = ['__proto__', 'constructor', 'toString', 'length', 'html', '', 'x', '0', '\n'];

/** A place in a tree of JSON. */
interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

/**
 * A copy of a JSON value with one to three faults: values that are strange, missing, elsewhere,
 * doubled, nested or a little different, keys that are renamed, doubled or new. The same `random`
 * makes the same faults.
 */
export function mutate(json: unknown, random: Random): unknown {
  const root: Record<string, unknown> = { value: copy(json) };
  const faults = 1 + random.below(3);
  for (let i = 0; i < faults; i++) {
    const places = placesIn(root);
    fault(chosen(places, random), places, random);
    root['value'] ??= null; // a file always holds something
  }
  return root['value'];
}

/**
 * A copy of bytes with one to three faults: bits and bytes that are flipped or overwritten, pieces
 * that are cut out, doubled, moved or filled, an end that is missing or too long.
 */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let now = Uint8Array.from(bytes);
  const faults = 1 + random.below(3);
  for (let i = 0; i < faults; i++) now = faultyBytes(now, random);
  return now;
}

function fault({ parent, key }: Place, places: readonly Place[], random: Random): void {
  const value = parent[key];
  const put = (x: unknown) => own(parent, key, x);
  switch (random.below(9)) {
    case 0:
    case 1:
    case 2:
      return put(copy(chosen(STRANGE, random)));
    case 3:
      return put(nudged(value, random));
    case 4:
      return remove(parent, key);
    case 5: {
      const other = chosen(places, random);
      return put(copy(other.parent[other.key]));
    }
    case 6:
      return put(random.below(2) ? [value] : { [key]: value });
    case 7:
      if (Array.isArray(value)) {
        const length = random.below(2 * value.length + 2);
        return put(Array.from({ length }, (_, i) => copy(value[i % (value.length || 1)])));
      }
      return put(copy(chosen(STRANGE, random)));
    default: {
      const target = isObject(value) ? value : parent;
      const name = chosen([...STRANGE_KEYS, `${key}s`, key.toUpperCase()], random);
      if (Array.isArray(target)) target.push(copy(chosen(STRANGE, random)));
      else own(target, name, copy(random.below(2) ? value : chosen(STRANGE, random)));
    }
  }
}

/** A value of the same kind that is a little different. */
function nudged(value: unknown, random: Random): unknown {
  switch (typeof value) {
    case 'number':
      return chosen([-value, value + 1, value - 1, value / 3, value * 1e6, value * 1e300], random);
    case 'string': {
      const at = random.below(value.length + 1);
      return (
        value.slice(0, at) + chosen(['', '"', '<b>', '\\', ' ', 'é'], random) + value.slice(at + 1)
      );
    }
    case 'boolean':
      return !value;
    default:
      return copy(chosen(STRANGE, random));
  }
}

function faultyBytes(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const count = 1 + random.below(Math.min(64, bytes.length + 1));
  const piece = bytes.subarray(at, at + count);
  const noise = Uint8Array.from({ length: count }, () => random.below(256));
  const joined = (...parts: readonly Uint8Array[]) => {
    const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      out.set(part, offset);
      offset += part.length;
    }
    return out;
  };
  const before = bytes.subarray(0, at);
  const after = bytes.subarray(at + count);
  switch (random.below(9)) {
    case 0:
    case 1:
      return bytes.map((x, i) => (i === at ? x ^ (1 << random.below(8)) : x));
    case 2:
      return bytes.map((x, i) => (i === at ? chosen([0, 1, 127, 128, 255], random) : x));
    case 3:
      return joined(before, noise.subarray(0, piece.length), after);
    case 4:
      return joined(before, after);
    case 5:
      return joined(before, piece, piece, after);
    case 6:
      return joined(
        before,
        piece.map(() => (count % 2 ? 255 : 0)),
        after,
      );
    case 7:
      return bytes.slice(0, at);
    default:
      return joined(bytes, random.below(2) ? noise : piece);
  }
}

function placesIn(root: Record<string, unknown>): Place[] {
  const places: Place[] = [];
  const visit = (parent: Record<string, unknown>) => {
    for (const key of Object.keys(parent)) {
      places.push({ parent, key });
      const value = parent[key];
      if (isObject(value)) visit(value);
    }
  };
  visit(root);
  return places;
}

function remove(parent: Record<string, unknown>, key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

/** Sets an own property, `__proto__` too, as `JSON.parse` does. */
function own(parent: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(parent, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;
const chosen = <T>(items: readonly T[], random: Random): T => items[random.below(items.length)]!;

/** A deep copy, Infinity and `__proto__` included. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isObject(value)) return value;
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value)) own(out, key, copy(value[key]));
  return out;
}
