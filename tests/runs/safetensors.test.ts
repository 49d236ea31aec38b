import { describe, expect, test } from 'vitest';
import { layoutOf } from '../../src/parameters/layout.js';
import { readParameters } from '../../src/runs/checkpoint.js';
import { defineSystem } from '../../src/systems/system.js';
import { readSafetensors, writeSafetensors } from '../../src/runs/safetensors.js';

// Written by safetensors 0.8.0 (Python): save({"W1": [[1.5, -2], [0.25, 3e-3]], "alpha": [[7]]},
// metadata={"metaStep": "12", "note": "ä < b"}).
const PYTHON =
  'qAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtZXRhU3RlcCI6IjEyIiwibm90ZSI6IsOkIDwgYiJ9LCJXMSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwyXSwiZGF0YV9vZmZzZXRzIjpbMCwxNl19LCJhbHBoYSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMSwxXSwiZGF0YV9vZmZzZXRzIjpbMTYsMjBdfX0AAMA/AAAAwAAAgD6mm0Q7AADgQA==';
const python = Uint8Array.from(atob(PYTHON), c => c.charCodeAt(0));
const W1 = { name: 'W1', shape: [2, 2], data: Float32Array.of(1.5, -2, 0.25, 3e-3) };
const alpha = { name: 'alpha', shape: [1, 1], data: Float32Array.of(7) };
const metadata = { metaStep: '12', note: 'ä < b' };

