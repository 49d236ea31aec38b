import type { Chart } from './chart.js';
import * as plot from './plot.js';

/**
 * How uPlot (1.6, a library of its own) draws a chart as reports do, for a page that has their
 * style: the chart's colours are names of CSS properties of the page, which are read now.
 *
 * @param width - of the place, in CSS pixels.
 * @returns the options of `new uPlot(options, [chart.x, ...chart.series.map(s => s.values)], place)`;
 * an `object`, so that whoever draws no chart needs no uPlot, not even its types.
 */
export const plotOptions = (chart: Chart, width: number): object => plot.plotOptions(chart, width);
