import { describe, expect, test } from 'vitest';
import { closeQuietly, useBrowser } from './browse.js';

describe('Rules at work', () => {
  const { open } = useBrowser();

  test(
    'two networks learn on request, by ways of the address, and stop',
    { timeout: 300_000 },
    async () => {
      const opened = await open('site/rules/#a=kolen-pollack&b=direct-feedback-alignment');
      const { page } = opened;
      expect(
        await page.getByRole('combobox', { name: 'Way of learning' }).first().inputValue(),
      ).toBe('kolen-pollack');
      await page.getByRole('button', { name: 'Let them learn' }).click();
      await page.getByText('They learn.').waitFor({ timeout: 120_000 });
      await page.locator('#update summary').click();
      await expect
        .poll(() => page.locator('#update tbody tr').count(), { timeout: 120_000 })
        .toBeGreaterThan(4);
      await page.getByRole('button', { name: 'Stop' }).click();
      await page
        .getByText(
          /Stopped after [\d,]+ drawings: Kolen–Pollack \d+ %, Direct feedback alignment \d+ %/,
        )
        .waitFor({ timeout: 120_000 });
      expect(await page.locator('.dial svg').first().getAttribute('aria-label')).toMatch(
        /first layer: Kolen–Pollack \d+°, Direct feedback alignment \d+°/,
      );
      await page
        .getByRole('combobox', { name: 'Way of learning' })
        .nth(1)
        .selectOption('weight-mirror');
      expect(page.url()).toContain('b=weight-mirror');
      await closeQuietly(opened);
    },
  );
});

describe('Rules at work without WebGPU', () => {
  const { open } = useBrowser({ webGpu: false });

  test('says why, and shows a recorded race', async () => {
    const opened = await open('site/rules/');
    const { page } = opened;
    expect(await page.locator('.notice').textContent()).toMatch(
      /WebGPU is not available: .+Chrome/s,
    );
    expect(await page.getByRole('button', { name: 'Let them learn' }).isDisabled()).toBe(true);
    expect(await page.locator('.dial').count()).toBe(2);
    await page.locator('#accuracy summary').click();
    await expect.poll(() => page.locator('#accuracy tbody tr').count()).toBeGreaterThan(20);
    await closeQuietly(opened);
  });
});
