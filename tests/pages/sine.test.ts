import { unzipSync } from 'fflate';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { readRun } from '../../src/runs/run-file.js';
import { metaplastic, newFolder, TINY, writeConfig } from '../cli/command.js';
import { closeQuietly, useBrowser } from './browse.js';

const errorOf = async (page: Page, learner: 'plasticity' | 'gradient descent') =>
  Number(new RegExp(`([\\d.e+-]+) with ${learner}`).exec((await page.textContent('#told'))!)?.[1]);
const stepsOf = async (page: Page) =>
  Number((await page.textContent('#meta-step'))!.split(' ')[0]!.replace(',', ''));
const SMALL = 'site/sine/#width=8&tasks=8&steps=';

describe('Learn a sine', () => {
  const { open, crashGpu } = useBrowser();

  test('shows a recorded lifetime, and plays it', async () => {
    const opened = await open('site/sine/');
    const { page } = opened;
    await page.getByText('After 20 examples').waitFor();
    expect(await errorOf(page, 'plasticity')).toBeLessThan(
      0.1 * (await errorOf(page, 'gradient descent')),
    );
    await page.getByRole('slider', { name: 'Examples seen' }).fill('0');
    expect(await page.locator('.example.seen').count()).toBe(0);
    await page.getByRole('button', { name: 'Play' }).click();
    await page.locator('.example.seen').nth(1).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('#stage summary').click();
    await expect.poll(() => page.locator('#stage tbody tr').count()).toBe(21);
    await closeQuietly(opened);
  });

  test('learns a curve that is painted across it, point by point too, and by keys; a link carries it', async () => {
    const opened = await open('site/sine/');
    const { page } = opened;
    const stage = page.locator('.examples');
    await page.getByText('After 20 examples').waitFor();
    await stage.scrollIntoViewIfNeeded();
    const box = (await stage.boundingBox())!;
    const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
    await page.mouse.move(...at(0.01, 0.7));
    await page.mouse.down();
    await page.mouse.move(...at(0.5, 0.3), { steps: 12 });
    await page.mouse.move(...at(0.99, 0.7), { steps: 12 });
    await page.mouse.up();
    const points = () =>
      page
        .locator('.example')
        .evaluateAll(all =>
          all.map(e =>
            /x ([-\d.]+), y ([-\d.]+)/.exec(e.getAttribute('aria-label')!)!.slice(1).map(Number),
          ),
        );
    for (const [x, y] of await points())
      // the roof that was painted
      expect(Math.abs(y! - (2.4 - 0.96 * Math.abs(x!)))).toBeLessThan(0.4);
    await expect
      .poll(() => errorOf(page, 'plasticity'), { timeout: 120_000 })
      .not.toBeCloseTo(0.0158, 3);
    expect(await errorOf(page, 'plasticity')).toBeLessThan(1);

    const first = page.locator('.example').first();
    const place = (await first.boundingBox())!;
    await page.mouse.move(place.x + place.width / 2, place.y + place.height / 2);
    await page.mouse.down();
    await page.mouse.move(...at(0.3, 0.9), { steps: 4 });
    await page.mouse.up();
    expect((await points())[0]).toEqual([expect.closeTo(-2, 0), expect.closeTo(-4.8, 0)]);
    await first.press('ArrowUp');
    await first.press('PageDown');
    expect(await page.evaluate(() => document.activeElement!.getAttribute('aria-label'))).toContain(
      'example 2',
    );

    const moved = await points();
    const link = page.url();
    const again = await open(`site/sine/${new URL(link).hash}`);
    await again.page.locator('.example').first().waitFor();
    expect(await again.page.locator('.example').first().getAttribute('aria-label')).toBe(
      `example 1: x ${moved[0]![0]!.toFixed(1)}, y ${moved[0]![1]!.toFixed(1)}`,
    );
    await closeQuietly(again);
    await closeQuietly(opened);
  });

  test(
    'meta-trains, pauses, goes on without animation frames, and ends; saved, the run goes on in Node',
    { timeout: 300_000 },
    async () => {
      const steps = 600;
      const opened = await open(`${SMALL}${steps}`);
      const { page } = opened; // so many that a fast adapter is not done before it is told to pause
      await page.evaluate(() => {
        window.requestAnimationFrame = () => 0;
      }); // as in a background tab
      const madeSteps = () => stepsOf(page);
      await page.getByRole('button', { name: 'Train from scratch' }).click();
      await page.getByText('Training on').waitFor({ timeout: 120_000 }); // until then the page may still count the recorded run's meta-steps
      await expect.poll(madeSteps, { timeout: 120_000 }).toBeGreaterThan(2);
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('button', { name: 'Go on' }).waitFor();
      const paused = await madeSteps();
      expect(paused).toBeLessThan(steps);

      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save this run' }).click(),
      ]);
      const zip = new Uint8Array(readFileSync((await saved.path())!));
      const run = readRun(zip, 'sine.zip');
      expect([
        saved.suggestedFilename(),
        run.checkpoint.metaStep,
        run.log.length,
        run.config.system.sizes,
      ]).toEqual(['sine.zip', paused, paused, [1, 8, 8, 1]]);
      const folder = newFolder();
      for (const [path, bytes] of Object.entries(unzipSync(zip)))
        if (!path.endsWith('/')) writeFileSync(join(folder, path.replace(/^.*\//, '')), bytes);
      const resumed = metaplastic(['train', '--resume', folder]);
      expect(resumed.err).toContain(`meta-step ${steps}/${steps}`);
      expect(resumed.status).toBe(0);

      await page.getByRole('button', { name: 'Go on' }).click();
      await expect.poll(madeSteps, { timeout: 120_000 }).toBeGreaterThan(paused);
      await page.getByText('Trained to the end.').waitFor({ timeout: 150_000 });
      expect(await madeSteps()).toBe(steps);

      // The other way: the folder that Node left opens in the page.
      expect(existsSync(join(folder, 'evaluation.json'))).toBe(true);
      await page
        .locator('#file')
        .setInputFiles(
          ['config.json', 'env.json', 'log.jsonl', 'checkpoint.safetensors'].map(name =>
            join(folder, name),
          ),
        );
      await page.getByText(`Opened sine, after meta-step ${steps}.`).waitFor();
      await page
        .locator('#file')
        .setInputFiles({ name: 'no.zip', mimeType: 'application/zip', buffer: Buffer.from('PK') });
      await page.getByText('no.zip: expected a zip file, got 2 bytes that are none').waitFor();
      await closeQuietly(opened);
    },
  );

  test('says that the GPU was lost, and goes on from its last checkpoint on a new one', async () => {
    const opened = await open(`${SMALL}3000`);
    const { page, complaints } = opened;
    await page.getByRole('button', { name: 'Train from scratch' }).click();
    await page.getByText('Training on').waitFor({ timeout: 120_000 }); // until then the page may still count the recorded run's meta-steps
    await expect.poll(() => stepsOf(page), { timeout: 120_000 }).toBeGreaterThan(27);
    await crashGpu();
    await page.getByText('The GPU was lost').waitFor();
    const kept = await stepsOf(page);
    expect(kept % 25).toBe(0);
    expect(kept).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => stepsOf(page), { timeout: 120_000 }).toBeGreaterThan(kept);
    expect(
      complaints.filter(
        text => text !== 'warning: A valid external Instance reference no longer exists.',
      ),
    ).toEqual([]);
    await page.context().close();
  });

  test('a run on sines that Node made opens, with its learning curve', async () => {
    const folder = join(newFolder(), 'run');
    const opened = await open('site/sine/');
    const { page } = opened;
    metaplastic([
      'train',
      writeConfig({
        ...TINY,
        task: { ...TINY.task, steps: 20 },
        evaluation: { tasks: 10, at: [20] },
      }),
      '--out',
      folder,
    ]);
    await page.getByText('After 20 examples').waitFor();
    await page
      .locator('#file')
      .setInputFiles(
        ['config.json', 'log.jsonl', 'checkpoint.safetensors'].map(name => join(folder, name)),
      );
    await page.getByText('Opened tiny, after meta-step 6.').waitFor();
    await closeQuietly(opened);
  });
});

describe('Learn a sine without WebGPU', () => {
  const { open } = useBrowser({ webGpu: false });

  test('says why, and how to get it, and plays what was recorded', async () => {
    const opened = await open('site/sine/');
    const { page } = opened;
    expect(await page.locator('.notice').textContent()).toMatch(
      /WebGPU is not available: .+Chrome/s,
    );
    expect(await page.getByRole('button', { name: 'Train from scratch' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Play' }).click();
    await page.locator('.example.seen').nth(2).waitFor();
    expect(await page.textContent('#meta-step')).toBe('1,300 of 1,300');
    await closeQuietly(opened);
  });
});
