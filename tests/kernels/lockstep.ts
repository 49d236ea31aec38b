import {
  Alias,
  ArrayIndex,
  Assign,
  BinaryOperator,
  BitcastExpr,
  Break,
  Call,
  CallExpr,
  Const,
  ConstExpr,
  Continue,
  CreateExpr,
  Function as Fn,
  For,
  If,
  Increment,
  Let,
  LiteralExpr,
  type Node,
  Return,
  ScalarData,
  StringExpr,
  Struct,
  TypedData,
  UnaryOperator,
  Var,
  VariableExpr,
  WgslParser,
} from 'wgsl_reflect/wgsl_reflect.module.js';

/** Storage arrays and uniform structs by name; u32 are bigints, f32 numbers. */
export type Memory = Record<string, number[] | Record<string, bigint>>;

export interface Lockstep {
  /**
   * Two invocations touched the same number between two barriers, and one of them wrote; or they
   * did not meet at the same barrier.
   */
  readonly races: readonly string[];
  /** Accesses beyond the end of an array. */
  readonly outside: readonly string[];
  /** Barriers that the invocations passed together. */
  readonly barriers: number;
}

/**
 * Runs workgroup `group` of a compute shader on the CPU, its invocations in step from barrier to
 * barrier, and reports their races. Writes its results to `memory`.
 *
 * This is wgsl_reflect's detectRaces for shaders made of functions: detectRaces shares private
 * variables and the results of calls among invocations, and does not stop at a barrier inside an
 * expression. Here the shader, as wgsl_reflect parses it, becomes JavaScript, a function a
 * generator that yields at barriers.
 */
