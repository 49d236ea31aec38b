/**
 * What WGSL lets a compiler limit (§ 2.4 of the standard), and WebKit does limit so. Workgroup
 * memory is what every device has.
 */
export const LIMITS = {
  'bytes of variables in a function': 8192,
  'bytes of private variables': 8192,
  'bytes of workgroup variables': 16384,
  'nesting of blocks': 127,
  'elements of a constant array': 2047,
} as const;
export type Measures = Readonly<Record<keyof typeof LIMITS, number>>;

/**
 * How much of each a linked module has, at most: where the type of a variable would have to be
 * inferred, the largest that it can be is taken. All private and workgroup variables count,
 * whether the entry point uses them or not.
 */
export function measure(code: string): Measures {
  const types = typesOf(code);
  const spaces = (space: string) =>
    [...code.matchAll(new RegExp(`var<${space}>\\s*\\w+\\s*:\\s*([^;=]+)`, 'g'))].map(([, type]) =>
      types.size(type!),
    );
  const bodies = functionsOf(code);
  const sum = (sizes: readonly number[]) => sizes.reduce((a, b) => a + b, 0);
  return {
    'bytes of variables in a function': largest(bodies.map(body => sum(variablesOf(body, types)))),
    'bytes of private variables': sum(spaces('private')),
    'bytes of workgroup variables': sum(spaces('workgroup')),
    'nesting of blocks': largest(bodies.map(depthOf)),
    'elements of a constant array': largest(
      [...code.matchAll(/\bconst \w+[^=;]*= *array<\w+, *(\w+)>/g)].map(([, n]) => types.value(n!)),
    ),
  };
}

const largest = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b), 0);

/** Sizes of types by their name, and what the functions of a module return. */
interface Types {
  /** Bytes of a type as it is written, rounded up to whole vectors for a struct. */
  size(type: string): number;
  /** Bytes of what a function or constructor of this name makes; undefined if there is none. */
  made(name: string): number | undefined;
  /** An expression of constants. */
  value(expression: string): number;
}

function typesOf(code: string): Types {
  const constants = new Map(
    [...code.matchAll(/\bconst (\w+)[^=;]*= *([^;]*);/g)].map(([, name, is]) => [name!, is!]),
  );
  const structs = new Map(
    [...code.matchAll(/\bstruct (\w+) *\{([^}]*)\}/g)].map(([, name, members]) => [
      name!,
      members!,
    ]),
  );
  const returns = new Map(
    [...code.matchAll(/\bfn (\w+)\([^{]*?\)\s*->\s*([^{]+?)\s*\{/g)].map(([, name, type]) => [
      name!,
      type!,
    ]),
  );
  const value = (expression: string): number => {
    const text = expression.trim();
    if (/^\d+u?$/.test(text)) return parseInt(text, 10);
    if (constants.has(text)) return value(constants.get(text)!);
    const choice = /^select\(([^,]*),([^,]*),/.exec(text);
    if (choice) return Math.max(value(choice[1]!), value(choice[2]!));
    const factors = text.split('*');
    if (factors.length < 2) throw new Error(`expected an expression of constants, got ${text}`);
    return factors.reduce((product, factor) => product * value(factor), 1);
  };
  const size = (written: string): number => {
    const type = written.trim();
    const plain = PLAIN[type];
    if (plain !== undefined) return plain;
    const array = /^array<(.*),([^,]*)>$/s.exec(type);
    if (array) return size(array[1]!) * value(array[2]!);
    const members = structs.get(type);
    if (members === undefined) throw new Error(`unknown type ${type}`);
    const bytes = members
      .split(/,(?![^<]*>)/)
      .filter(member => member.includes(':'))
      .map(member => size(member.slice(member.indexOf(':') + 1)));
    // vectors, matrices and arrays of them lie at whole vectors
    const align = (n: number) => (n % 16 ? 4 : 16);
    const up = (n: number, to: number) => to * Math.ceil(n / to);
    return up(
      bytes.reduce((at, n) => up(at, align(n)) + n, 0),
      largest(bytes.map(align)),
    );
  };
  return {
    size,
    value,
    made(name) {
      const type = returns.get(name) ?? name;
      return PLAIN[type] === undefined && !structs.has(type) && !type.startsWith('array<')
        ? undefined
        : size(type);
    },
  };
}

const PLAIN: Readonly<Record<string, number>> = {
  bool: 4,
  u32: 4,
  i32: 4,
  f32: 4,
  vec2f: 8,
  vec2u: 8,
  vec3f: 16,
  vec3u: 16,
  vec4f: 16,
  vec4u: 16,
  mat4x4f: 64,
};

/** The bodies of all functions, braces included. */
function functionsOf(code: string): string[] {
  return [...code.matchAll(/\bfn \w+\(/g)].map(({ index }) => {
    const start = code.indexOf('{', index);
    let depth = 0;
    let at = start;
    do {
      if (code[at] === '{') depth++;
      if (code[at] === '}') depth--;
      at++;
    } while (depth > 0);
    return code.slice(start, at);
  });
}

function depthOf(body: string): number {
  let depth = 0;
  let most = 0;
  for (const character of body) {
    if (character === '{') most = Math.max(most, ++depth);
    if (character === '}') depth--;
  }
  return most;
}

/** Bytes of every variable of a function. */
function variablesOf(body: string, types: Types): number[] {
  const known = new Map<string, number>();
  return [...body.matchAll(/\bvar (\w+)\s*(?::\s*([^=;]+?)\s*)?(?:=([^;]*))?;/g)].map(
    ([, name, type, init]) => {
      const bytes = type ? types.size(type) : sizeOf(init!.trim(), types, known);
      known.set(name!, bytes);
      return bytes;
    },
  );
}

/**
 * Bytes of what an expression gives: exactly for a literal, a constructor and a call, else as many
 * as the largest thing in it, a vector at least.
 */
function sizeOf(init: string, types: Types, known: ReadonlyMap<string, number>): number {
  if (/^(?:-?[\d.]+(?:e[-+]?\d+)?[uf]?|true|false)$/.test(init)) return 4;
  const array = /^array<[^(]*>(?=\()/.exec(init);
  if (array) return types.size(array[0]);
  const call = /^(\w+)\(((?:[^()]|\([^()]*\))*)\)$/.exec(init);
  const whole = call && types.made(call[1]!);
  if (whole !== null && whole !== undefined) return whole;
  const parts = [...init.matchAll(/\b([A-Za-z_]\w*)\b(?!\s*\[)/g)].map(
    ([, name]) => known.get(name!) ?? types.made(name!) ?? 0,
  );
  return Math.max(16, largest(parts));
}
