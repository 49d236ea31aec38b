import type { Points } from './life.js';

/** Beyond what the stage shows, and far within what float32 holds. */
const FARTHEST = 100;

/** The points of a link, x_y between stars, if they are as many as the page lives. */
export function pointsOf(link: string | undefined, count: number): Points | undefined {
  const pairs = link?.split('*').map(pair => pair.split('_'));
  if (pairs?.length !== count || !pairs.every(pair => pair.length === 2 && pair.every(isPlain)))
    return undefined;
  return { x: pairs.map(([x]) => Number(x)), y: pairs.map(([, y]) => Number(y)) };
}

/** The number of a sine of a link; 0 is the first. */
export const sineOf = (link: string | undefined): number =>
  link !== undefined && /^\d{1,9}$/.test(link) ? Number(link) : 0;

const isPlain = (text: string): boolean =>
  /^-?\d+(\.\d+)?(e-?\d+)?$/.test(text) && Math.abs(Number(text)) <= FARTHEST;
