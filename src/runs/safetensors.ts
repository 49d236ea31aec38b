import { MetaplasticError } from '../errors.js';
import { bytes as fileBytes, check, checkMade, inWords, isObject } from '../options.js';
import type { Tensor } from '../tensor.js';

/** A tensor and its name. */
export interface NamedTensor extends Tensor {
  readonly name: string;
}

/** What a safetensors file holds; tensors come in the order of their bytes. */
export interface Safetensors {
  /** Those of real numbers, in float32. */
  readonly tensors: readonly NamedTensor[];
  /** Those of other types, such as a count of batches in I64, which are not read. */
  readonly others?: readonly OtherTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** A tensor that is no float32 and does not become one. */
export interface OtherTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** What to read of a safetensors file, and under which names. */
export interface ReadOptions {
  /**
   * Names for the tensors of the file: `{ 'net.0.weight': 'W1' }` for PyTorch's, or a function from
   * one to the other. Only tensors that get a name are read; left out: all, under their own names.
   */
  readonly names?: Readonly<Record<string, string>> | ((name: string) => string | undefined);
}

/** How the numbers of a type are read, little-endian, and how many bytes each has. */
interface Type {
  readonly bytes: number;
  get?(view: DataView, at: number): number;
}

/** The types of safetensors; those that are read have `get`. */
const TYPES: ReadonlyMap<string, Type> = new Map(
  Object.entries({
    F64: { bytes: 8, get: (view, at) => view.getFloat64(at, true) },
    F32: { bytes: 4, get: (view, at) => view.getFloat32(at, true) },
    F16: { bytes: 2, get: (view, at) => half(view.getUint16(at, true)) },
    BF16: { bytes: 2, get: (view, at) => brainHalf(view.getUint16(at, true)) },
    I64: { bytes: 8 },
    U64: { bytes: 8 },
    I32: { bytes: 4 },
    U32: { bytes: 4 },
    I16: { bytes: 2 },
    U16: { bytes: 2 },
    I8: { bytes: 1 },
    U8: { bytes: 1 },
    BOOL: { bytes: 1 },
    F8_E4M3: { bytes: 1 },
    F8_E5M2: { bytes: 1 },
  } satisfies Record<string, Type>),
);

const READ = 'F32, F16, BF16 or F64';

// Layout (github.com/huggingface/safetensors, "Format"): header length as u64 little-endian, header
// as JSON padded with spaces to a multiple of 8 bytes, then the tensors' little-endian bytes
// without gaps; `data_offsets` count from the end of the header.
const LENGTH_BYTES = 8;
const METADATA = '__metadata__';
/** The reference implementation refuses longer headers. */
const MAX_HEADER = 100_000_000;

const elements = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/** Writes tensors and a map of texts as a safetensors file, which PyTorch, JAX and NumPy read. */
export function writeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries: [string, unknown][] = [[METADATA, metadata]];
  let end = 0;
  if (!Array.isArray(tensors))
    throw new MetaplasticError({
      where: 'writeSafetensors',
      expected: 'a list of tensors { name, shape, data }',
      got: inWords(tensors),
    });
  if (!isObject(metadata) || Object.values(metadata).some(value => typeof value !== 'string'))
    throw new MetaplasticError({
      where: 'writeSafetensors.metadata',
      expected: 'an object of texts',
      got: inWords(metadata),
    });
  for (const tensor of tensors) {
    checkMade(
      tensor,
      ['name', 'shape', 'data'],
      'writeSafetensors',
      'a tensor { name, shape, data }',
    );
    const { name, shape, data } = tensor;
    if (!(data instanceof Float32Array))
      throw new MetaplasticError({
        where: `tensor ${name}`,
        expected: 'a Float32Array',
        got: inWords(data),
      });
    if (elements(shape) !== data.length)
      throw new MetaplasticError({
        where: `tensor ${name}`,
        expected: `${elements(shape)} numbers for the shape [${shape.join(', ')}]`,
        got: `${data.length}`,
      });
    if (entries.some(([taken]) => taken === name))
      throw new MetaplasticError({
        where: `tensor ${name}`,
        expected: 'a name of its own',
        got: 'it twice',
      });
    entries.push([name, { dtype: 'F32', shape, data_offsets: [end, (end += 4 * data.length)] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const header = Math.ceil(json.length / 8) * 8;

  const bytes = new Uint8Array(LENGTH_BYTES + header + end).fill(
    0x20,
    LENGTH_BYTES,
    LENGTH_BYTES + header,
  );
  bytes.set(json, LENGTH_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(header), true);
  let at = LENGTH_BYTES + header;
  for (const { data } of tensors)
    for (const x of data) {
      view.setFloat32(at, x, true);
      at += 4;
    }
  return bytes;
}

/**
 * Reads a safetensors file: tensors of F32, and of F16, BF16 and F64 converted to float32. Tensors
 * of other types are left alone, unless `names` asks for them. `where` is the file that errors
 * name; nothing in it is trusted before it is checked.
 *
 * @throws MetaplasticError for a damaged file, for a tensor that `names` asks for and that is
 * missing or not of real numbers, for two of one name, and for numbers beyond float32.
 */
export function readSafetensors(
  bytes: Uint8Array,
  where = 'readSafetensors',
  { names }: ReadOptions = {},
): Safetensors {
  check(fileBytes, bytes, where);
  const fail = (
    problem: string,
    hint = 'the file is truncated, damaged or no checkpoint of ours',
  ): never => {
    throw new MetaplasticError({ where, problem, hint });
  };
  if (bytes.length < LENGTH_BYTES)
    fail(`expected a safetensors file of at least ${LENGTH_BYTES} bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const declared = view.getBigUint64(0, true);
  const start = LENGTH_BYTES + Number(declared);
  if (declared > MAX_HEADER || start > bytes.length)
    fail(
      `expected a safetensors header within the file's ${bytes.length} bytes, got one of ${declared} bytes`,
    );
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, start), fail);
  const { [METADATA]: metadata = {}, ...entries } = header;
  if (!isObject(metadata) || !Object.values(metadata).every(x => typeof x === 'string'))
    fail(`expected ${METADATA} to map names to texts, got ${outline(metadata)}`);

  // In the order of their bytes the tensors must fill the rest of the file: no overlap, no gap,
  // nothing left over.
  const found = Object.entries(entries)
    .map(([name, entry]) => ({ name, ...checkEntry(name, entry, fail) }))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  const room = bytes.length - start;
  let end = 0;
  for (const tensor of found) {
    if (tensor.end > room)
      fail(
        `tensor ${tensor.name}: expected its bytes within the ${room} bytes of data, got ${tensor.begin} to ${tensor.end}`,
      );
    if (tensor.begin !== end)
      fail(
        `tensor ${tensor.name}: expected its bytes to begin at ${end}, where the tensor before it ends, got ${tensor.begin}`,
      );
    end = tensor.end;
  }
  if (end !== room) fail(`expected ${end} bytes of data, got ${room}`);

  const asked = found.flatMap(tensor => {
    const name = nameFrom(names, tensor.name);
    return name === undefined ? [] : [{ ...tensor, name, named: tensor.name }];
  });
  if (typeof names === 'object')
    for (const name of Object.keys(names))
      if (!found.some(tensor => tensor.name === name))
        fail(
          `tensor ${name}: expected it in the file, got ${listed(found.map(t => t.name))}`,
          'name tensors as the file has them',
        );
  const taken = new Set<string>();
  for (const { name, named, dtype, type } of asked) {
    if (names && !type.get)
      fail(
        `tensor ${named}: expected the dtype ${READ}, got ${dtype}`,
        'convert it to float32 first, or leave it out of names',
      );
    if (taken.has(name)) fail(`tensor ${named}: expected a name of its own, got ${name} twice`);
    taken.add(name);
  }

  const tensors = asked.flatMap(({ name, named, shape, type, begin }) => {
    const { get } = type;
    if (!get) return [];
    const data = new Float32Array(elements(shape));
    for (let i = 0; i < data.length; i++) {
      const x = get(view, start + begin + type.bytes * i);
      data[i] = x;
      if (Number.isFinite(x) && !Number.isFinite(data[i]))
        fail(
          `tensor ${named}: expected numbers within float32, got ${x} at ${i}`,
          'scale it first',
        );
    }
    return [{ name, shape, data }];
  });
  const others = asked.flatMap(({ name, dtype, shape, type }) =>
    type.get ? [] : [{ name, dtype, shape }],
  );
  return {
    tensors,
    ...(others.length && { others }),
    metadata: metadata as Record<string, string>,
  };
}

const nameFrom = (names: ReadOptions['names'], name: string): string | undefined =>
  typeof names === 'function'
    ? names(name)
    : !names
      ? name
      : Object.hasOwn(names, name)
        ? names[name]
        : undefined;

const listed = (names: readonly string[]) =>
  names.length ? names.slice(0, 20).join(', ') : 'no tensors';

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
}

const WORD = new DataView(new ArrayBuffer(4));

/** The upper half of a float32. */
function brainHalf(bits: number): number {
  WORD.setUint16(0, bits);
  return WORD.getFloat32(0);
}

type Fail = (problem: string, hint?: string) => never;

/** A value of the header as a message shows it: what is nested deeper is left out. */
const outline = (value: unknown) =>
  JSON.stringify(value, (key, inner: unknown) =>
    key !== '' && typeof inner === 'object' && inner !== null ? '…' : inner,
  );

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    fail('expected a safetensors header in JSON, got something else');
  }
  return isObject(header)
    ? header
    : fail(`expected a safetensors header that is a JSON object, got ${outline(header)}`);
}

function checkEntry(
  name: string,
  entry: unknown,
  fail: Fail,
): { shape: number[]; dtype: string; type: Type; begin: number; end: number } {
  const count = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
  const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
  const type = typeof dtype === 'string' ? TYPES.get(dtype) : undefined;
  if (!type || typeof dtype !== 'string')
    return fail(
      `tensor ${name}: expected a dtype of safetensors, got ${outline(dtype)}`,
      `${READ} are read`,
    );
  if (!Array.isArray(shape) || !shape.every(count))
    return fail(`tensor ${name}: expected a shape of whole numbers ≥ 0, got ${outline(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(count))
    return fail(`tensor ${name}: expected data_offsets [begin, end], got ${outline(offsets)}`);
  const [begin, end] = offsets as [number, number];
  const length = type.bytes * elements(shape);
  if (end - begin !== length)
    fail(
      `tensor ${name}: expected ${length} bytes for the shape [${shape.join(', ')}], got ${end - begin}`,
    );
  return { shape, dtype, type, begin, end };
}
