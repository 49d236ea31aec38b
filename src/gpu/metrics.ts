import { greatest } from '../extremes.js';
import { feedbackMatrix, isMixed } from '../parameters/layout.js';
import type { Metrics } from '../systems/metrics.js';
import { sizeOf } from './places.js';
import { ruleOf, type Layer, type System } from '../systems/system.js';
import type { Tensor } from '../tensor.js';

/**
 * What shaders/metrics.wgsl reports of a layer, and where: of an angle between a and b ‖â − b̂‖²
 * and ‖â + b̂‖² of the unit vectors, of a norm its square.
 */
const REPORT = {
  weightAngle: 0,
  errorAngle: 2,
  updateAngle: 4,
  orthonormality: 6,
  weightNorm: 7,
  feedbackNorm: 8,
  errorNorm: 9,
} as const satisfies Record<Metric, number>;
const REPORT_SIZE = 10;

type Metric = Exclude<keyof Metrics, 'layers'>;

/**
 * Numbers that a forward-only plan with metrics needs of each task: behind its outcome, and to work
 * with (see the shader).
 */
export function metricsSizes(
  system: System,
  moments: number,
  queries: number,
  plastic: number,
): { reported: number; scratch: number } {
  const inside = system.layers.slice(system.encoderLayers);
  const neurons = inside.reduce((n, l) => n + l.units, 0);
  return {
    reported: moments * inside.length * REPORT_SIZE,
    scratch: queries * (2 * neurons + widestBelow(system)) + 2 * plastic,
  };
}

/** Constants of the shader. */
export function metricsShape(system: System) {
  const extents = system.layers.slice(system.encoderLayers).map(l => feedbackExtent(system, l));
  return {
    WIDEST_BELOW: widestBelow(system),
    IS_DENSE: system.layers.slice(system.encoderLayers).map(l => !l.conv),
    REPORTED_ROWS: extents.map(([rows]) => rows),
    REPORTED_COLUMNS: extents.map(([, columns]) => columns),
    REPORT_SIZE,
    ...Object.fromEntries(
      Object.entries(REPORT).map(([name, at]) => [
        `REPORT_${name.replace(/[A-Z]/, c => `_${c}`).toUpperCase()}`,
        at,
      ]),
    ),
  };
}

/**
 * The metrics of a meta-batch from what the shader reported: (tasks × moments × layers,
 * REPORT_SIZE).
 */
export function readMetrics(system: System, moments: number, reported: Float32Array): Metrics {
  const inside = system.layers.slice(system.encoderLayers);
  const rows = reported.length / REPORT_SIZE;
  const blind = ruleOf(system).from !== 'error';
  const gather = (
    metric: Metric,
    of: (a: number, b: number) => number,
    has: (layer: Layer, moment: number) => boolean = () => true,
  ): Tensor => ({
    shape: [rows / (moments * inside.length), moments, inside.length],
    data: Float32Array.from({ length: rows }, (_, row) => {
      const at = row * REPORT_SIZE + REPORT[metric];
      const layer = inside[row % inside.length]!;
      const moment = Math.floor(row / inside.length) % moments;
      return has(layer, moment) ? of(reported[at]!, reported[at + 1]!) : NaN;
    }),
  });
  return {
    layers: inside.map(l => l.index),
    weightAngle: gather(
      'weightAngle',
      angle,
      l => l.carries && (system.feedback !== 'direct' || l === inside.at(-1)),
    ),
    errorAngle: gather('errorAngle', angle, () => !blind),
    updateAngle: gather('updateAngle', angle, (l, moment) => l.plastic && moment > 0),
    orthonormality: gather(
      'orthonormality',
      square => square,
      l => !l.conv,
    ),
    weightNorm: gather('weightNorm', Math.sqrt),
    feedbackNorm: gather('feedbackNorm', Math.sqrt, l => feedbackExtent(system, l)[0] > 0),
    errorNorm: gather('errorNorm', Math.sqrt, () => !blind),
  };
}

/**
 * In degrees. The arc tangent keeps its digits near 0° and 180°, where a cosine in float32 tells
 * nothing below 0.03°.
 */
const angle = (difference: number, sum: number) =>
  difference === 0 && sum === 0
    ? NaN
    : (360 / Math.PI) * Math.atan2(Math.sqrt(difference), Math.sqrt(sum));

/** Inputs of the widest dense layer. */
const widestBelow = ({ layers, encoderLayers }: System) =>
  greatest(layers.slice(encoderLayers).map(l => (l.conv ? 0 : l.fanIn)));

/**
 * Rows and columns of B of a layer: of the matrix that carries its error; of B of direct-rectified
 * feedback all that lies there counts as one row.
 */
function feedbackExtent(system: System, layer: Layer): [rows: number, columns: number] {
  if (isMixed(layer)) return [1, sizeOf('rows', layer.units, system.sizes.at(-1)!)];
  return !layer.carries || system.feedback === 'backprop' ? [0, 0] : feedbackMatrix(system, layer);
}
