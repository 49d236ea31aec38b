import { Gunzip, inflateSync, strFromU8 } from 'fflate';
import { MetaplasticError } from '../errors.js';

/** The most that a file of data may unpack to, in bytes, unless told otherwise. */
export const MAX_BYTES = 2 ** 30;

/**
 * Deflate packs at most so many bytes into one (258 into two bits): a header that claims more lies.
 */
const DEFLATE_RATIO = 1032;

/** Packed bytes that are unpacked at once: what comes of them is below 17 MB, whatever they are. */
const SLICE = 2 ** 14;

/** Checks the option `maxBytes` of a public function. */
export function checkMaxBytes(maxBytes: number, where: string): void {
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw new MetaplasticError({
      where: `${where}.maxBytes`,
      expected: 'a whole number of at least 1',
      got: String(maxBytes),
    });
}

/** Refuses a file that would unpack to more than `maxBytes`, before it does. */
export function checkRoom(bytes: number, maxBytes: number, where: string): void {
  if (bytes > maxBytes)
    throw new MetaplasticError({
      where,
      expected: `at most ${maxBytes} bytes when unpacked`,
      got: `${bytes}`,
      hint: 'if the file is what it should be, raise maxBytes (of task.source, in a configuration)',
    });
}

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Unpacks a gzip file: of one member or several (RFC 1952, §2.2), with or without zeros behind
 * them. CRC-32 and length of every member are checked, which fflate does not: a flipped bit would
 * pass as a wrong pixel.
 *
 * @param lengthFrom - how many bytes there should be in all, by the first that came out; undefined
 * if it needs more to tell. Unpacking ends where there are more.
 * @param where - the file's name, for errors.
 */
export function gunzip(
  bytes: Uint8Array,
  lengthFrom: (beginning: Uint8Array) => number | undefined,
  where: string,
): Uint8Array {
  if (bytes.length < 18)
    throw corruptGzip(`${bytes.length} bytes, fewer than an empty one has`, where);

  // Zeros at the end may be the file's own or padding: three are given to the reader, too few to be
  // taken for another member.
  let filled = bytes.length;
  while (bytes[filled - 1] === 0) filled--;
  const packed = bytes.subarray(0, filled + 3);

  const chunks: Uint8Array[] = [];
  let length = 0;
  let expected: number | undefined;
  let member = NO_MEMBER;
  const stream = new Gunzip(chunk => {
    chunks.push(chunk);
    length += chunk.length;
    member = { crc: crc32(chunk, member.crc), length: member.length + chunk.length };
    expected ??= lengthFrom(joined(chunks));
    if (expected !== undefined && length > expected)
      throw new MetaplasticError({
        where,
        expected: `${expected} bytes when unpacked, as its header says`,
        got: 'more',
        hint: 'the file has trailing bytes: give one file and nothing after it',
      });
  });
  stream.onmember = start => {
    checkTrailer(bytes.subarray(start - 8, start), member, where);
    member = NO_MEMBER;
  };
  try {
    // The streaming reader, slice by slice, because gunzipSync believes the announced length before
    // it reads: up to 4 GiB for a truncated file.
    for (let at = 0; at < packed.length; at += SLICE) stream.push(packed.subarray(at, at + SLICE));
  } catch (error) {
    throw error instanceof MetaplasticError ? error : corruptGzip((error as Error).message, where);
  }

  // The last member ends with its length: the last byte of the file that is not 0 is that of the
  // length, whose zeros above it follow. Only an empty member has nothing but zeros.
  const zeros = member.length ? Math.floor(Math.clz32(member.length) / 8) : 0;
  const end = member.length ? filled + zeros : bytes.length;
  if (end > bytes.length) throw corruptGzip('its end is missing', where);
  checkTrailer(bytes.subarray(end - 8, end), member, where);
  return joined(chunks);
}

interface Member {
  readonly crc: number;
  readonly length: number;
}

