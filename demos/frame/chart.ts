import uPlot from 'uplot';
import { type Chart, details, type Html, plotOptions } from 'metaplastic/report';

/** A chart that is drawn again and again as numbers come in, and its numbers as a table. */
export interface LiveChart {
  /** `numbers` makes the table; it is only asked while the table is open. */
  show(chart: Chart, numbers: () => Html): void;
  /** The plot as it is drawn now, for what lies over it. */
  readonly plot: uPlot | undefined;
}

/**
 * Fills an element with a chart in the look of the reports. `adjust` may change how it is drawn;
 * `drawn` is called after each drawing.
 */
export function liveChart(
  host: HTMLElement,
  {
    adjust,
    drawn,
  }: {
    readonly adjust?: (options: uPlot.Options) => void;
    readonly drawn?: (plot: uPlot) => void;
  } = {},
): LiveChart {
  host.classList.add('live');
  host.innerHTML = `<div class="y-label" aria-hidden="true"></div><div class="chart"></div>${details('Numbers', '').html}`;
  const [label, place, table] = [
    host.querySelector<HTMLElement>('.y-label')!,
    host.querySelector<HTMLElement>('.chart')!,
    host.querySelector('details')!,
  ];
  const numbersPlace = table.querySelector<HTMLElement>('.scroll')!;
  let plot: uPlot | undefined,
    shown: { chart: Chart; numbers: () => Html } | undefined,
    form = '';

  function draw(anew: boolean): void {
    const width = place.clientWidth;
    if (!shown || !width) return;
    const { chart } = shown;
    const data = [
      chart.x,
      ...chart.series.map(s => s.values.map(y => (Number.isFinite(y) ? y : null))),
    ] as uPlot.AlignedData;
    if (!plot || anew) {
      plot?.destroy();
      const options = plotOptions(chart, width) as uPlot.Options;
      adjust?.(options);
      options.hooks = {
        ...options.hooks,
        draw: [...(options.hooks?.draw ?? []), ...(drawn ? [drawn] : [])],
      };
      plot = new uPlot(options, data, place);
    } else plot.setData(data);
    // The canvas is the picture: what lies over it may have controls of its own.
    const canvas = place.querySelector('canvas')!;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', chart.label);
  }
  function fill(): void {
    if (shown && table.open) numbersPlace.innerHTML = shown.numbers().html;
  }
  new ResizeObserver(() => {
    if (plot?.width !== place.clientWidth) draw(true);
  }).observe(place);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw(true));
  table.addEventListener('toggle', fill);

  return {
    get plot() {
      return plot;
    },
    show(chart, numbers) {
      shown = { chart, numbers };
      label.textContent = chart.small ? '' : chart.yLabel;
      const next = JSON.stringify(chart, (key, value: unknown) =>
        key === 'x' || key === 'values' ? undefined : value,
      );
      draw(next !== form);
      form = next;
      fill();
    },
  };
}
