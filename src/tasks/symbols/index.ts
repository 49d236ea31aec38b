/**
 * Made-up symbols, drawn by pens: images of classes without any file.
 *
 * @module symbols
 */

export { SIDE } from '../options.js';
export { framed, raster, smooth, varied } from './strokes.js';
export type { Drawing, Point, Stroke } from './strokes.js';
export { bankOf, drawSymbol, symbolBank } from './symbols.js';
