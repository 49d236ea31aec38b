import { expect, test } from 'vitest';
import { closeQuietly, useBrowser } from './browse.js';

const { open } = useBrowser();

test('the gallery has a card for each demo, which all open, below any path, by keys alone', async () => {
  const opened = await open('site/'), { page } = opened, cards = page.locator('.card');
  expect(await cards.evaluateAll(all => all.map(a => a.getAttribute('href')))).toEqual(['./sine/', './draw/', './rules/', './throughput/']);
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement!.textContent)).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Learn a sine', level: 1 }).waitFor();
  await closeQuietly(opened);
});

const PAGES = ['', 'sine/', 'draw/', 'rules/', 'throughput/'];

test.each(PAGES)('site/%s fits a phone and a desk, has one main heading, names every control, and starts nothing', async path => {
  const opened = await open(`site/${path}`, { viewport: { width: 390, height: 844 }, hasTouch: true, reducedMotion: 'reduce' }), { page } = opened;
  await page.waitForLoadState('networkidle');
  for (const width of [390, 800, 1280]) {
    await page.setViewportSize({ width, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
  expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
  const nameless = await page.locator('button, a, input, select').evaluateAll(all => all.filter(e => !(e.textContent!.trim() || e.getAttribute('aria-label') || (e as HTMLInputElement).labels?.length)).map(e => e.outerHTML));
  expect(nameless).toEqual([]);
  await closeQuietly(opened);
});
