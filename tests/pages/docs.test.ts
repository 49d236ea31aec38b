import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe, { type AxeResults } from 'axe-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { closeQuietly, useBrowser } from './browse.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const SITE = join(root, 'docs/site');

// below docs/site/ of the project: no path that the site was built for
beforeAll(() => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['docs/build.js'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(status, `${stdout}${stderr}`).toBe(0);
});

const { open } = useBrowser();

/** Every page, but for those of the gallery, which have tests of their own. */
const pages = () =>
  readdirSync(SITE, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.html') && !path.startsWith('gallery') && path !== '404.html')
    .sort();
const ofTheApi = (path: string) => path.startsWith('reference/api');

/** Rules that VitePress 1.6 itself breaks: in its search button, its folded groups, its first page. */
const OF_VITEPRESS = Object.fromEntries(
  ['label-content-name-mismatch', 'nested-interactive', 'landmark-one-main', 'region'].map(rule => [
    rule,
    { enabled: false },
  ]),
);

describe('the site of the documentation', () => {
  test('has every section, and a page for each export', () => {
    const all = pages();
    for (const path of ['start', 'ideas', 'guides/task', 'options', 'reference/cli', 'results'])
      expect(all).toContain(`${path}.html`);
    expect(all.filter(ofTheApi).length).toBeGreaterThan(150);
    expect(all).toContain('reference/api/metaplastic/classes/Learner.html');
  });

  test('has no link that leads nowhere, and no path that holds in one place only', () => {
    const dead = pages().flatMap(path => {
      const html = readFileSync(join(SITE, path), 'utf8');
      return [...html.matchAll(/ (?:href|src)="([^"]*)"/g)]
        .map(([, href]) => href!.replaceAll('&amp;', '&'))
        .filter(href => !/^(?:https?:|mailto:|data:)/.test(href))
        .filter(href => !leads(path, html, href))
        .map(href => `${path}: ${href}`);
    });
    expect([...new Set(dead)]).toEqual([]);
  });

  /** Is there what a link of a page leads to, and the place in it? */
  function leads(path: string, html: string, href: string): boolean {
    if (href.startsWith('/')) return false;
    const [to, anchor] = href.split('#') as [string, string?];
    const file = to === '' ? join(SITE, path) : join(SITE, dirname(path), decodeURIComponent(to));
    const target =
      existsSync(file) && statSync(file).isDirectory() ? join(file, 'index.html') : file;
    if (!existsSync(target)) return false;
    if (!anchor || !target.endsWith('.html')) return true;
    const text = to === '' ? html : readFileSync(target, 'utf8');
    return text.includes(`id="${decodeURIComponent(anchor)}"`);
  }

  test('opens its pages quietly, which fit a phone and a desk', async () => {
    const opened = await open('docs/site/');
    const { page } = opened;
    const address = page.url();
    // pages of the API are made alike: some of them tell of all
    for (const path of pages().filter((one, k) => !ofTheApi(one) || k % 12 === 0)) {
      await page.goto(`${address}${path}`);
      expect(await page.getByRole('heading', { level: 1 }).count(), path).toBe(1);
      if (ofTheApi(path)) continue;
      for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 844 });
        const needed = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(needed, `${path} at ${width}`).toBeLessThanOrEqual(width);
      }
    }
    await closeQuietly(opened);
  });

  test('goes from page to page, and finds what is sought, below any path', async () => {
    const opened = await open('docs/site/');
    const { page } = opened;
    await page.getByRole('link', { name: 'Start' }).first().click();
    await page.getByRole('heading', { name: 'Install and run', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'A rule of your own', exact: true }).first().click();
    await page.getByRole('heading', { name: 'A rule of your own', level: 1 }).waitFor();
    expect(page.url()).toMatch(/\/docs\/site\/guides\/rule\.html$/);
    await page.getByRole('link', { name: 'Ideas', exact: true }).first().click();
    await page.getByRole('heading', { name: 'Ideas', level: 1 }).waitFor();

    await page.keyboard.press('Control+k');
    await page.locator('#localsearch-input').fill('checkpoint');
    await page.getByRole('option').first().click();
    expect(page.url()).toMatch(/\/docs\/site\/.*html/);
    await closeQuietly(opened);
  });

  test.each(
    ['index.html', 'guides/task.html', 'options.html', 'ideas.html'].flatMap(path =>
      (['light', 'dark'] as const).map(colorScheme => [path, colorScheme] as const),
    ),
  )(
    '%s breaks no rule of accessibility that can be checked, when it is %s',
    async (path, colorScheme) => {
      const opened = await open(`docs/site/${path}`, { colorScheme, reducedMotion: 'reduce' });
      const { page } = opened;
      await page.waitForLoadState('networkidle');
      await page.addScriptTag({ content: axe.source });
      const { violations } = (await page.evaluate(
        `axe.run({ rules: ${JSON.stringify(OF_VITEPRESS)} })`,
      )) as AxeResults;
      expect(
        violations.map(
          ({ id, help, nodes }) =>
            `${id}: ${help}: ${nodes.map(node => node.target.join(' ')).join(', ')}`,
        ),
      ).toEqual([]);
      await closeQuietly(opened);
    },
  );
});
