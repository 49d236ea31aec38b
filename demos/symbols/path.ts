import type { Drawing } from 'metaplastic/symbols';

/**
 * The path of a drawing, for the attribute `d` of SVG. A dot is a line of no length, which a round
 * pen shows.
 */
export const pathOf = (drawing: Drawing): string =>
  drawing
    .map(
      stroke =>
        `M${(stroke.length > 1 ? stroke : [...stroke, ...stroke]).map(([x, y]) => `${x.toFixed(3)} ${y.toFixed(3)}`).join('L')}`,
    )
    .join('');
