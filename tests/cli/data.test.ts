import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dataReader } from '../../src/cli/data.js';
import { MetaplasticError } from '../../src/errors.js';
import { openWorld } from '../../src/config/worlds.js';
import { parseConfig } from '../../src/config/config.js';
import { RUN_PRESETS } from '../../src/config/presets.js';
import { drawing } from '../tasks/given.js';
import { newFolder } from './command.js';

/** A folder of these files, each of which holds its own path. */
function folderOf(...paths: string[]): string {
  const folder = newFolder();
  for (const path of paths) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), path);
  }
  return folder;
}

describe('a file of data', () => {
  test.each([
    'mnist/t10k-images-idx3-ubyte.gz',
    'mnist/t10k-images-idx3-ubyte',
    'mnist/t10k-images.idx3-ubyte',
    'mnist/t10k-images.idx3-ubyte.gz',
    'MNIST/raw/t10k-images-idx3-ubyte',
    'raw/t10k-images-idx3-ubyte.gz',
    't10k-images-idx3-ubyte.gz',
  ])('is found as %s', async path => {
    const found = await dataReader(folderOf(path))('mnist/t10k-images-idx3-ubyte.gz');
    expect(new TextDecoder().decode(found as Uint8Array)).toBe(path);
  });

  test('that is a folder is refused in one line', async () => {
    const preset = RUN_PRESETS['backprop-mnist']!;
    const config = parseConfig(preset, 'test');
    const folder = folderOf('mnist/t10k-images-idx3-ubyte.gz/x', 'mnist/t10k-labels-idx1-ubyte');
    const opened = openWorld(config, dataReader(folder));
    await expect(opened).rejects.toThrow(MetaplasticError);
    await expect(opened).rejects.toThrow('expected an IDX file, got a folder');
  });
});

test('Omniglot may be a folder, under the name of its zip file', async () => {
  const folder = newFolder();
  for (const [set, alphabet] of [
    ['images_background_small1', 'A'],
    ['images_background_small2', 'B'],
  ])
    for (let c = 1; c <= 5; c++)
      for (let d = 1; d <= 10; d++) {
        const path = join(folder, `omniglot/${set}/${alphabet}/character0${c}/0001_${d}.png`);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(
          path,
          drawing(x => x < 9, 28),
        );
      }
  const { bank } = await openWorld(
    parseConfig(RUN_PRESETS['flp-omniglot']!, 'test'),
    dataReader(folder),
  );
  expect([bank!.count, bank!.classes]).toEqual([250, 25]);
});
