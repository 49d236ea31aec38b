import type uPlot from 'uplot';
import { formatNumber, table } from 'metaplastic/report';
import { liveChart } from '../frame/chart.js';
import { GRID, RANGE, type Life, type Points } from './life.js';

/** How far up and down the stage reaches, and how far a press of an arrow key moves a point. */
const HEIGHT = 6,
  STEP = 0.2;

export interface Stage {
  /**
   * Shows the points, the curves after so many of them, and the function behind them, if there is
   * one.
   */
  show(
    points: Points,
    after: number,
    life: Life | undefined,
    truth: ((x: number) => number) | undefined,
  ): void;
}

/**
 * The chart of a lifetime. Its points are dragged one by one, painted by a stroke across the chart,
 * or moved by the arrow keys; `moved` hears of it.
 */
export function makeStage(host: HTMLElement, moved: (points: Points) => void): Stage {
  const layer = document.createElement('div');
  const buttons: HTMLButtonElement[] = [];
  layer.className = 'examples';
  layer.setAttribute('role', 'group');
  layer.setAttribute(
    'aria-label',
    'Examples in the order in which they are learned. Arrow keys move one, Page Up and Page Down choose another.',
  );
  let points: Points = { x: [], y: [] };
  let plot: uPlot | undefined;
  let pressed: { readonly point?: number; x: number; y: number } | undefined;
  let focused = 0;
  let seen = 0;

  const chart = liveChart(host, {
    adjust(options) {
      options.height = host.clientWidth < 480 ? 300 : 400;
      options.cursor = { show: false };
      options.legend = { show: false };
    },
    drawn(drawn) {
      plot = drawn;
      if (layer.parentElement !== drawn.over) drawn.over.append(layer);
      place();
    },
  });

  function place(): void {
    if (!plot) return;
    while (buttons.length < points.x.length) buttons.push(addButton(buttons.length));
    buttons.forEach((button, k) => {
      button.style.left = `${plot!.valToPos(points.x[k]!, 'x')}px`;
      button.style.top = `${plot!.valToPos(points.y[k]!, 'y')}px`;
      button.setAttribute(
        'aria-label',
        `example ${k + 1}: x ${points.x[k]!.toFixed(1)}, y ${points.y[k]!.toFixed(1)}`,
      );
      button.tabIndex = k === focused ? 0 : -1;
      button.classList.toggle('seen', k < seen);
      button.classList.toggle('newest', k === seen - 1);
    });
  }
  function addButton(k: number): HTMLButtonElement {
    const button = Object.assign(document.createElement('button'), {
      type: 'button',
      className: 'example',
    });
    button.addEventListener('focus', () => {
      focused = k;
      place();
    });
    button.addEventListener('keydown', event => key(event, k));
    layer.append(button);
    return button;
  }
  function key(event: KeyboardEvent, k: number): void {
    const [dx, dy] = (
      {
        ArrowLeft: [-STEP, 0],
        ArrowRight: [STEP, 0],
        ArrowUp: [0, STEP],
        ArrowDown: [0, -STEP],
      } as Record<string, [number, number]>
    )[event.key] ?? [0, 0];
    const chosen = { PageUp: k - 1, PageDown: k + 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (chosen !== undefined) buttons[(chosen + buttons.length) % buttons.length]!.focus();
    else if (dx || dy) move(new Map([[k, [points.x[k]! + dx, points.y[k]! + dy]]]));
    else return;
    event.preventDefault();
  }
  function move(to: ReadonlyMap<number, readonly [number, number]>): void {
    if (!to.size) return;
    const within = (v: number, limit: number) =>
      Math.round(100 * Math.max(-limit, Math.min(limit, v))) / 100;
    const x = points.x.map((v, k) => (to.has(k) ? within(to.get(k)![0], RANGE) : v));
    const y = points.y.map((v, k) => (to.has(k) ? within(to.get(k)![1], HEIGHT) : v));
    points = { x, y };
    place();
    moved(points);
  }

  const at = (event: PointerEvent): [number, number] => {
    const box = layer.getBoundingClientRect();
    return [
      plot!.posToVal(event.clientX - box.left, 'x'),
      plot!.posToVal(event.clientY - box.top, 'y'),
    ];
  };
  layer.addEventListener('pointerdown', event => {
    const k = buttons.indexOf(event.target as HTMLButtonElement);
    const [x, y] = at(event);
    if (event.button !== 0) return;
    layer.setPointerCapture(event.pointerId);
    pressed = { ...(k >= 0 && { point: k }), x, y };
    if (k < 0) paint(x, y, x, y);
    else buttons[k]!.focus({ preventScroll: true });
    event.preventDefault();
  });
  layer.addEventListener('pointermove', event => {
    if (!pressed) return;
    const [x, y] = at(event);
    if (pressed.point !== undefined) move(new Map([[pressed.point, [x, y]]]));
    else paint(pressed.x, pressed.y, x, y);
    [pressed.x, pressed.y] = [x, y];
  });
  for (const end of ['pointerup', 'pointercancel'] as const)
    layer.addEventListener(end, () => {
      pressed = undefined;
    });

  /**
   * Every point that a stroke from one place to another passes over or under comes to lie on it.
   */
  function paint(x0: number, y0: number, x1: number, y1: number): void {
    const reach = 0.12;
    const low = Math.min(x0, x1) - reach;
    const high = Math.max(x0, x1) + reach;
    const share = (x: number) => (x1 === x0 ? 1 : Math.max(0, Math.min(1, (x - x0) / (x1 - x0))));
    move(
      new Map(
        [...points.x.entries()]
          .filter(([, x]) => x >= low && x <= high)
          .map(([k, x]) => [k, [x, y0 + (y1 - y0) * share(x)]]),
      ),
    );
  }

  return {
    show(shown, after, life, truth) {
      [points, seen] = [shown, after];
      const nothing = GRID.map(() => NaN);
      const behind = truth ? GRID.map(truth) : nothing;
      const plastic = life?.plastic.curves[after] ?? nothing;
      const descent = life?.descent.curves[after] ?? nothing;
      chart.show(
        {
          label: `Two predictions of a curve after ${after} of ${points.x.length} examples. The numbers are in the table below.`,
          x: GRID,
          xLabel: 'x',
          yLabel: 'y',
          range: [-HEIGHT, HEIGHT],
          series: [
            { label: 'curve', values: behind, colour: '--muted', width: 1.25, dash: [4, 4] },
            { label: 'gradient descent', values: descent, colour: '--learner-1', width: 2 },
            { label: 'plasticity', values: plastic, colour: '--learner-0', width: 3.25 },
          ],
        },
        () =>
          table(
            ['x', ...(truth ? ['curve'] : []), 'plasticity', 'gradient descent'],
            GRID.flatMap((x, k) =>
              k % 5
                ? []
                : [[x, ...(truth ? [behind[k]!] : []), plastic[k]!, descent[k]!].map(formatNumber)],
            ),
          ),
      );
    },
  };
}