const NO_MEMBER: Member = { crc: 0, length: 0 };

/** A member's last eight bytes are the CRC-32 and the length, little-endian. */
function checkTrailer(trailer: Uint8Array, member: Member, where: string): void {
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.byteLength);
  const crc = view.getUint32(0, true);
  const length = view.getUint32(4, true);
  if (crc !== member.crc)
    throw corruptGzip(`CRC-32 ${hex(crc)} announced, ${hex(member.crc)} found`, where);
  if (length !== member.length % 2 ** 32)
    throw corruptGzip(`${length} bytes announced, ${member.length} found`, where);
}

const corruptGzip = (why: string, where: string) =>
  new MetaplasticError({
    where,
    expected: 'a gzip file',
    got: `a corrupt one (${why})`,
    hint: 'download the file again',
  });

/** The bytes of all parts, one after another. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** What to unpack of a zip file, and how much at most. */
export interface UnzipOptions {
  /** Which files, by their paths; the others are not looked at. */
  readonly wanted: (path: string) => boolean;
  /** Bytes that the wanted files may unpack to, together. */
  readonly maxBytes: number;
}

/**
 * The wanted files of a zip file by their paths, in the order of its directory. Backslashes, which
 * some writers put between folders, are slashes here. Sizes are checked before they are believed,
 * and every file's CRC-32, which fflate does not. What a Mac adds in `__MACOSX` is left out.
 *
 * @param where - the file's name, for errors.
 * @throws MetaplasticError if it is no zip file, or if a wanted file is damaged, encrypted, too
 * large, there twice or packed by another method than deflate.
 */
export function unzip(
  zip: Uint8Array,
  options: UnzipOptions,
  where: string,
): ReadonlyMap<string, Uint8Array> {
  return new Map([...openZip(zip, options, where)].map(([path, read]) => [path, read()]));
}

/**
 * As `unzip`, but each file is unpacked when it is asked for, so that not all of them need room at
 * once.
 */
export function openZip(
  zip: Uint8Array,
  { wanted, maxBytes }: UnzipOptions,
  where: string,
): ReadonlyMap<string, () => Uint8Array> {
  const files = new Map<string, () => Uint8Array>();
  let unpacked = 0;
  for (const entry of directory(zip, where)) {
    const path = entry.name.replaceAll('\\', '/');
    if (path.startsWith('__MACOSX/') || !wanted(path)) continue;
    const whereFile = `${where}/${path}`;
    if (files.has(path))
      throw new MetaplasticError({
        where: whereFile,
        expected: 'a path of its own',
        got: 'it twice',
        hint: 'pack the folder anew',
      });
    unpacked += entry.size;
    checkRoom(unpacked, maxBytes, where);
    files.set(path, () => unpackedFile(zip, entry, whereFile));
  }
  return files;
}

/** A file of a zip file, as the directory at its end has it: nothing is trusted yet. */
interface Entry {
  readonly name: string;
  readonly encrypted: boolean;
  /** How it is packed: 0 not at all, 8 deflate. */
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where its own header begins. */
  readonly start: number;
}

/** Signatures, and lengths without names, of the records of a zip file (APPNOTE.TXT 6.3, §4.3). */
const RECORDS = {
  file: { signature: 0x04034b50, length: 30 },
  entry: { signature: 0x02014b50, length: 46 },
  end: { signature: 0x06054b50, length: 22 },
  end64: { signature: 0x06064b50, length: 56 },
  locator64: { signature: 0x07064b50, length: 20 },
} as const;

/** Methods that a zip file may name, as people call them. */
const METHODS: ReadonlyMap<number, string> = new Map([
  [1, 'shrink'],
  [6, 'implode'],
  [9, 'deflate64'],
  [12, 'bzip2'],
  [14, 'LZMA'],
  [93, 'Zstandard'],
  [95, 'xz'],
  [98, 'PPMd'],
]);

/**
 * The entries of a zip file's directory. Their number is counted: past 65,535 writers tell it
 * differently.
 */
