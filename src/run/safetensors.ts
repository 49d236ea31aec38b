import { MetaplasticError } from '../errors.js';

/** One named float32 tensor, row-major. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a safetensors file holds; tensors come in the order of their bytes. */
export interface Safetensors {
  readonly tensors: readonly NamedTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

// Layout (github.com/huggingface/safetensors, "Format"): header length as u64 little-endian, header
// as JSON padded with spaces to a
// multiple of 8 bytes, then the tensors' little-endian bytes without gaps; `data_offsets` count
// from the end of the header.
const LENGTH_BYTES = 8;
const METADATA = '__metadata__';
/** The reference implementation refuses longer headers. */
const MAX_HEADER = 100_000_000;

const elements = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/** Writes tensors and a map of texts as a safetensors file, which PyTorch, JAX and NumPy read. */
export function writeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = [[METADATA, metadata]];
  let end = 0;
  for (const { name, shape, data } of tensors) {
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
 * Reads a safetensors file. `where` is the file that errors name; nothing in it is trusted before
 * it is checked.
 */
export function readSafetensors(bytes: Uint8Array, where: string): Safetensors {
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
    fail(`expected ${METADATA} to map names to texts, got ${JSON.stringify(metadata)}`);

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

  const tensors = found.map(({ name, shape, begin, end }) => {
    const data = new Float32Array((end - begin) / 4);
    for (let i = 0; i < data.length; i++) data[i] = view.getFloat32(start + begin + 4 * i, true);
    return { name, shape, data };
  });
  return { tensors, metadata: metadata as Record<string, string> };
}

type Fail = (problem: string, hint?: string) => never;

const isObject = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && !Array.isArray(x);

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    fail('expected a safetensors header in JSON, got something else');
  }
  return isObject(header)
    ? header
    : fail(`expected a safetensors header that is a JSON object, got ${JSON.stringify(header)}`);
}

function checkEntry(
  name: string,
  entry: unknown,
  fail: Fail,
): { shape: number[]; begin: number; end: number } {
  const count = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
  const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
  if (dtype !== 'F32')
    fail(
      `tensor ${name}: expected the dtype F32, got ${JSON.stringify(dtype)}`,
      'convert it to float32 first',
    );
  if (!Array.isArray(shape) || !shape.every(count))
    return fail(
      `tensor ${name}: expected a shape of whole numbers ≥ 0, got ${JSON.stringify(shape)}`,
    );
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(count))
    return fail(
      `tensor ${name}: expected data_offsets [begin, end], got ${JSON.stringify(offsets)}`,
    );
  const [begin, end] = offsets as [number, number];
  if (end - begin !== 4 * elements(shape))
    fail(
      `tensor ${name}: expected ${4 * elements(shape)} bytes for the shape [${shape.join(', ')}], got ${end - begin}`,
    );
  return { shape, begin, end };
}
