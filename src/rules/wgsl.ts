import { VALUES } from './evaluate.js';
import { sharing } from './shared.js';
import { FUNCTIONS, type FunctionName, type Operation, type Tree } from './tree.js';

/** A piece of WGSL that is a vec4f if `vector`, else an f32. */
export interface Code {
  readonly code: string;
  readonly vector: boolean;
}

/** Trees as WGSL: statements that come before, and the results. */
export interface WgslCode {
  readonly statements: readonly string[];
  readonly results: readonly Code[];
  /** Which functions of shaders/equations/functions.wgsl they call. */
  readonly calls: readonly string[];
}

type Applied = Extract<Tree, { kind: 'apply' }>;

/** How tightly a piece of code holds together. */
const SUM = 1;
const PRODUCT = 2;
const SIGN = 3;
const WHOLE = 4;
interface Piece extends Code {
  readonly hold: number;
}

/**
 * Trees as WGSL, of what `nameOf` calls their names; some of these are vec4f, and so is all that
 * contains one. What occurs more than once is computed once, in a statement `let t0_ = …;`: no name
 * of a rule ends so (`wgslName`).
 */
export function wgslOf(trees: readonly Tree[], nameOf: (name: string) => Code): WgslCode {
  const lower = lowering();
  const lowered = trees.map(lower);
  const uses = usesIn(lowered);
  const statements: string[] = [];
  const calls = new Set<string>();
  const named = new Map<Tree, Piece>();

  const pieceOf = (tree: Tree): Piece => {
    if (tree.kind === 'number')
      return {
        code: wgslNumber(tree.value),
        vector: false,
        hold: tree.value < 0 ? SIGN : WHOLE,
      };
    if (tree.kind === 'name') return { ...nameOf(tree.name), hold: WHOLE };
    const before = named.get(tree);
    if (before) return before;
    const piece = applied(tree, tree.to.map(pieceOf));
    if (uses.get(tree) === 1 || isShort(tree)) return piece;
    const name = `t${statements.length}_`;
    statements.push(`let ${name} = ${piece.code};`);
    const short = { ...piece, code: name, hold: WHOLE };
    named.set(tree, short);
    return short;
  };
  const applied = ({ of }: Applied, [a, b]: readonly Piece[]): Piece => {
    const vector = a!.vector || (b?.vector ?? false);
    const alike = (piece: Piece) => (vector && !piece.vector ? `vec4f(${piece.code})` : piece.code);
    const whole = (code: string): Piece => ({ code, vector, hold: WHOLE });
    const called = (name: string) => {
      const own = `${name}${vector ? '4' : ''}_`;
      calls.add(own);
      return own;
    };
    if (of === '+' || of === '-')
      return { code: `${at(a!, SUM)} ${of} ${at(b!, PRODUCT)}`, vector, hold: SUM };
    if (of === '*' || of === '/')
      return { code: `${at(a!, PRODUCT)} ${of} ${at(b!, SIGN)}`, vector, hold: PRODUCT };
    if (of === 'negate') return { code: `-${at(a!, WHOLE)}`, vector, hold: SIGN };
    if (of === '^') return whole(`${called('power')}(${alike(a!)}, ${alike(b!)})`);
    if (of === 'relu')
      return whole(`${called('largest')}(${a!.code}, ${vector ? 'vec4f()' : '0.0'})`);
    if (of === 'max') return whole(`${called('largest')}(${alike(a!)}, ${alike(b!)})`);
    if (of === 'min') return whole(`${called('least')}(${alike(a!)}, ${alike(b!)})`);
    if (of === 'sigmoid')
      return { code: `1.0 / (1.0 + exp(-${at(a!, WHOLE)}))`, vector, hold: PRODUCT };
    if (of === 'softplus' || of === 'tanh' || of === 'log')
      return whole(`${called(of)}(${a!.code})`);
    return whole(`${of}(${[a!, ...(b ? [b] : [])].map(alike).join(', ')})`);
  };
  const results = lowered.map(tree => {
    const { code, vector } = pieceOf(tree);
    return { code, vector };
  });
  return { statements, results, calls: [...calls] };
}

/**
 * Operators and functions that trees are made of as WGSL: what occurs more than once is counted
 * once, a function is one, a sign none, and a whole power as many as its products.
 */
export function operationsIn(trees: readonly Tree[]): number {
  const counted = [...usesIn(trees.map(lowering())).keys()];
  return counted.filter(tree => tree.kind === 'apply' && tree.of !== 'negate').length;
}

/** Minus a name is as short as any name for it. */
const isShort = ({ of, to }: Applied) => of === 'negate' && to[0]!.kind === 'name';

const at = ({ code, hold }: Piece, least: number) => (hold < least ? `(${code})` : code);