function* directory(zip: Uint8Array, where: string): Generator<Entry> {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const isAt = (record: keyof typeof RECORDS, at: number) =>
    at >= 0 &&
    at + RECORDS[record].length <= zip.length &&
    view.getUint32(at, true) === RECORDS[record].signature;
  const none = (why: string) =>
    new MetaplasticError({
      where,
      expected: 'a zip file',
      got: `${zip.length} bytes that are none (${why})`,
      hint: 'download the file again',
    });

  // The end record is the last one, with a comment of at most 64 KiB behind it.
  const furthest = Math.max(0, zip.length - RECORDS.end.length - 0xffff);
  let end = zip.length - RECORDS.end.length;
  while (end >= furthest && !isAt('end', end)) end--;
  if (end < furthest) throw none('its directory is missing');
  let at = view.getUint32(end + 16, true);
  const locator = end - RECORDS.locator64.length;
  if (at === 0xffffffff && isAt('locator64', locator)) {
    const end64 = Number(view.getBigUint64(locator + 8, true));
    if (isAt('end64', end64)) at = Number(view.getBigUint64(end64 + 48, true));
  }
  if (at !== end && !isAt('entry', at) && !isAt('end64', at))
    throw none('its directory is missing');

  while (isAt('entry', at)) {
    const nameLength = view.getUint16(at + 28, true);
    const nameAt = at + RECORDS.entry.length;
    const next =
      nameAt + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw none('its directory is damaged');
    const flags = view.getUint16(at + 8, true);
    yield {
      name: strFromU8(zip.subarray(nameAt, nameAt + nameLength), (flags & 0x800) === 0),
      encrypted: (flags & 1) === 1,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedSize: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      start: view.getUint32(at + 42, true),
    };
    at = next;
  }
  if (at !== end && !isAt('end64', at)) throw none('its directory is damaged');
}

function unpackedFile(zip: Uint8Array, entry: Entry, where: string): Uint8Array {
  const { method, crc, packedSize, size, start } = entry;
  const damaged = (why: string) =>
    new MetaplasticError({
      where,
      expected: 'a file of the zip',
      got: `damaged data (${why})`,
      hint: 'download the zip file again',
    });
  const unreadable = (got: string) =>
    new MetaplasticError({
      where,
      expected: 'a file packed by deflate, or not packed',
      got,
      hint: 'unpack the zip file with the program that made it, and pack the folder anew',
    });
  if (entry.encrypted) throw unreadable('an encrypted one');
  if (method !== 0 && method !== 8)
    throw unreadable(`${METHODS.get(method) ?? 'an unknown method'} (method ${method})`);

  const { signature, length } = RECORDS.file;
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  if (start + length > zip.length || view.getUint32(start, true) !== signature)
    throw damaged('no header where the directory says');
  const from = start + length + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
  const packed = zip.subarray(from, from + packedSize);
  if (packed.length < packedSize) throw damaged('cut off');
  if (method === 0 ? size !== packedSize : size > DEFLATE_RATIO * packedSize)
    throw damaged(`${packedSize} bytes cannot be ${size} unpacked`);
  let file: Uint8Array;
  try {
    file = method === 0 ? packed.slice() : inflateSync(packed, { out: new Uint8Array(size) });
  } catch (error) {
    throw damaged((error as Error).message);
  }
  if (file.length !== size) throw damaged(`${size} bytes announced, ${file.length} found`);
  const found = crc32(file);
  if (found !== crc) throw damaged(`CRC-32 ${hex(crc)} announced, ${hex(found)} found`);
  return file;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** CRC-32 of gzip and zip (RFC 1952, §8); `before` is that of what lies before the data. */
function crc32(data: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let i = 0; i < data.length; i++) crc = CRC_TABLE[(crc ^ data[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

export const hex = (n: number): string => `0x${n.toString(16).padStart(8, '0')}`;
