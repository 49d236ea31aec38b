import { count } from '../systems/images.js';
import type { Layer, System } from '../systems/system.js';

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
  /** Numbers of x_{l-1} with the zeros around it. */
  readonly stored: number;
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
    };
  const { input, units, kernel, stride, padding } = conv;
  const [channels, height, width] = input;
  return {
    channels,
    height,
    width,
    kernel,
    stride,
    padding,
    high: units[1],
    wide: units[2],
    stored: count([channels, height + 2 * padding, width + 2 * padding]),
  };
}
