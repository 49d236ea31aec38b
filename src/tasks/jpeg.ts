import jpeg from 'jpeg-js';
import { MetaplasticError } from '../errors.js';
import { checkFit, levelsOf, type Channels, type Fit, type Picture } from './picture.js';

/**
 * Scans of a picture at most: writers of progressive JPEG make about ten, and each is a walk over
 * all of it, however few bytes it has.
 */
const MOST_SCANS = 100;

/** Markers of a JPEG (ITU-T T.81, table B.1). */
const MARKERS = { start: 0xd8, end: 0xd9, scan: 0xda, temporary: 0x01 } as const;

/** Kinds of frames by their markers: those that jpeg-js decodes, and others by name. */
const FRAMES: ReadonlyMap<number, string> = new Map([
  [0xc0, 'baseline'],
  [0xc1, 'extended'],
  [0xc2, 'progressive'],
  [0xc3, 'lossless'],
  [0xc5, 'hierarchical'],
  [0xc6, 'hierarchical'],
  [0xc7, 'hierarchical'],
  [0xc9, 'arithmetic'],
  [0xca, 'arithmetic'],
  [0xcb, 'arithmetic'],
  [0xcd, 'arithmetic'],
  [0xce, 'arithmetic'],
  [0xcf, 'arithmetic'],
]);
const DECODED = [0xc0, 0xc1, 0xc2];

/**
 * Reads a JPEG, baseline or progressive, of 8 bits, grey or in three colours. What the camera says
 * about being turned (EXIF) is not read, and colours are taken as sRGB.
 *
 * @param where - the file's path, for errors.
 * @throws MetaplasticError for a damaged file, one of another kind, and one that does not fit.
 */
export function readJpeg(bytes: Uint8Array, channels: Channels, fit: Fit, where: string): Picture {
  const damaged = (why: string) =>
    new MetaplasticError({
      where,
      expected: 'a JPEG',
      got: `damaged data (${why})`,
      hint: 'download the file again',
    });
  const { width, height } = frameOf(bytes, fit, damaged, where);
  let data: Uint8Array;
  try {
    const image = jpeg.decode(bytes, { useTArray: true, tolerantDecoding: false });
    if (image.width !== width || image.height !== height) throw new Error('two sizes');
    data = image.data;
  } catch (error) {
    throw damaged((error as Error).message);
  }
  const levels = levelsOf(width * height, channels, (i, rgb) => {
    for (let c = 0; c < 3; c++) rgb[c] = data[4 * i + c]! / 255;
  });
  return { width, height, levels };
}

/**
 * The size of a JPEG, from a walk over all of its segments. It is decoded only if it ends where it
 * should and has data enough for its size, so that few bytes never cost much.
 */
function frameOf(
  bytes: Uint8Array,
  fit: Fit,
  damaged: (why: string) => MetaplasticError,
  where: string,
): { readonly width: number; readonly height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] !== 0xff || bytes[1] !== MARKERS.start) throw damaged('wrong JPEG signature');
  let frame: { readonly width: number; readonly height: number } | undefined;
  let scans = 0;
  for (let at = 2; ;) {
    if (at + 2 > bytes.length) throw damaged('cut off');
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff) throw damaged(`no marker at byte ${at}`);
    // Before a marker there may be any number of 0xff.
    if (marker === 0xff) at++;
    else if (marker === MARKERS.end) break;
    else if (isAlone(marker)) at += 2;
    else {
      if (at + 4 > bytes.length) throw damaged('cut off');
      const end = at + 2 + view.getUint16(at + 2);
      if (end > bytes.length) throw damaged('cut off');
      if (FRAMES.has(marker)) {
        if (frame) throw damaged('two frames');
        if (end < at + 10) throw damaged('no size');
        frame = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
        checkFit(fit, frame.width, frame.height, where);
        checkKind(bytes.subarray(at, end), damaged, where);
      }
      if (marker === MARKERS.scan && ++scans > MOST_SCANS)
        throw damaged(`more than ${MOST_SCANS} scans`);
      at = marker === MARKERS.scan ? afterScan(bytes, end) : end;
    }
  }
  if (!frame || scans === 0) throw damaged('no picture');
  // The first scan has at least a bit for each block of 8 × 8 pixels.
  const blocks = Math.ceil(frame.width / 8) * Math.ceil(frame.height / 8);
  if (8 * bytes.length < blocks)
    throw damaged(`${bytes.length} bytes cannot be ${frame.width} × ${frame.height} pixels`);
  return frame;
}

/** Markers without a segment behind them. */
const isAlone = (marker: number) =>
  marker === MARKERS.temporary || (marker >= 0xd0 && marker <= MARKERS.start);

/** Where the next marker stands behind a scan's data: neither a stuffed 0xff nor a restart. */
function afterScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 2)) {
    const next = bytes[at + 1];
    if (next !== undefined && next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return bytes.length;
}

/** Refuses frames that are not decoded: FF, marker, length, precision, size, and the components. */
function checkKind(
  segment: Uint8Array,
  damaged: (why: string) => MetaplasticError,
  where: string,
): void {
  const [, marker, , , precision, , , , , components = 0] = segment;
  const unlike = DECODED.includes(marker!) ? '' : `${FRAMES.get(marker!)} coding`;
  const deep = precision === 8 ? '' : `${precision} bits`;
  const coloured = components === 1 || components === 3 ? '' : `${components} colours, as CMYK has`;
  const got = unlike || deep || coloured;
  if (got)
    throw new MetaplasticError({
      where,
      expected: 'a JPEG of 8 bits, baseline or progressive, grey or in three colours',
      got,
      hint: 'save the picture anew, as PNG or as an ordinary JPEG',
    });
  if (segment.length < 10 + 3 * components) throw damaged('no components');
  for (let c = 0; c < components; c++) {
    const factors = segment[11 + 3 * c]!;
    if (![factors >> 4, factors & 15].every(factor => factor >= 1 && factor <= 4))
      throw damaged(`sampling factors ${factors >> 4} × ${factors & 15}`);
  }
}
