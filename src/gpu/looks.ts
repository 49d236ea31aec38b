import { mapsAt } from '../parameters/maps.js';
import type { Layer, System } from '../systems/system.js';
import { inQuads } from './places.js';

/**
 * How a layer inside the lifetime looks at x_{l-1} (shaders/looks/): from high × wide positions, at
 * patches of kernel × kernel pixels with all their channels. A dense layer sees all as one pixel.
 */
export interface Look {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly high: number;
  readonly wide: number;
  /** Numbers of x_{l-1} with the zeros around it; and where each pixel takes up whole quads. */
  readonly stored: number;
  readonly quads: number;
}

/** Does a lifetime have convolutions, behind those of its encoder? */
export const livesWithConvolutions = ({ layers, encoderLayers }: System): boolean =>
  layers.slice(encoderLayers).some(l => l.conv);

/** Is what neurons hand on another array than what they do: pooled, or with zeros around? */
export const handsOn = ({ conv }: Layer, above: Layer | undefined): boolean =>
  conv !== undefined && (conv.pool !== undefined || (above?.conv?.padding ?? 0) > 0);

/** Does a lifetime look at a copy of what its encoder made, as its own convolution wants it? */
export const looksAtCopy = ({ layers, encoderLayers }: System): boolean =>
  encoderLayers > 0 && layers[encoderLayers]!.conv !== undefined;

export function lookOf({ fanIn, conv }: Layer): Look {
  if (!conv)
    return {
      channels: fanIn,
      height: 1,
      width: 1,
      kernel: 1,
      stride: 1,
      padding: 0,
      high: 1,
      wide: 1,
      stored: fanIn,
      quads: inQuads(fanIn),
    };
  const { input, units, kernel, stride, padding } = conv;
  const [channels, height, width] = input;
  const pixels = (height + 2 * padding) * (width + 2 * padding);
  return {
    channels,
    height,
    width,
    kernel,
    stride,
    padding,
    high: units[1],
    wide: units[2],
    stored: channels * pixels,
    quads: inQuads(channels) * pixels,
  };
}

/**
 * Where the state of every neuron of x_l lies among those of x_l, in the order of files: as x_l lies,
 * with the zeros around it, but so that each pixel begins with a quad of its own.
 */
export function placesOfStates(system: System, l: number): Uint32Array {
  const maps = mapsAt(system, l);
  const above = system.layers[l]?.conv;
  if (!maps) return Uint32Array.from({ length: system.sizes[l]! }, (_, k) => k);
  const [channels, height, width] = maps;
  const padding = above?.padding ?? 0;
  return Uint32Array.from({ length: channels * height * width }, (_, k) => {
    const channel = Math.floor(k / (height * width));
    const row = (Math.floor(k / width) % height) + padding;
    const pixel = row * (width + 2 * padding) + (k % width) + padding;
    return above ? pixel * inQuads(channels) + channel : pixel * channels + channel;
  });
}