export function lockstep(code: string, memory: Memory, group = 0): Lockstep {
  const program = new WgslParser().parse(constantsFirst(code)) as unknown as Node[];
  const races = new Set<string>();
  const outside = new Set<string>();
  const touched = new Map<string, { by: number; write: boolean; line: number }[]>();
  let now = 0;
  const touch = (name: string, at: bigint, write: boolean, line: number): number => {
    const index = Number(at);
    const length = (memory[name] as number[]).length;
    const key = `${name} ${index}`;
    const others = touched.get(key) ?? [];
    if (index >= length) outside.add(`${name}[${index}] of ${length} in line ${line}`);
    for (const other of others) {
      if (other.by !== now && (write || other.write))
        races.add(`${name}: lines ${Math.min(other.line, line)} and ${Math.max(other.line, line)}`);
    }
    if (!others.some(o => o.by === now && o.write === write))
      touched.set(key, [...others, { by: now, write, line }]);
    return index;
  };
  const library = {
    read: (name: string, at: bigint, line: number) =>
      (memory[name] as number[])[touch(name, at, false, line)]!,
    write: (name: string, at: bigint, value: number, line: number) => {
      (memory[name] as number[])[touch(name, at, true, line)] = value;
    },
    readQuad: (name: string, q: bigint, line: number) =>
      vectorOf([0n, 1n, 2n, 3n].map(r => library.read(name, 4n * q + r, line))),
    writeQuad: (name: string, q: bigint, value: Vector, line: number) => {
      value.forEach((v, r) => {
        library.write(name, 4n * q + BigInt(r), v as number, line);
      });
    },
    // A write to one number of a quad may write all of it, with what the others were before.
    writePart: (name: string, at: bigint, value: number, line: number) => {
      const quad = at - (at % 4n);
      for (let r = 0n; r < 4n; r++) touch(name, quad + r, true, line);
      (memory[name] as number[])[Number(at)] = value;
    },
    // Values are copied where they are kept: a struct or vector is a value in WGSL.
    copy: (value: unknown): unknown => {
      if (value instanceof Vector) return vectorOf(value.map(v => library.copy(v) as Value));
      if (Array.isArray(value)) return value.map(v => library.copy(v));
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, library.copy(v)]));
    },
    member: (name: string, key: string) => (memory[name] as Record<string, bigint>)[key],
    // A vector times a matrix is its dot product with every column.
    binary: (operator: string, a: Value, b: Value): Value =>
      operator === '*' && a instanceof Vector && b instanceof Vector && b[0] instanceof Vector
        ? vectorOf(b.map(column => library.dot(a, column as Vector)))
        : each(BINARY[operator]!, a, b),
    negate: (a: Value) => each(x => -x, a),
    not: (a: boolean) => !a,
    vector: (parts: Value[], zero: Scalar, size: number) =>
      vectorOf(parts.length === size ? parts : Array<Value>(size).fill(parts[0] ?? zero)),
    matrix: (columns: Value[]) =>
      vectorOf(columns.length ? columns : Array.from({ length: 4 }, () => vectorOf([0, 0, 0, 0]))),
    bits: (x: Value) =>
      each((of: number) => BigInt(new Uint32Array(Float32Array.of(of).buffer)[0]!), x),
    min: (a: Value, b: Value) => each((x, y) => (x < y ? x : y), a, b),
    max: (a: Value, b: Value) => each((x, y) => (x > y ? x : y), a, b),
    clamp: (x: Value, low: Value, high: Value) => library.min(library.max(x, low), high),
    select: (no: Value, yes: Value, which: Value) => each((n, y, w) => (w ? y : n), no, yes, which),
    dot: (a: Vector, b: Vector) =>
      a.reduce<number>((sum, x, i) => sum + Number(x) * Number(b[i]), 0),
    ...Object.fromEntries(
      Object.entries({
        abs: Math.abs,
        sign: Math.sign,
        exp: Math.exp,
        log: Math.log,
        sqrt: Math.sqrt,
        inverseSqrt: (x: number) => 1 / Math.sqrt(x),
        tanh: Math.tanh,
      }).map(([name, of]) => [name, (a: Value) => each(x => of(x as number), a)]),
    ),
  };
  const shared = new Set(
    program.filter(v => v instanceof Var && v.storage === 'workgroup').map(v => (v as Var).name),
  );
  for (const v of program)
    if (v instanceof Var && shared.has(v.name))
      memory[v.name] = new Array<number>(countOf(v.type) * (inQuads(v.type) ? 4 : 1)).fill(0);

  const main = program.find(node => node instanceof Fn && node.name === 'main') as Fn;
  const size = String(main.attributes!.find(a => a.name === 'workgroup_size')!.value);
  const constant = program.find(node => node instanceof Const && node.name === size) as
    Const | undefined;
  const count = constant
    ? ((constant.value as unknown as { value: ScalarData }).value.value as number)
    : Number(size);
  if (!(count > 0)) throw new Error(`lockstep cannot read the workgroup size ${size}`);
  const make = new Function('library', `'use strict';\n${translate(program)}`) as (
    l: typeof library,
  ) => (builtins: Record<string, unknown>) => Generator<string>;
  const start = make(library);
  const vector = (x: number) => ({ x: BigInt(x), y: 0n, z: 0n });
  const invocations = Array.from({ length: count }, (_, i) =>
    start({
      workgroup_id: vector(group),
      local_invocation_index: BigInt(i),
      num_workgroups: vector(1),
    }),
  );

  for (let barriers = 0; ; barriers++) {
    const stops = invocations.map((invocation, i) => {
      now = i;
      return invocation.next();
    });
    const places = new Set(stops.map(stop => (stop.done ? 'the end' : stop.value)));
    if (places.size > 1) races.add(`invocations part: some reach ${[...places].join(', some ')}`);
    if (stops.some(stop => stop.done))
      return { races: [...races], outside: [...outside], barriers };
    // A barrier orders the memory of its name only.
    for (const key of touched.keys())
      if (shared.has(key.split(' ')[0]!) === stops[0]!.value!.startsWith('workgroup'))
        touched.delete(key);
  }
}

type Scalar = number | bigint | boolean;
type Value = Scalar | Vector;

/** vec4, or mat4x4 by its columns. */
class Vector extends Array<Value> {
  declare x: Value;
  declare y: Value;
  declare z: Value;
  declare w: Value;
}
['x', 'y', 'z', 'w'].forEach((name, k) => {
  Object.defineProperty(Vector.prototype, name, {
    get(this: Vector) {
      return this[k];
    },
    set(this: Vector, value: Value) {
      this[k] = value;
    },
  });
});

const vectorOf = (numbers: readonly Value[]): Vector =>
  Object.setPrototypeOf([...numbers], Vector.prototype) as Vector;

/** Applies `of` to scalars; to vectors number by number, with the same scalar for all of them. */
function each(of: (...values: any[]) => Scalar, ...values: Value[]): Value {
  const vector = values.find(v => v instanceof Vector);
  return vector instanceof Vector
    ? vectorOf(
        Array.from(vector as ArrayLike<Value>, (_, i) =>
          each(of, ...values.map(v => (v instanceof Vector ? v[i]! : v))),
        ),
      )
    : of(...values);
}

