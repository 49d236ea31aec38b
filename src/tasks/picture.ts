import { MetaplasticError } from '../errors.js';

/** A decoded file: (channels, height, width) levels from 0 for black to 1 for white. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly levels: Float32Array;
}

/** Grey, or red, green and blue. */
export type Channels = 1 | 3;

/** Which pictures a reader takes: a header that says otherwise is refused before it is believed. */
export interface Fit {
  readonly holds: (width: number, height: number) => boolean;
  /** What holds, in words, and what to do about a picture that does not. */
  readonly expected: string;
  readonly hint: string;
}

export function checkFit(fit: Fit, width: number, height: number, where: string, more = ''): void {
  if (more || !fit.holds(width, height))
    throw new MetaplasticError({
      where,
      expected: fit.expected,
      got: `${width} × ${height}${more && `, ${more}`}`,
      hint: fit.hint,
    });
}

/**
 * The levels of a picture from the colours of its pixels: `colour` writes red, green and blue in
 * [0, 1] of pixel i. Grey is luma (ITU-R BT.601).
 */
export function levelsOf(
  pixels: number,
  channels: Channels,
  colour: (pixel: number, rgb: Float64Array) => void,
): Float32Array {
  const levels = new Float32Array(channels * pixels);
  const rgb = new Float64Array(3);
  for (let i = 0; i < pixels; i++) {
    colour(i, rgb);
    if (channels === 1) levels[i] = 0.299 * rgb[0]! + 0.587 * rgb[1]! + 0.114 * rgb[2]!;
    else for (let c = 0; c < 3; c++) levels[c * pixels + i] = rgb[c]!;
  }
  return levels;
}
