import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { expect } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import type { Episodes, ImageBank } from '../../src/tasks/episodes.js';

/** A small bank: image i has class i % classes, and all of its pixels are i % 256. */
export function bankOf(
  classes: number,
  perClass: number,
  { width = 3, height = 2 } = {},
): ImageBank {
  const count = classes * perClass;
  return {
    count,
    width,
    height,
    classes,
    pixels: Uint8Array.from(
      { length: count * width * height },
      (_, i) => Math.floor(i / (width * height)) % 256,
    ),
    labels: Uint16Array.from({ length: count }, (_, i) => i % classes),
  };
}

/** A chunk of a meta-batch, as if it had been drawn alone. */
export function tasksOf(episodes: Episodes, first: number, count: number): Episodes {
  const cut = <A extends Float32Array | Uint32Array>(array: A) =>
    array.slice(
      (array.length / episodes.tasks) * first,
      (array.length / episodes.tasks) * (first + count),
    ) as A;
  const { seed, first: before } = episodes.origin!;
  return {
    ...episodes,
    tasks: count,
    origin: { seed, first: before + first },
    supportX: cut(episodes.supportX),
    supportY: cut(episodes.supportY),
    queryX: cut(episodes.queryX),
    queryY: cut(episodes.queryY),
  };
}

/** A PNG of 1 bit like Omniglot's: paper is 1, ink 0 where `ink` says so. */
export function drawing(ink: (x: number, y: number) => boolean, side = 105): Uint8Array {
  const rowBytes = Math.ceil(side / 8);
  const data = new Uint8Array(side * rowBytes).fill(255);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      if (ink(x, y)) data[y * rowBytes + (x >> 3)]! &= ~(128 >> (x & 7));
  return encode({ width: side, height: side, depth: 1, channels: 1, data });
}

/** The message of the MetaplasticError that `action` throws; anything else fails the test. */
export function problem(action: () => unknown): string {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(MetaplasticError);
  return (thrown as MetaplasticError).message;
}

/** Counters at zero. */
export const zeros = (n: number): number[] => Array.from({ length: n }, () => 0);

/** The folder of real images (mnist/, emnist/, omniglot/), if METAPLASTIC_DATA names one. */
const folder = process.env['METAPLASTIC_DATA'];
export const hasData = Boolean(folder);

/** A title for tests on real images that says why they are skipped, if they are. */
export const onRealData = (title: string): string =>
  hasData
    ? title
    : `${title} – SKIPPED: set METAPLASTIC_DATA to a folder with mnist/, emnist/ and omniglot/`;

export const dataFile = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(join(folder!, path)));
