import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/run/config.js';
import { PRESETS } from '../../src/run/presets.js';
import { openWorld } from '../../src/run/worlds.js';
import { drawing } from '../tasks/given.js';

/** A zip of characters, ten drawings each, all of one picture: ink in a corner of its own size. */
function characters(...names: string[]): Uint8Array {
  const files: Record<string, Uint8Array> = { 'set/readme.txt': strToU8('') };
  names.forEach((name, c) => {
    const png = drawing((x, y) => x < 30 && y < 10 + 10 * c);
    for (let d = 1; d <= 10; d++) files[`set/${name}/0001_${String(d).padStart(2, '0')}.png`] = png;
  });
  return zipSync(files);
}

const train = characters('A/character01', 'A/character02', 'A/character03', 'A/character04', 'A/character05');
const held = characters('A/character01', 'B/character01', 'B/character02', 'B/character03', 'B/character04', 'B/character05');

async function world(rotations: boolean) {
  const preset = PRESETS['flp-omniglot']!, task = preset.task as { source: object };
  const config = parseConfig({ ...preset, task: { ...task, source: { ...task.source, rotations } } }, 'test');
  return openWorld(config, async path => path.includes('small1') ? train : held);
}

describe('the world of Omniglot', () => {
  test('holds the characters of both files in one bank, and trains on the first alone', async () => {
    const { bank, train: source } = await world(false), { supportX, queryX } = source.episodes(1, 0, 50);
    expect([bank!.classes, bank!.count]).toEqual([11, 110]);
    expect(Math.max(...supportX, ...queryX)).toBeLessThan(50);
  });
  test('tells apart the test characters that meta-training never saw', async () => {
    const { tests } = await world(false);
    expect(tests.map(t => t.title)).toEqual(['i.i.d., 6 characters of images_background_small2', 'class by class, 6 characters of images_background_small2',
      'i.i.d., its 5 characters of unseen alphabets', 'class by class, its 5 characters of unseen alphabets']);
    const { supportX } = tests[2]!.source.episodes(1, 0, 50);
    expect(Math.min(...supportX)).toBeGreaterThanOrEqual(60);
  });
  test('with rotations trains on every character turned by quarters too, and tests on none of them', async () => {
    const { bank, tests } = await world(true), image = (k: number) => bank!.pixels.subarray(k * 784, (k + 1) * 784);
    expect(bank!.classes).toBe(20 + 6);
    const upright = image(10), at = (picture: Uint8Array, x: number, y: number) => picture[y * 28 + x]!;
    for (const [turn, x, y] of [[1, 2, 25], [2, 25, 25], [3, 25, 2]] as const) {
      const turned = image(turn * 50 + 10);
      expect(at(turned, x, y), `turned ${turn} times`).toBe(255);
      expect([...turned].sort()).toEqual([...upright].sort());
    }
    const { supportX } = tests[0]!.source.episodes(1, 0, 50);
    expect(Math.min(...supportX)).toBeGreaterThanOrEqual(200);
  });
});
