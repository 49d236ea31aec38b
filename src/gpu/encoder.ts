import { count } from '../systems/images.js';
import type { Layer, System } from '../systems/system.js';
import { fours } from './places.js';
import type { Plan } from './plan.js';

/** A dispatch for a layer of the encoder: the shader, workgroups for so many tasks, entry point. */
type EncoderStage = readonly [
  shader: string,
  workgroups: (tasks: number) => number,
  entryPoint: string,
];

type Extent = Pick<Plan, 'system' | 'perTask'>;

const WORKGROUP = 64;
const eights = (n: number) => Math.ceil(n / 8);

/** Workgroups where each task has so many lanes. */
const lanes = (perTask: number) => (tasks: number) => Math.ceil((tasks * perTask) / WORKGROUP);

/** What layer `index` (from 1) of the encoder does for every row. */
export function encoderStages({ system, perTask: { rows } }: Extent, index: number) {
  const { conv, fanOut } = system.layers[index - 1]!;
  if (!conv) return [['encode', lanes(eights(rows) * fours(fanOut)), 'main']] as EncoderStage[];
  const positions = conv.units[1] * conv.units[2];
  const made: EncoderStage[] = [
    ['convolve', lanes(eights(rows * positions) * fours(fanOut)), 'main'],
  ];
  if (conv.pool) made.push(['pool', lanes(rows * count(conv.output)), 'main']);
  return made;
}

/** Its adjoint: the gradient of its weights, and what flows to the layer below, if there is one. */
export function encoderStagesBack({ system, perTask: { rows } }: Extent, index: number) {
  const layer = system.layers[index - 1]!;
  const { conv, fanOut } = layer;
  const made: EncoderStage[] = [];
  if (!conv) {
    const below = system.sizes[index - 1]!;
    made.push(['encode.adjoint', lanes(fours(fanOut) * eights(below)), 'weights']);
    if (index > 1) made.push(['encode.adjoint', lanes(rows * below), 'below']);
    return made;
  }
  if (conv.pool) {
    const [high, wide] = [conv.units[1], conv.units[2]].map(n => Math.ceil(n / conv.poolSize));
    made.push(['pool', lanes(rows * conv.channels * high! * wide!), 'unpool']);
  }
  made.push(['convolve.adjoint', lanes(fours(fanOut) * eights(layer.fanIn)), 'weights']);
  if (index > 1) made.push(['convolve.adjoint', lanes(rows * belowTiles(conv)), 'below']);
  return made;
}

/** Tiles of 4 channels by 4 inputs of a row, a stride apart (shaders/convolve.adjoint.wgsl). */
function belowTiles({ stride, input: [channels, height, width] }: NonNullable<Layer['conv']>) {
  const phases = Math.min(stride, width);
  return fours(channels) * height * phases * fours(Math.ceil(width / stride));
}

/** Dispatches of the encoder of a chunk, and of its adjoint. */
export function encoderDispatches(system: System): { forward: number; back: number } {
  const index = Array.from({ length: system.encoderLayers }, (_, k) => k + 1);
  const any = { system, perTask: { rows: 1 } as Plan['perTask'] };
  return {
    forward: index.flatMap(l => encoderStages(any, l)).length,
    back: index.flatMap(l => encoderStagesBack(any, l)).length,
  };
}
