import type { Options } from 'uplot';
import type { Chart } from './chart.js';

/** What uPlot needs to draw a chart at a width, in the colours that the page has now. */
export declare function plotOptions(chart: Chart, width: number): Options;
