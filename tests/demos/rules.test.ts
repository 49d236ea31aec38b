import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BATCH, CLASSES, live, LOOKS, SIZES, STRIDE, type Look } from '../../demos/rules/life.js';
import recorded from '../../demos/rules/recorded/race.json' with { type: 'json' };
import { WAYS, type Way, type WayName } from '../../demos/rules/ways.js';
import { defineSystem, type Gpu } from '../../src/index.js';
import { openNodeGpu } from '../../src/node.js';

describe('ways of learning', () => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await openNodeGpu();
  }, 60_000);
  afterAll(() => gpu.destroy());

  async function first(way: WayName, count: number): Promise<Look[]> {
    const looks: Look[] = [];
    for await (const look of live(gpu, way, 0, WAYS[way].rate))
      if (looks.push(look) === count) break;
    return looks;
  }

  test('are systems that differ in nothing but the way', () => {
    const alike = Object.values<Way>(WAYS)
      .map(({ system }) => defineSystem({ ...system, sizes: SIZES }))
      .map(({ activation, loss, bias, reduction, weights }) => ({
        activation,
        loss,
        bias,
        reduction,
        weights,
      }));
    for (const one of alike) expect(one).toEqual(alike[0]);
  });

  test(
    'backprop tells the truth, direct feedback does not, both begin as the same network, and learn',
    { timeout: 120_000 },
    async () => {
      const [backprop, direct] = [
        await first('backprop', 9),
        await first('direct-feedback-alignment', 2),
      ];
      expect(backprop[0]).toMatchObject({
        images: 0,
        accuracy: direct[0]!.accuracy,
        update: [null, null, null],
      });
      expect(backprop[1]!.images).toBe(STRIDE * BATCH);
      for (const look of backprop) for (const angle of look.error) expect(angle).toBeLessThan(0.1);
      expect(direct[0]!.error[0]).toBeGreaterThan(60);
      expect(backprop.at(-1)!.accuracy).toBeGreaterThan(4 / CLASSES);
    },
  );

  test('feedback weights that learn live on from look to look', { timeout: 120_000 }, async () => {
    const looks = await first('kolen-pollack', 12);
    const angles = looks.map(({ weights }) => weights[2]!);
    expect(angles[0]).toBeGreaterThan(60);
    expect(angles.at(-1)).toBeLessThan(angles[0]! - 15);
    for (let k = 3; k < angles.length; k++) expect(angles[k]).toBeLessThan(angles[k - 2]!);
  });

  test('the recorded race is whole', () => {
    expect(recorded.ways.every(way => way in WAYS)).toBe(true);
    for (const looks of recorded.looks)
      expect([looks.length, looks.at(-1)!.images]).toEqual([LOOKS + 1, LOOKS * STRIDE * BATCH]);
  });
});
