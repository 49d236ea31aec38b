import { MetaplasticError } from '../errors.js';
import { MOST } from '../options.js';

/** Channels, height and width of an image or of a layer's maps, which lie row by row in memory. */
export type Shape = readonly [channels: number, height: number, width: number];

/** What neurons that lie q × q beside each other are taken together to. */
export const POOLS = ['max', 'average'] as const;

/** One layer as it is written: a convolution or a dense one. */
export type LayerSpec =
  | { readonly dense: number }
  | {
      readonly conv: {
        readonly channels: number;
        readonly kernel: number;
        readonly stride?: number | undefined;
        readonly padding?: number | undefined;
        readonly pool?: (typeof POOLS)[number] | undefined;
        readonly poolSize?: number | undefined;
      };
    };

/**
 * A convolution: neurons of `channels` kinds look at every patch of `kernel` × `kernel`, `stride`
 * apart, of an image that has `padding` zeros around it; then those in windows of `poolSize` ×
 * `poolSize` are pooled, if there is a `pool` (else it is 1). A window of one is no pool.
 */
export interface Convolution {
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly pool?: (typeof POOLS)[number];
  readonly poolSize: number;
  /** Of x_{l-1}. */
  readonly input: Shape;
  /** Of the neurons, before pooling. */
  readonly units: Shape;
  /** Of x_l, after pooling: what of the units fills no window is dropped. */
  readonly output: Shape;
}

/** The layers of a network by its shapes. */
export interface Shapes {
  /** Numbers of x_0 … x_L. */
  readonly sizes: readonly number[];
  /** The layers that are convolutions, in order: they are the first ones. */
  readonly convolutions: readonly Convolution[];
}

/** Numbers of an image or of maps. */
export const count = (shape: Shape): number => shape[0] * shape[1] * shape[2];
export const shapeInWords = (shape: Shape): string => shape.join(' × ');

/** What there is of x_0 … x_L, a word each: `1 × 28 × 28` of an image or of maps, `128` of neurons. */
export const widthsOf = ({
  sizes,
  image,
  layers,
}: {
  readonly sizes: readonly number[];
  readonly image?: Shape;
  readonly layers: readonly { readonly conv?: Convolution }[];
}): readonly string[] =>
  sizes.map((n, l) => {
    const shape = l === 0 ? image : layers[l - 1]!.conv?.output;
    return shape ? shapeInWords(shape) : `${n}`;
  });

/** Multiplications of a layer for one sample: its synapses, each at every place of a convolution. */
export const productsOf = ({
  fanIn,
  fanOut,
  conv,
}: {
  readonly fanIn: number;
  readonly fanOut: number;
  readonly conv?: Convolution;
}): number => fanIn * fanOut * (conv ? conv.units[1] * conv.units[2] : 1);

/** Are images of these channels (grey: 1), height and width what a system with these inputs sees? */
export const seesImages = (
  { sizes, image }: { readonly sizes: readonly number[]; readonly image?: Shape },
  {
    channels = 1,
    height,
    width,
  }: { readonly channels?: number; readonly height: number; readonly width: number },
): boolean =>
  image
    ? image[0] === channels && image[1] === height && image[2] === width
    : sizes[0] === channels * height * width;

/**
 * What layers make of an image, one after the other. Throws a MetaplasticError that says which
 * layer gets which shape, and what would fit.
 */
export function shapesOf(image: Shape, layers: readonly LayerSpec[], where: string): Shapes {
  const sizes = [count(image)];
  const convolutions: Convolution[] = [];
  expectCountable(sizes[0]!, 'numbers of an image', `${where}.image`);
  let input = image;
  layers.forEach((layer, k) => {
    const at = `${where}.layers.${k}`;
    if ('dense' in layer) {
      sizes.push(layer.dense);
      return;
    }
    if (convolutions.length < k)
      throw new MetaplasticError({
        where: at,
        expected: 'convolutions before the first dense layer',
        got: `a convolution as layer ${k + 1} behind the dense layer ${convolutions.length + 1}`,
        hint: 'a dense layer keeps no image: move it behind the convolutions',
        layer: k + 1,
      });
    const convolution = convolved(layer, input, k + 1, `${at}.conv`);
    convolutions.push(convolution);
    input = convolution.output;
    sizes.push(count(input));
  });
  if (convolutions.length === layers.length)
    throw new MetaplasticError({
      where: `${where}.layers.${layers.length - 1}`,
      expected: 'a dense output layer',
      got: `a convolution as layer ${layers.length}, the last`,
      hint: 'add { dense: n } for n outputs',
      layer: layers.length,
    });
  return { sizes, convolutions };
}

function convolved(
  { conv }: Extract<LayerSpec, { conv: unknown }>,
  input: Shape,
  layer: number,
  where: string,
): Convolution {
  const { channels, kernel, stride = 1, padding = 0, pool, poolSize = pool ? 2 : 1 } = conv;
  const padded = [input[1] + 2 * padding, input[2] + 2 * padding] as const;
  const side = Math.min(padded[0], padded[1]);
  if (kernel > side)
    throw new MetaplasticError({
      where: `${where}.kernel`,
      expected: `at most ${side} for layer ${layer}, which gets ${shapeInWords(input)}${padding ? ` and pads it to ${padded.join(' × ')}` : ''}`,
      got: `${kernel}`,
      hint: `a padding of ${padding + Math.ceil((kernel - side) / 2)} would fit`,
      layer,
    });
  const most = Math.max(padded[0], padded[1]);
  if (stride > most)
    throw new MetaplasticError({
      where: `${where}.stride`,
      expected: `at most ${most} for layer ${layer}, which gets ${shapeInWords(input)}`,
      got: `${stride}`,
      hint: 'a larger one leaves one position, as that does',
      layer,
    });
  expectCountable(input[0] * padded[0] * padded[1], `numbers that layer ${layer} sees`, where);
  const places = (length: number) => Math.floor((length - kernel) / stride) + 1;
  const units: Shape = [channels, places(padded[0]), places(padded[1])];
  expectCountable(count(units), `neurons in layer ${layer}`, where);
  if (poolSize > 1 && !pool)
    throw new MetaplasticError({
      where: `${where}.poolSize`,
      expected: 'a pool (max or average) beside it',
      got: 'none',
      hint: 'say which, or leave it out',
      layer,
    });
  const window = Math.min(units[1], units[2]);
  if (poolSize > window)
    throw new MetaplasticError({
      where: `${where}.poolSize`,
      expected: `at most ${window} for layer ${layer}, whose convolution leaves ${shapeInWords(units)}`,
      got: `${poolSize}`,
      hint:
        stride > 1
          ? 'a smaller stride leaves more'
          : `a padding larger than ${padding} leaves more, or leave pool out`,
      layer,
    });
  const output: Shape = [
    channels,
    Math.floor(units[1] / poolSize),
    Math.floor(units[2] / poolSize),
  ];
  return {
    channels,
    kernel,
    stride,
    padding,
    ...(pool && poolSize > 1 && { pool }),
    poolSize,
    input,
    units,
    output,
  };
}

/** Kernels count with 32 bits. */
function expectCountable(numbers: number, what: string, where: string): void {
  if (numbers > MOST)
    throw new MetaplasticError({ where, expected: `at most ${MOST} ${what}`, got: `${numbers}` });
}
