import { pathOf } from '../symbols/path.js';
import type { Drawing, Point } from 'metaplastic/symbols';

/** Extent of the paper. */
export const PAPER = 100;

export interface Pad {
  readonly drawing: Drawing;
  show(drawing: Drawing): void;
  /**
   * Draws it as a hand would, or shows it at once where motion is not wanted. Resolves when it is
   * done; a pen that comes down on the pad, or another drawing, ends it: then it resolves to false.
   */
  play(drawing: Drawing): Promise<boolean>;
}

/** Milliseconds between two points of a drawing that is played, and how long it takes at most. */
const FRAME = 16,
  MOST_TIME = 700;

/**
 * Paper to draw on, with a mouse, a finger or a pen; `changed` hears of every stroke when it ends.
 */
export function makePad(host: SVGSVGElement, changed: () => void): Pad {
  const ink = host.querySelector<SVGPathElement>('.ink')!;
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  let drawing: Point[][] = [];
  let pen: number | undefined;
  let playing = 0;
  const draw = () => ink.setAttribute('d', pathOf(drawing));
  const place = ({ clientX, clientY }: PointerEvent): Point => {
    const { left, top, width, height } = host.getBoundingClientRect();
    const on = (v: number) => Math.min(PAPER, Math.max(0, v));
    return [on(((clientX - left) / width) * PAPER), on(((clientY - top) / height) * PAPER)];
  };

  host.addEventListener('pointerdown', event => {
    if (pen !== undefined || event.button !== 0) return;
    event.preventDefault();
    playing++;
    pen = event.pointerId;
    host.setPointerCapture(pen);
    drawing.push([place(event)]);
    draw();
  });
  host.addEventListener('pointermove', event => {
    if (event.pointerId !== pen) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) drawing.at(-1)!.push(place(one));
    draw();
  });
  for (const end of ['pointerup', 'pointercancel'] as const)
    host.addEventListener(end, event => {
      if (event.pointerId !== pen) return;
      pen = undefined;
      changed();
    });

  const show = (next: Drawing) => {
    playing++;
    drawing = next.map(stroke => [...stroke]);
    draw();
  };
  return {
    get drawing() {
      return drawing;
    },
    show,
    play(next) {
      show(calm.matches ? next : []);
      const mine = playing;
      const count = next.reduce((sum, stroke) => sum + stroke.length, 0);
      const stride = Math.max(1, Math.ceil((count * FRAME) / MOST_TIME));
      return new Promise(resolve => {
        const go = (drawn: number) => {
          if (mine !== playing) {
            resolve(false);
            return;
          }
          if (calm.matches || drawn >= count) {
            resolve(true);
            return;
          }
          let left = drawn + stride;
          drawing = next
            .map(stroke => {
              const part = stroke.slice(0, Math.max(0, left));
              left -= stroke.length;
              return [...part];
            })
            .filter(part => part.length);
          draw();
          setTimeout(() => go(drawn + stride), FRAME);
        };
        go(0);
      });
    },
  };
}
