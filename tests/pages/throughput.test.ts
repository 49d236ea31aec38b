import { describe, expect, test } from 'vitest';
import { closeQuietly, useBrowser } from './browse.js';

describe('Throughput', () => {
  const { open } = useBrowser();

  test('shows a recorded report, copies it, measures, and stops when it is told', async () => {
    const opened = await open('site/throughput/', {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const { page } = opened;
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    expect(await page.locator('#adapter').textContent()).toMatch(/^Recorded: .+ timed by/);
    expect(await page.locator('#warning').textContent()).toContain('Software adapter');
    await page.getByRole('button', { name: 'Copy as JSON' }).click();
    expect(Object.keys(JSON.parse(await clipboard()) as object)).toEqual(
      expect.arrayContaining(['adapter', 'ceilings', 'kernels', 'sweep']),
    );
    await page.getByRole('button', { name: 'Copy as Markdown' }).click();
    expect(await clipboard()).toMatch(/^# metaplastic bench: .*\| kernel /s);
    await page.locator('#kernels summary').click();
    expect(await page.locator('#kernels tbody tr').count()).toBeGreaterThan(5);

    await page.getByRole('button', { name: 'Measure' }).click();
    // any: each may be gone before the browser looks again
    await page.getByText(/^\d+ of \d+: \w/).waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped.').waitFor();
    await closeQuietly(opened);
  });
});