/** A file of this header and as many bytes of data. */
function file(header: unknown, data = 0): Uint8Array {
  const json = new TextEncoder().encode(
    typeof header === 'string' ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const entry = (
  begin: number,
  end: number,
  dtype = 'F32',
  shape: unknown = [(end - begin) / 4],
) => ({ dtype, shape, data_offsets: [begin, end] });
const refusal = (bytes: Uint8Array) => {
  try {
    readSafetensors(bytes, 'run/last.safetensors');
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

describe('writeSafetensors', () => {
  test('writes the very bytes that the reference implementation writes', () => {
    expect(writeSafetensors([W1, alpha], metadata)).toEqual(python);
  });
  test('pads the header with spaces to a multiple of 8 bytes', () => {
    const bytes = writeSafetensors([alpha], { a: 'b' });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect([
      length % 8,
      text.trimEnd(),
      text.length - text.trimEnd().length,
      [...bytes.subarray(8 + length)],
    ]).toEqual([
      0,
      '{"__metadata__":{"a":"b"},"alpha":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}',
      3,
      [0, 0, 0xe0, 0x40],
    ]);
  });
  test('refuses data that do not fill the shape', () => {
    expect(() => writeSafetensors([{ ...W1, shape: [3] }], {})).toThrow(
      'tensor W1: expected 3 numbers for the shape [3], got 4',
    );
  });
  test('refuses the same name twice', () => {
    expect(() => writeSafetensors([W1, W1], {})).toThrow(
      'tensor W1: expected a name of its own, got it twice',
    );
  });
});

describe('readSafetensors', () => {
  test('reads what the reference implementation wrote', () => {
    expect(readSafetensors(python, 'x')).toEqual({ tensors: [W1, alpha], metadata });
  });
  test('reads a file that lies inside a larger buffer at an odd place', () => {
    const around = new Uint8Array(python.length + 5);
    around.set(python, 3);
    expect(readSafetensors(around.subarray(3, 3 + python.length), 'x').tensors).toEqual([
      W1,
      alpha,
    ]);
  });
  test('keeps NaN, infinities and tensors without elements', () => {
    const odd = [
      { name: 'none', shape: [0, 3], data: new Float32Array(0) },
      { name: 'odd', shape: [3], data: Float32Array.of(NaN, Infinity, -0) },
      { name: 'scalar', shape: [], data: Float32Array.of(2) },
    ];
    expect(readSafetensors(writeSafetensors(odd, {}), 'x').tensors).toEqual(odd);
  });
  test('gives tensors in the order of their bytes, whatever the order of the header', () => {
    expect(
      readSafetensors(file({ b: entry(4, 8), a: entry(0, 4) }, 8), 'x').tensors.map(t => t.name),
    ).toEqual(['a', 'b']);
  });
  test('takes missing metadata for none', () => {
    expect(readSafetensors(file({ a: entry(0, 4) }, 4), 'x').metadata).toEqual({});
  });

  test.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'expected a safetensors file of at least 8 bytes, got 0'],
    [
      'a header longer than the file',
      python.subarray(0, 100),
      "expected a safetensors header within the file's 100 bytes, got one of 168 bytes",
    ],
    [
      'a foreign file',
      new TextEncoder().encode('PK\x03\x04 this is a zip'),
      "expected a safetensors header within the file's 18 bytes, got one of",
    ],
    [
      'a header that is not JSON',
      file('{"a":'),
      'expected a safetensors header in JSON, got something else',
    ],
    [
      'a header that is not UTF-8',
      file('{"__metadata__":{"note":"?"}}').map(byte => (byte === 63 ? 0xff : byte)),
      'expected a safetensors header in JSON, got something else',
    ],
    [
      'a header that is a list',
      file([]),
      'expected a safetensors header that is a JSON object, got []',
    ],
    [
      'truncated data',
      python.subarray(0, -1),
      'tensor alpha: expected its bytes within the 19 bytes of data, got 16 to 20',
    ],
    ['bytes left over', file({ a: entry(0, 4) }, 5), 'expected 4 bytes of data, got 5'],
    [
      'overlapping tensors',
      file({ a: entry(0, 8), b: entry(4, 12) }, 12),
      'tensor b: expected its bytes to begin at 8, where the tensor before it ends, got 4',
    ],
    [
      'a gap between tensors',
      file({ a: entry(0, 4), b: entry(8, 12) }, 12),
      'tensor b: expected its bytes to begin at 4, where the tensor before it ends, got 8',
    ],
    [
      'another dtype',
      file({ a: entry(0, 4, 'F4') }, 4),
      'tensor a: expected a dtype of safetensors, got "F4"; F32, F16, BF16 or F64 are read',
    ],
    [
      'a shape of another size',
      file({ a: entry(0, 4, 'F32', [2]) }, 4),
      'tensor a: expected 8 bytes for the shape [2], got 4',
    ],
    [
      'a negative shape',
      file({ a: entry(0, 4, 'F32', [-1, -1]) }, 4),
      'tensor a: expected a shape of whole numbers ≥ 0, got [-1,-1]',
    ],
    [
      'offsets that are not two',
      file({ a: { dtype: 'F32', shape: [1], data_offsets: [0] } }, 4),
      'tensor a: expected data_offsets [begin, end], got [0]',
    ],
    [
      'an entry that is no object',
      file({ a: null }),
      'tensor a: expected a dtype of safetensors, got undefined',
    ],
    [
      'metadata that are not texts',
      file({ __metadata__: { step: 1 } }),
      'expected __metadata__ to map names to texts, got {"step":1}',
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(refusal(bytes)).toContain(`run/last.safetensors: ${message}`);
  });
});

describe('tensors of other types', () => {
  /** A file of one tensor of these numbers. */
  const of = (dtype: string, data: DataView, shape: number[]) => {
    const bytes = file(
      { a: { dtype, shape, data_offsets: [0, data.byteLength] } },
      data.byteLength,
    );
    bytes.set(new Uint8Array(data.buffer), bytes.length - data.byteLength);
    return bytes;
  };
  const halves = (...bits: number[]) => {
    const view = new DataView(new ArrayBuffer(2 * bits.length));
    bits.forEach((b, i) => view.setUint16(2 * i, b, true));
    return view;
  };
  const read = (bytes: Uint8Array) => [...readSafetensors(bytes, 'x').tensors[0]!.data];
  test('are converted from half precision', () => {
    expect(
      read(of('F16', halves(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x7c00, 0x7e00), [7])),
    ).toEqual([1, -2, 2 ** -24, 65504, -0, Infinity, NaN]);
    expect(read(of('BF16', halves(0x3f80, 0xc040, 0x0001), [3]))).toEqual([1, -3, 2 ** -133]);
  });
  test('are converted from double precision, unless float32 cannot hold them', () => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, 0.1, true);
    expect(read(of('F64', view, []))).toEqual([Math.fround(0.1)]);
    view.setFloat64(0, 1e39, true);
    expect(() => read(of('F64', view, []))).toThrow(
      'x: tensor a: expected numbers within float32, got 1e+39 at 0',
    );
  });
  const bytes = file({ n: entry(0, 8, 'I64', []), 'net.0.weight': entry(8, 16, 'F32', [2]) }, 16);
  test('are left alone if nobody asks for them', () => {
    const { tensors, others } = readSafetensors(bytes, 'x');
    expect([tensors.map(t => t.name), others]).toEqual([
      ['net.0.weight'],
      [{ name: 'n', dtype: 'I64', shape: [] }],
    ]);
  });
  test('are refused by name if somebody does', () => {
    expect(() => readSafetensors(bytes, 'x', { names: { n: 'n' } })).toThrow(
      'x: tensor n: expected the dtype F32, F16, BF16 or F64, got I64',
    );
  });
  test('get names by a map or a function, and those without one are left out', () => {
    for (const names of [{ 'net.0.weight': 'W1' }, (n: string) => (n === 'n' ? undefined : 'W1')])
      expect(readSafetensors(bytes, 'x', { names }).tensors.map(t => t.name)).toEqual(['W1']);
    expect(() => readSafetensors(bytes, 'x', { names: { 'net.1.weight': 'W2' } })).toThrow(
      'x: tensor net.1.weight: expected it in the file, got n, net.0.weight',
    );
  });
});

describe('readParameters', () => {
  const layout = layoutOf(defineSystem({ sizes: [3, 2, 1], preset: 'maml' }));
  const W = { name: 'net.0.weight', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const names = { 'net.0.weight': 'W1' };
  const read = (shape: number[], parts?: string[]) =>
    readParameters(writeSafetensors([{ ...W, shape }], {}), layout, 'w', { names, parts });
  test('gives the parts that are asked for, under our names', () => {
    expect(read([2, 3], ['W1'])).toEqual({ W1: { data: W.data, shape: [2, 3] } });
  });
  test('tells by name which shape disagrees, though the number of numbers agrees', () => {
    expect(() => read([3, 2], ['W1'])).toThrow('w: expected W1 of shape 2 × 3, got 3 × 2');
  });
  test('tells by name which is missing', () => {
    expect(() => read([2, 3])).toThrow('w: expected W2 of shape 1 × 2, got none');
  });
  test('tells which part the network does not have', () => {
    expect(() => read([2, 3], ['W9'])).toThrow('readParameters.parts: expected some of W1, W2');
  });
});
