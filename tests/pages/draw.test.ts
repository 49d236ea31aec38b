import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { closeQuietly, useBrowser } from './browse.js';

/** Strokes on paper of 1 × 1. */
const SQUARE = [
  [0.25, 0.25],
  [0.75, 0.27],
  [0.74, 0.76],
  [0.24, 0.74],
  [0.26, 0.24],
];
const ROOF = [
  [0.2, 0.75],
  [0.5, 0.2],
  [0.8, 0.77],
];
const RAY = [
  [0.15, 0.5],
  [0.85, 0.52],
];

async function draw(page: Page, stroke: readonly (readonly number[])[]): Promise<void> {
  await page.locator('#pad').scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await page.locator('#pad').boundingBox())!;
  for (const [k, [px, py]] of stroke.entries()) {
    await page.mouse.move(x + px! * width, y + py! * height, { steps: 6 });
    if (k === 0) await page.mouse.down();
  }
  await page.mouse.up();
}
const told = (page: Page) => page.textContent('#told');

describe('Draw and teach', () => {
  const { open } = useBrowser();

  test(
    'learns symbols from one drawing each, by pointer and by key, and knows them again',
    { timeout: 300_000 },
    async () => {
      const opened = await open('site/draw/');
      const { page } = opened;
      for (const [k, stroke] of [SQUARE, ROOF, RAY].entries()) {
        await draw(page, stroke);
        if (k === 1) await page.keyboard.press('2');
        else await page.getByRole('button', { name: `It is symbol ${k + 1}` }).click();
        await expect
          .poll(() => page.locator('.memory').first().locator('tbody tr').count(), {
            timeout: 120_000,
          })
          .toBe(k + 1);
        await expect
          .poll(() => told(page), { timeout: 120_000 })
          .toContain('sure of what it was taught');
      }
      await draw(
        page,
        ROOF.map(([x, y]) => [0.1 + 0.7 * x!, 0.2 + 0.6 * y!]),
      );
      await expect
        .poll(() => told(page), { timeout: 120_000 })
        .toMatch(/^Plasticity says symbol 2/);
      await page.getByRole('combobox', { name: 'Beside it' }).selectOption('maml');
      expect(page.url()).toContain('#rival=maml');
      expect(await page.locator('.memory caption').nth(1).textContent()).toBe(
        'meta-learned gradient descent',
      );
      await page.getByRole('button', { name: 'Undo the last' }).click();
      await expect.poll(() => page.locator('.memory').first().locator('tbody tr').count()).toBe(2);
      await page.getByRole('button', { name: 'Forget everything' }).click();
      expect(await page.locator('.memory tbody tr').count()).toBe(0);
      await closeQuietly(opened);
    },
  );

  test('a lesson is watched, and stopped; a link carries which', { timeout: 300_000 }, async () => {
    const opened = await open('site/draw/#lesson=symbols&shots=1&seed=4', {
      reducedMotion: 'reduce',
    });
    const { page } = opened;
    await page.getByRole('button', { name: 'Watch a lesson' }).click();
    await expect
      .poll(() => told(page), { timeout: 120_000 })
      .toMatch(/^Plasticity says symbol \d \(\d+ %\), plain gradient descent says symbol \d/);
    expect(await page.locator('.memory').first().locator('td').count()).toBe(25);
    await page.getByRole('button', { name: 'Watch a lesson' }).click();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Watch a lesson' }).waitFor();
    await page.getByRole('button', { name: 'Draw one for me' }).click();
    await expect.poll(() => page.locator('#pad .ink').getAttribute('d')).not.toBe('');
    await page.getByRole('button', { name: 'Wipe' }).click();
    expect(await page.locator('#pad .ink').getAttribute('d')).toBe('');
    await closeQuietly(opened);
  });
});

describe('Draw and teach without WebGPU', () => {
  const { open } = useBrowser({ webGpu: false });

  test('says why, and plays the recorded lesson', { timeout: 300_000 }, async () => {
    const opened = await open('site/draw/', { reducedMotion: 'reduce' });
    const { page } = opened;
    expect(await page.locator('.notice').textContent()).toMatch(
      /WebGPU is not available: .+Chrome/s,
    );
    await page.getByRole('button', { name: 'Watch a lesson' }).click();
    await expect.poll(() => told(page), { timeout: 120_000 }).toMatch(/^Plasticity says symbol 1/);
    for (const button of await page.locator('.symbol').all())
      expect(await button.isDisabled()).toBe(true);
    await closeQuietly(opened);
  });
});
