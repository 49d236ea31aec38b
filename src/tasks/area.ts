/** Makes pictures of one size into images of another. */
export interface Averaging {
  readonly fromHeight: number;
  readonly fromWidth: number;
  /** From a plane of (height, width) levels in [0, 1] to one of bytes, 0 … 255. */
  average(source: Float32Array, target: Uint8Array): void;
}

/**
 * A box filter: each pixel is the exact mean over the area that it covers of the picture, pixels at
 * the edge of the area counted by the fraction inside it. A picture that is smaller is made larger
 * by the same means: a pixel then lies within one of the picture, whose level it has (the nearest),
 * or across its edge, and is a mixture.
 */
export function areaAverage(
  fromHeight: number,
  fromWidth: number,
  height: number,
  width: number,
): Averaging {
  const across = spansOf(fromWidth, width);
  const down = spansOf(fromHeight, height);
  const rows = new Float64Array(fromHeight * width);
  const average = (source: Float32Array, target: Uint8Array) => {
    // Along x: (fromHeight, fromWidth) → rows (fromHeight, width). Then along y: rows → target.
    for (let y = 0; y < fromHeight; y++) {
      for (let o = 0; o < width; o++) {
        const { start, weights } = across[o]!;
        const at = y * fromWidth + start;
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += weights[i]! * source[at + i]!;
        rows[y * width + o] = sum;
      }
    }
    for (let o = 0; o < height; o++) {
      const { start, weights } = down[o]!;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++)
          sum += weights[i]! * rows[(start + i) * width + x]!;
        target[o * width + x] = Math.round(255 * sum);
      }
    }
  };
  return { fromHeight, fromWidth, average };
}

interface Span {
  readonly start: number;
  /** Of the pixels from `start` on; their sum is 1. */
  readonly weights: Float64Array;
}

/** Pixel o of `to` covers [o, o + 1) · from / to of the source. */
function spansOf(from: number, to: number): readonly Span[] {
  return Array.from({ length: to }, (_, o) => {
    const low = (o * from) / to;
    const high = ((o + 1) * from) / to;
    const start = Math.floor(low);
    const weights = Float64Array.from(
      { length: Math.ceil(high) - start },
      (_, i) => ((Math.min(high, start + i + 1) - Math.max(low, start + i)) * to) / from,
    );
    return { start, weights };
  });
}
