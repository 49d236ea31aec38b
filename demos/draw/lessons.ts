import { random } from '../symbols/random.js';
import type { Drawing } from 'metaplastic/symbols';
import { drawSymbol } from 'metaplastic/symbols';
import { ICONS, pen, type Icon } from './icons.js';
import { WAYS } from './learners.js';
import type { Lesson } from './lesson.js';

/** Lessons that can be watched: of pictures or of made-up symbols, one after another or mixed. */
export const LESSONS = ['pictures', 'pictures-mixed', 'symbols', 'symbols-mixed'] as const;
export type LessonKind = (typeof LESSONS)[number];

/** The seed of made-up symbols that the page shows. Meta-training draws from another. */
const UNSEEN = 0x5eed;

/**
 * A lesson of five symbols; the same number gives the same one. At the end a new drawing of the
 * first symbol is asked.
 */
export function lessonOf(kind: LessonKind, shots: number, seed: number): Lesson {
  const r = random(seed, 0);
  const draw = drawers(kind, seed);
  const stream = draw.flatMap((_, symbol) => Array.from({ length: shots }, () => symbol));
  const order = kind.endsWith('mixed') ? r.shuffled(stream) : stream;
  const drawn = new Array<number>(WAYS).fill(0);
  const next = (symbol: number) => draw[symbol]!(drawn[symbol]!++);
  return {
    taught: order.map(symbol => ({ symbol, drawing: next(symbol) })),
    asked: next(order[0]!),
  };
}

/** Who draws the five symbols of a lesson, again and again. */
function drawers(kind: LessonKind, seed: number): readonly ((example: number) => Drawing)[] {
  const r = random(seed, 1);
  if (kind.startsWith('symbols'))
    return Array.from(
      { length: WAYS },
      (_, k) => example => drawSymbol(UNSEEN, WAYS * seed + k, example),
    );
  return r
    .chosen(Object.keys(ICONS) as Icon[], WAYS)
    .map((icon, k) => example => pen(icon, random(seed, 2 + WAYS * example + k)));
}