const u32 = (v: Scalar) => (typeof v === 'bigint' ? BigInt.asUintN(32, v) : v);
const BINARY: Readonly<Record<string, (a: any, b: any) => Scalar>> = {
  '+': (a, b) => u32(a + b),
  '-': (a, b) => u32(a - b),
  '*': (a, b) => u32(a * b),
  '/': (a, b) => u32(a / b),
  '%': (a, b) => u32(a % b),
  '&': (a, b) => u32(a & b),
  '|': (a, b) => u32(a | b),
  '^': (a, b) => u32(a ^ b),
  '<<': (a, b) => u32(a << b),
  '>>': (a, b) => u32(a >> b),
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/**
 * The parser knows a constant only from its declaration on, and folds tables of bool wrongly.
 * Constants made of others come last; lines keep their numbers.
 */
function constantsFirst(code: string): string {
  const isConstant = (line: string) => /^const .*;$/.test(line);
  const lines = code.split('\n');
  const constants = lines
    .filter(isConstant)
    .map(line =>
      line.includes('array<bool')
        ? line.replace('<bool', '<u32').replaceAll('true', '1u').replaceAll('false', '0u')
        : line,
    );
  const [plain, made] = [true, false].map(literal =>
    constants.filter(line => /= (\d|true|false|array<)/.test(line) === literal),
  );
  // One that is made of another that is made comes behind it.
  const nameOf = (line: string) => /^const (\w+)/.exec(line)![1]!;
  const uses = (a: string, b: string) => a !== b && new RegExp(`\\b${nameOf(b)}\\b`).test(a);
  const depth = (line: string): number =>
    1 + Math.max(0, ...made!.filter(other => uses(line, other)).map(depth));
  made!.sort((a, b) => depth(a) - depth(b));
  return (
    [...plain!, ...made!].join(' ') + lines.map(line => (isConstant(line) ? '' : line)).join('\n')
  );
}

const BARRIERS = ['workgroupBarrier', 'storageBarrier'];

/** A maker of invocations: each has private variables of its own. */
function translate(program: readonly Node[]): string {
  const functions = new Map(program.filter(n => n instanceof Fn).map(f => [f.name, f]));
  const structs = new Map(program.filter(n => n instanceof Struct).map(s => [s.name, s]));
  const arrays = new Map(program.filter(n => n instanceof Alias).map(a => [a.name, a.type]));
  for (const alias of program)
    if (alias instanceof Alias && structs.has(alias.type.name))
      structs.set(alias.name, structs.get(alias.type.name)!);
  const globals = new Map(program.filter(n => n instanceof Var).map(v => [v.name, v]));
  const privates = [...globals.values()]
    .filter(v => v.storage === 'private')
    .map(v => `let $${v.name} = ${zero(v.type)};`);
  const main = functions.get('main')!;
  const args = main.args.map(
    a => `builtins.${a.attributes!.find(at => at.name === 'builtin')!.value}`,
  );
  const constants = program
    .filter(n => n instanceof Const)
    .map(c => `const $${c.name} = ${expression(c.value, new Set())};`);
  return `${constants.join('\n')}\nreturn function* (builtins) {\n${privates.join('\n')}\n${[...functions.values()].map(define).join('\n')}\nyield* f_main(${args.join(', ')});\n};`;

  function define({ name, args: parameters, body }: Fn): string {
    return `function* f_${name}(${parameters.map(p => `$${p.name}`).join(', ')}) {\n${block(body as Node[], new Set(parameters.map(p => p.name)))}\n}`;
  }

  /** `local`: names that stand for variables of the function, not for buffers. */
  function block(body: readonly Node[], outer: ReadonlySet<string>): string {
    const local = new Set(outer);
    return body.map(node => statement(node, local)).join('\n');
  }

  function statement(node: Node | readonly Node[], local: Set<string>): string {
    if (Array.isArray(node)) return `{\n${block(node as Node[], local)}\n}`;
    if (node instanceof Let || node instanceof Var || node instanceof Const) {
      const value = node.value ? kept(node.value, local) : zero(node.type);
      local.add(node.name);
      return `let $${node.name} = ${value};`;
    }
    if (node instanceof Assign) {
      const operator = String(node.operator).slice(0, -1);
      const value = kept(node.value, local);
      return assign(
        node.variable as VariableExpr,
        operator
          ? `library.binary('${operator}', ${expression(node.variable, local)}, ${value})`
          : value,
        local,
      );
    }
    if (node instanceof Increment)
      return assign(
        node.variable as VariableExpr,
        `library.binary('${String(node.operator)[0]}', ${expression(node.variable, local)}, 1n)`,
        local,
      );
    if (node instanceof Call)
      return BARRIERS.includes(node.name)
        ? `yield '${node.name} in line ${node.line}';`
        : `${call(node.name, node.args, local)};`;
    if (node instanceof Return)
      return node.value instanceof CreateExpr && !node.value.type
        ? 'return;'
        : `return ${expression(node.value, local)};`;
    if (node instanceof Continue) return 'continue;';
    if (node instanceof Break) return 'break;';
    if (node instanceof If) {
      const others = (node.elseif ?? []).map(
        e => ` else if (${expression(e.condition, local)}) {\n${block(e.body as Node[], local)}\n}`,
      );
      return `if (${expression(node.condition, local)}) {\n${block(node.body as Node[], local)}\n}${others.join('')}${node.else ? ` else {\n${block(node.else as Node[], local)}\n}` : ''}`;
    }
    if (node instanceof For) {
      const inner = new Set(local);
      const init = node.init ? statement(node.init, inner) : ';';
      return `for (${init} ${node.condition ? expression(node.condition, inner) : ''}; ${node.increment ? statement(node.increment, inner).slice(0, -1) : ''}) {\n${block(node.body as Node[], inner)}\n}`;
    }
    throw new Error(`lockstep cannot read ${JSON.stringify(node)}`);
  }

  /** A value that a variable or a struct keeps: a copy, if it lies in another. */
  function kept(node: Node, local: Set<string>): string {
    const value = expression(node, local);
    const refers = node instanceof VariableExpr || node instanceof UnaryOperator;
    return refers ? `library.copy(${value})` : value;
  }

  function assign(variable: VariableExpr, value: string, local: Set<string>): string {
    if (variable instanceof UnaryOperator) return `${expression(variable, local)} = ${value};`;
    const { name, postfix, line } = variable;
    if (!local.has(name) && globals.get(name)?.storage !== 'private') {
      const { at, of } = place(name, postfix as ArrayIndex, local);
      const write = { number: 'write', part: 'writePart', quad: 'writeQuad' }[of];
      return `library.${write}('${name}', ${at}, ${value}, ${line});`;
    }
    return `$${name}${path(postfix, local)} = ${value};`;
  }

  function expression(node: Node, local: Set<string>): string {
    if (node instanceof LiteralExpr)
      return node.value instanceof TypedData ? list(node.value) : scalar(node);
    if (node instanceof ConstExpr && !local.has(node.name))
      return `${expression(node.initializer as Node, local)}${node.postfix ? index(node.postfix as ArrayIndex, local) : ''}`;
    if (node instanceof VariableExpr || node instanceof ConstExpr) {
      const { name, postfix, line } = node;
      const global = local.has(name) ? undefined : globals.get(name);
      if (global?.storage === 'uniform')
        return `library.member('${name}', '${(postfix as StringExpr).value}')`;
      if (global && global.storage !== 'private') {
        const { at, of } = place(name, postfix as ArrayIndex, local);
        return `library.read${of === 'quad' ? 'Quad' : ''}('${name}', ${at}, ${line})`;
      }
      return `$${name}${path(postfix, local)}`;
    }
    // A pointer is a pair of a getter and a setter.
    if (node instanceof UnaryOperator && node.operator === '&') {
      const place = expression(node.right, local);
      return `{ get value() { return ${place}; }, set value(v) { ${place} = v; } }`;
    }
    if (node instanceof UnaryOperator && node.operator === '*')
      return `${expression(node.right, local)}.value${path(node.postfix, local)}`;
    if (node instanceof CallExpr)
      return `${call(node.name, node.args ?? [], local)}${path(node.postfix, local)}`;
    if (node instanceof CreateExpr && node.type?.name === 'array')
      return node.args?.length
        ? `[${node.args.map(a => expression(a, local)).join(', ')}]`
        : zero(node.type);
    if (node instanceof CreateExpr && /^(vec[234]|mat4)/.test(node.type?.name ?? '')) {
      const parts = `[${(node.args ?? []).map(a => expression(a, local)).join(', ')}]`;
      return node.type!.name.startsWith('mat')
        ? `library.matrix(${parts})`
        : `library.vector(${parts}, 0, ${node.type!.name[3]})`;
    }
    if (node instanceof CreateExpr && structs.has(node.type?.name ?? ''))
      return call(node.type!.name, node.args ?? [], local); // a struct that is declared above
    if (node instanceof CreateExpr && node.type?.name === 'f32')
      return `Number(${expression(node.args![0]!, local)})`;
    if (node instanceof BitcastExpr) return `library.bits(${expression(node.value, local)})`;
    if (node instanceof UnaryOperator && '!-'.includes(node.operator))
      return `library.${node.operator === '-' ? 'negate' : 'not'}(${expression(node.right, local)})`;
    if (node instanceof BinaryOperator && ['&&', '||'].includes(node.operator))
      return `((${expression(node.left, local)}) ${node.operator} (${expression(node.right, local)}))`;
    if (node instanceof BinaryOperator)
      return `library.binary('${node.operator}', ${expression(node.left, local)}, ${expression(node.right, local)})`;
    throw new Error(`lockstep cannot read ${JSON.stringify(node)}`);
  }

  function call(name: string, given: readonly Node[], local: Set<string>): string {
    const values = given.map(a => expression(a, local)).join(', ');
    const struct = structs.get(name);
    if (!struct && arrays.has(name)) return given.length ? `[${values}]` : zero(arrays.get(name));
    if (struct)
      return `{ ${struct.members.map((m, k) => `${m.name}: ${given.length ? kept(given[k]!, local) : zero(m.type)}`).join(', ')} }`;
    return functions.has(name) ? `(yield* f_${name}(${values}))` : `library.${name}(${values})`;
  }

  /** Where in a buffer: the number of a number, one in a quad or not, or of a quad among quads. */
  function place(
    name: string,
    { index: at, postfix: component }: ArrayIndex,
    local: Set<string>,
  ): { at: string; of: 'number' | 'part' | 'quad' } {
    const first = expression(at, local);
    if (!component) return { at: first, of: inQuads(globals.get(name)!.type) ? 'quad' : 'number' };
    const part = expression((component as ArrayIndex).index, local);
    return { at: `4n * ${first} + ${part}`, of: 'part' };
  }

  /** A struct may be asked for before it is declared: the parser then knows its name only. */
  function zero(type: unknown): string {
    if (type instanceof Alias) return zero(type.type);
    const struct = structs.get(nameOf(type));
    if (struct) return `{ ${struct.members.map(m => `${m.name}: ${zero(m.type)}`).join(', ')} }`;
    if (nameOf(type) === 'array')
      return `Array.from({ length: ${countOf(type)} }, () => ${zero((type as { format: unknown }).format)})`;
    const size = /^vec([234])f$/.exec(nameOf(type))?.[1];
    if (size) return `library.vector([], 0, ${size})`;
    return /^(u32|vec4u)$/.test(nameOf(type)) ? '0n' : '0';
  }

  /** Members and elements, one behind the other. */
  function path(postfix: unknown, local: Set<string>): string {
    if (postfix instanceof StringExpr) return `.${postfix.value}${path(postfix.postfix, local)}`;
    return postfix ? index(postfix as ArrayIndex, local) : '';
  }

  function index({ index: at, postfix }: ArrayIndex, local: Set<string>): string {
    return `[Number(${expression(at, local)})]${path(postfix, local)}`;
  }
}

function scalar({ value, type }: LiteralExpr): string {
  const number = (value as ScalarData).value;
  return type.name === 'u32'
    ? `${number}n`
    : type.name === 'bool'
      ? String(Boolean(number))
      : String(number);
}

function list({ buffer, offset, typeInfo }: TypedData): string {
  const { count, format } = typeInfo as unknown as { count: number; format: { name: string } };
  if (format.name === 'f32') return `[${[...new Float32Array(buffer, offset, count)].join(', ')}]`;
  return `[${[...new Uint32Array(buffer, offset, count)].map(v => `${v}n`).join(', ')}]`;
}

const countOf = (type: unknown): number => (type as { count: number }).count;
const nameOf = (type: unknown): string => (type as { name: string }).name;
const inQuads = (array: unknown): boolean =>
  nameOf((array as { format: unknown }).format) === 'vec4f';