/** How often each node stands in some trees, the same one in several places counted for each. */
function usesIn(trees: readonly Tree[]): ReadonlyMap<Tree, number> {
  const uses = new Map<Tree, number>();
  const count = (tree: Tree): void => {
    const before = uses.get(tree) ?? 0;
    uses.set(tree, before + 1);
    if (before === 0 && tree.kind === 'apply') tree.to.forEach(count);
  };
  trees.forEach(count);
  return uses;
}

/**
 * Makes trees ready for WGSL: those that are alike are one object, whole powers are products and
 * quotients, and what is constant is a number, since a compiler refuses constants that overflow.
 */
function lowering(): (tree: Tree) => Tree {
  const share = sharing();
  const { number, name } = share;
  const node = (of: Operation, ...to: readonly Tree[]): Tree => {
    const values = to.map(part => (part.kind === 'number' ? part.value : NaN));
    return to.every(part => part.kind === 'number')
      ? number(VALUES[of](values[0]!, values[1] ?? 0))
      : share.node(of, ...to);
  };
  const power = (base: Tree, exponent: number): Tree => {
    if (exponent === 0) return number(1);
    if (exponent < 0) return node('/', number(1), power(base, -exponent));
    if (exponent === 1) return base;
    if (exponent % 2 === 1) return node('*', power(base, exponent - 1), base);
    const half = power(base, exponent / 2);
    return node('*', half, half);
  };
  const known = new Map<Tree, Tree>();
  const lower = (tree: Tree): Tree => {
    const before = known.get(tree);
    if (before) return before;
    const result = lowered(tree);
    known.set(tree, result);
    return result;
  };
  const lowered = (tree: Tree): Tree => {
    if (tree.kind === 'number') return number(tree.value);
    if (tree.kind === 'name') return name(tree.name);
    const [a, b] = tree.to.map(lower);
    if (tree.of === '^' && b!.kind === 'number' && Number.isInteger(b!.value))
      return power(a!, b!.value);
    return b ? node(tree.of, a!, b) : node(tree.of, a!);
  };
  return lower;
}

const LARGEST = 3.4028234663852886e38;
const LEAST = 2 ** -126;

/** A number as a literal of WGSL; beyond float32 the nearest that it holds. */
export function wgslNumber(value: number): string {
  const held = Number.isNaN(value) ? LARGEST : Math.max(-LARGEST, Math.min(LARGEST, value));
  const text = Math.abs(held) < LEAST ? '0' : `${held}`;
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/**
 * A rule's name in WGSL: itself, or with a _ behind it where it means something there. Names that
 * end with a _ get another one, so that generated names that end with one are free.
 */
export const wgslName = (name: string): string =>
  RESERVED.has(name) || name.endsWith('_') ? `${name}_` : name;

/** Keywords, reserved words, and what is declared in advance: types, and functions that we call. */
const RESERVED: ReadonlySet<string> = new Set(
  `alias break case const const_assert continue continuing default diagnostic discard else enable
  false fn for if let loop override requires return struct switch true var while

  NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become
  cast catch class co_await co_return co_yield coherent column_major common compile
  compile_fragment concept const_cast consteval constexpr constinit crate debugger decltype delete
  demote demote_to_helper do dynamic_cast enum explicit export extends extern external fallthrough
  filter final finally friend from fxgroup get goto groupshared highp impl implements import inline
  instanceof interface layout lowp macro macro_rules match mediump meta mod module move mut mutable
  namespace new nil noexcept noinline nointerpolation non_coherent noncoherent noperspective null
  nullptr of operator package packoffset partial pass patch pixelfragment precise precision premerge
  private protected pub public readonly ref regardless register reinterpret_cast require resource
  restrict self set shared sizeof smooth snorm static static_assert static_cast std subroutine super
  target template this thread_local throw trait try type typedef typeid typename typeof union unless
  unorm unsafe unsized use using varying virtual volatile wgsl where with writeonly yield

  array atomic bool f16 f32 i32 mat2x2 mat2x3 mat2x4 mat3x2 mat3x3 mat3x4 mat4x2 mat4x3 mat4x4
  mat2x2f mat2x3f mat2x4f mat3x2f mat3x3f mat3x4f mat4x2f mat4x3f mat4x4f ptr sampler texture_2d u32
  vec2 vec3 vec4 vec2f vec3f vec4f vec2i vec3i vec4i vec2u vec3u vec4u vec2h vec3h vec4h

  all any arrayLength bitcast ceil clamp cos cross distance dot dot4I8Packed exp2 floor fma fract
  inverseSqrt length log2 mix normalize pow round saturate select sin smoothstep step storageBarrier
  tan transpose trunc workgroupBarrier workgroupUniformLoad function storage uniform workgroup read
  write read_write
  ${Object.keys(FUNCTIONS satisfies Record<FunctionName, number>).join(' ')}`.split(/\s+/),
);
