import type { Work } from './plan.js';
import { secondsOfSteps, type Seconds } from './time.js';

/**
 * A dispatch of the lifetime: inner steps firstStep … lastStep − 1, and the queries firstQuery …
 * lastQuery − 1 at the moments firstMoment … lastMoment − 1, each when its steps are done. Without
 * a step it asks queries only. The adjoint goes through the same segments from the last to the
 * first.
 */
export interface Segment {
  readonly firstStep: number;
  readonly lastStep: number;
  readonly firstMoment: number;
  readonly lastMoment: number;
  readonly firstQuery: number;
  readonly lastQuery: number;
}

/** How a lifetime is cut into segments. */
export interface Cut {
  /** Inner steps of a segment at most. */
  readonly steps: number;
  /** Queries of a segment at most: all, or whole blocks of QUERY_BLOCK. */
  readonly queries: number;
  /**
   * Where moments lie in segments: on the way, only at their ends (for metrics, which look at the
   * weights of then), or apart, in segments without steps.
   */
  readonly moments: 'within' | 'at ends' | 'apart';
}

/**
 * Queries that the adjoint takes together: sums are made block by block, so that they do not depend
 * on segments, and the scratch has room for one.
 */
export const QUERY_BLOCK = 32;

/**
 * The longest segments whose time is below `most`, all about as long; where an inner step and the
 * queries of a moment together are not, moments have segments of their own. One step, or one block
 * of queries, is the least. `fixedSteps` of a segment are taken as they are.
 */
export function cutOf(work: Work, seconds: Seconds, most: number, fixedSteps?: number): Cut {
  const { steps, queries, metrics } = work;
  const ofMoment = queries * seconds.query;
  const together = (count: number) =>
    secondsOfSteps(count, seconds) + momentsWithin(work, count) * ofMoment;
  const apart = together(Math.min(steps, fixedSteps ?? 1)) > most;
  const fitting = Math.floor(most / seconds.query / QUERY_BLOCK) * QUERY_BLOCK;
  const longest =
    apart || metrics
      ? largest(
          1,
          steps,
          count => secondsOfSteps(count, seconds) <= (apart ? most : most - ofMoment),
        )
      : largest(1, steps, count => together(count) <= most);
  return {
    steps: Math.min(steps, fixedSteps ?? evenly(steps, Math.max(1, longest))),
    queries: !apart || fitting >= queries ? queries : Math.max(QUERY_BLOCK, fitting),
    moments: apart ? 'apart' : metrics ? 'at ends' : 'within',
  };
}

/** How many moments a segment of so many steps may have on its way. */
function momentsWithin({ moments }: Work, count: number): number {
  let most = 0;
  let first = 0;
  // a moment at the beginning of a segment is asked by the one before, but for moment 0
  moments.forEach((t, k) => {
    while (moments[first]! + count <= t && !(moments[first] === 0 && t <= count)) first++;
    most = Math.max(most, k - first + 1);
  });
  return most;
}

/** How many segments there are at most. */
export const segmentsAtMost = ({ steps, queries, moments }: Work, cut: Cut): number =>
  Math.ceil(steps / cut.steps) +
  (cut.moments === 'within' ? 0 : moments.length * (1 + Math.ceil(queries / cut.queries)));

/** The segments of a lifetime in their order. */
export function segmentsOf({ steps, queries, moments }: Work, cut: Cut): Segment[] {
  const all = { firstQuery: 0, lastQuery: queries };
  const uniform = Array.from({ length: Math.ceil(steps / cut.steps) + 1 }, (_, s) =>
    Math.min(steps, s * cut.steps),
  );
  if (cut.moments === 'within') {
    let next = 0;
    return uniform.slice(1).map((lastStep, s) => {
      const firstMoment = next;
      while (next < moments.length && moments[next]! <= lastStep) next++;
      return { firstStep: uniform[s]!, lastStep, firstMoment, lastMoment: next, ...all };
    });
  }
  const segments: Segment[] = [];
  let next = 0;
  let firstStep = 0;
  const ask = () => {
    const t = moments[next]!;
    const moment = { firstStep: t, lastStep: t, firstMoment: next, lastMoment: ++next };
    for (let q = 0; q < queries; q += cut.queries)
      segments.push({
        ...moment,
        firstQuery: q,
        lastQuery: Math.min(queries, q + cut.queries),
      });
  };
  if (moments[0] === 0) ask();
  const boundaries = [...new Set([...uniform.slice(1), ...moments.slice(next)])];
  for (const lastStep of boundaries.sort((a, b) => a - b)) {
    const asked = moments[next] === lastStep;
    const apart = asked && cut.moments === 'apart';
    const firstMoment = next;
    if (asked && !apart) next++;
    segments.push({
      firstStep,
      lastStep,
      firstMoment,
      lastMoment: next,
      ...(apart ? { firstQuery: 0, lastQuery: 0 } : all),
    });
    if (apart) ask();
    firstStep = lastStep;
  }
  return segments;
}

/**
 * The length of pieces alike, as few as can be, none longer than `most`: of a lifetime's segments,
 * of a meta-batch's chunks.
 */
export const evenly = (length: number, most: number): number =>
  Math.ceil(length / Math.ceil(length / most));

/** Largest n in least … most with fits(n), given fits(least). */
export function largest(least: number, most: number, fits: (n: number) => boolean): number {
  let low = least,
    high = most;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
