import axe, { type AxeResults } from 'axe-core';
import { expect, test } from 'vitest';
import { closeQuietly, useBrowser } from './browse.js';

const { open } = useBrowser();

test('the gallery has a card for each demo, which all open, below any path, by keys alone', async () => {
  const opened = await open('site/');
  const { page } = opened;
  const cards = page.locator('.card');
  expect(await cards.evaluateAll(all => all.map(a => a.getAttribute('href')))).toEqual([
    './write/',
    './sine/',
    './draw/',
    './rules/',
    './throughput/',
  ]);
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement!.textContent)).toBe(
    'Skip to the content',
  );
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Write a rule', level: 1 }).waitFor();
  await closeQuietly(opened);
});

const PAGES = ['', 'write/', 'sine/', 'draw/', 'rules/', 'throughput/'];

test.each(PAGES)(
  'site/%s fits a phone and a desk, has one main heading, and starts nothing',
  async path => {
    const opened = await open(`site/${path}`, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      reducedMotion: 'reduce',
    });
    const { page } = opened;
    await page.waitForLoadState('networkidle');
    for (const width of [390, 800, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
        width,
      );
    }
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
    await closeQuietly(opened);
  },
);

test.each(
  PAGES.flatMap(path =>
    (['light', 'dark'] as const).map(colorScheme => [path, colorScheme] as const),
  ),
)(
  'site/%s breaks no rule of accessibility that can be checked, when it is %s',
  async (path, colorScheme) => {
    const opened = await open(`site/${path}`, { colorScheme, reducedMotion: 'reduce' });
    const { page } = opened;
    await page.waitForLoadState('networkidle');
    await page.locator('details').evaluateAll(all => {
      for (const details of all as HTMLDetailsElement[]) details.open = true;
    });
    await page.addScriptTag({ content: axe.source });
    const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
    expect(
      violations.map(
        ({ id, help, nodes }) =>
          `${id}: ${help}: ${nodes.map(node => node.target.join(' ')).join(', ')}`,
      ),
    ).toEqual([]);
    await closeQuietly(opened);
  },
);

test('a browser whose language is no language tag draws charts all the same', async () => {
  const opened = await open('site/');
  const { page } = opened;
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true });
  });
  await page.goto(`${page.url()}sine/`);
  await page.locator('#losses canvas').waitFor();
  await closeQuietly(opened);
});

test.each(PAGES)('site/%s leads to the package, its code and the papers', async path => {
  const opened = await open(`site/${path}`);
  const links = opened.page.locator('footer a');
  const hrefs = await links.evaluateAll(all => all.map(a => a.getAttribute('href')));
  for (const address of ['npmjs.com/package/metaplastic', 'activeTab=code', 'arxiv.org', 'doi.org'])
    expect(
      hrefs.some(href => href!.includes(address)),
      address,
    ).toBe(true);
  await closeQuietly(opened);
});
