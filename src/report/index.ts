/**
 * The parts of reports, for pages of one's own: charts, tables, numbers as they are shown.
 *
 * @module report
 */

export {
  linesChart,
  smoothingSpan,
  trainingChart,
  type Chart,
  type Line,
  type Lines,
  type Series,
} from './chart.js';
export { html, type Content, type Html } from './html.js';
export { details, linesTable, table, thinned } from './page.js';
export { renderReport, type Report } from './report.js';
export { plotOptions } from './uplot.js';
export { formatCount, formatNumber, smooth } from '../runs/log.js';
export type { Environment } from '../runs/recorded.js';
