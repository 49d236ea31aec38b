export { linesChart, smoothingSpan, trainingChart, type Chart, type Series } from './chart.js';
export { html, type Html } from './html.js';
export { details, linesTable, table, thinned } from './page.js';
export { plotOptions } from './uplot.js';
export { formatCount, formatNumber, smooth } from '../runs/log.js';
