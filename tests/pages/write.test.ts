import { unzipSync } from 'fflate';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { readRun } from '../../src/runs/run-file.js';
import { metaplastic, newFolder } from '../cli/command.js';
import { closeQuietly, useBrowser } from './browse.js';

const SMALL = '#width=8&tasks=8&steps=20';
const dw = (page: Page) => page.getByRole('textbox', { name: 'dw, the change of a synapse' });
const status = (page: Page) => page.textContent('#training-status');
const stepsOf = async (page: Page) =>
  Number((await page.textContent('#meta-step'))!.split(' ')[0]!.replace(',', ''));

describe('Write a rule', () => {
  const { open } = useBrowser();

  test('shows an error where it is as one types, and the rule as mathematics once it is mended', async () => {
    const opened = await open('site/write/');
    const { page } = opened;
    await page.getByRole('combobox', { name: 'Start from' }).selectOption('metaplasticity');
    await dw(page).fill('alpha * r * post * prr');
    await page.getByText('unknown name `prr`').first().waitFor();
    expect(await page.locator('.main mark').textContent()).toBe('prr');
    expect(await dw(page).getAttribute('aria-invalid')).toBe('true');
    expect(await page.locator('.error:visible').getAttribute('id')).toBe(
      await dw(page).getAttribute('aria-describedby'),
    );
    await expect
      .poll(() => page.textContent('#rule-status'))
      .toMatch(/^Not a rule yet\. dw, character 20: unknown name/);
    expect(await page.getByRole('button', { name: 'Meta-train' }).isDisabled()).toBe(true);

    await dw(page).press('End');
    await dw(page).press('Backspace');
    await dw(page).press('e');
    expect(await page.locator('.error:visible').count()).toBe(0);
    expect(await page.locator('#mathematics mtr').count()).toBe(2);
    expect(await page.locator('#mathematics').textContent()).toContain('post');
    await expect.poll(() => page.textContent('#rule-status')).toBe('The rule is understood.');

    // an error of a coefficient stands at the coefficient
    await page.getByRole('button', { name: 'Add a coefficient' }).click();
    await page.keyboard.type('alpha');
    await page.getByText('a name that stands once').waitFor();
    await page.keyboard.type('2');
    await page.getByText('one that stands nowhere in it').waitFor();
    const remove = page.getByRole('button', { name: 'Remove this coefficient' }).last();
    await remove.focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('.error:visible').count()).toBe(0);
    await closeQuietly(opened);
  });

  test('every published rule is understood, and those that know no target can be told it', async () => {
    const opened = await open('site/write/');
    const { page } = opened;
    const preset = page.getByRole('combobox', { name: 'Start from' });
    const names = await preset
      .locator('option:not([hidden])')
      .evaluateAll(all => all.map(o => (o as HTMLOptionElement).value));
    expect(names.length).toBeGreaterThanOrEqual(8);
    for (const name of names) {
      await preset.selectOption(name);
      expect(await page.locator('.error:visible').count(), name).toBe(0);
    }
    await preset.selectOption('gradient');
    expect(page.url()).toContain('rule=gradient');
    await dw(page).fill('eta * x * pre');
    await page.getByRole('button', { name: 'Read post in place of x' }).click();
    expect(await dw(page).inputValue()).toBe('eta * post * pre');
    expect(await page.locator('#facts').textContent()).toContain('Direct');
    expect(await preset.inputValue()).toBe('');
    await closeQuietly(opened);
  });

  test(
    'meta-trains a rule that was written in it; the link, the file and the run all carry the rule',
    { timeout: 300_000 },
    async () => {
      const opened = await open(`site/write/${SMALL}`);
      const { page } = opened;
      await page.getByRole('combobox', { name: 'Start from' }).selectOption('gradient');
      await dw(page).fill('-eta * e * pre - eta * decay * w');
      await page.getByRole('button', { name: 'Add a coefficient' }).click();
      await page.keyboard.type('decay');
      await page.getByRole('textbox', { name: 'Name', exact: true }).fill('shrinking');
      expect(await page.locator('.error:visible').count()).toBe(0);

      const link = page.url();
      expect(link).toContain('shrinking');
      await page.getByRole('button', { name: 'Meta-train' }).click();
      await expect.poll(() => status(page), { timeout: 200_000 }).toBe('Trained to the end.');
      expect(await stepsOf(page)).toBe(20);
      await expect
        .poll(() => page.textContent('#told'))
        .toMatch(
          /^After 20 examples the mean squared error is [\d.]+ with shrinking, [\d.]+ with gradient descent, [\d.]+ with FLP’s Oja\.$/,
        );
      expect(await page.locator('#coefficients figure').count()).toBe(2);

      const again = await open(`site/write/${new URL(link).hash}`);
      expect(await dw(again.page).inputValue()).toBe('-eta * e * pre - eta * decay * w');
      expect(await again.page.locator('#mathematics').innerHTML()).toBe(
        await page.locator('#mathematics').innerHTML(),
      );
      expect(await again.page.locator('[name=steps]').inputValue()).toBe('20');

      const [rule] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save rule.json' }).click(),
      ]);
      expect(rule.suggestedFilename()).toBe('shrinking.rule.json');
      const text = readFileSync((await rule.path())!);
      await page.getByRole('combobox', { name: 'Start from' }).selectOption('oja');
      await page
        .locator('#file')
        .setInputFiles({ name: 'shrinking.rule.json', mimeType: 'application/json', buffer: text });
      await page.getByText('Opened the rule of shrinking.rule.json.').waitFor();
      expect(await dw(page).inputValue()).toBe('-eta * e * pre - eta * decay * w');

      const [run] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save the run' }).click(),
      ]);
      const zip = new Uint8Array(readFileSync((await run.path())!));
      const read = readRun(zip, 'shrinking.zip');
      expect([read.checkpoint.metaStep, read.log.length]).toEqual([20, 20]);
      const folder = newFolder();
      for (const [path, bytes] of Object.entries(unzipSync(zip)))
        if (!path.endsWith('/')) writeFileSync(join(folder, path.replace(/^.*\//, '')), bytes);
      const evaluated = metaplastic(['eval', folder]);
      expect(evaluated.status, evaluated.err).toBe(0);

      await again.page
        .locator('#file')
        .setInputFiles({ name: 'a.zip', mimeType: 'application/zip', buffer: Buffer.from(zip) });
      await again.page.getByText('Opened shrinking, after meta-step 20.').waitFor();
      await again.page
        .locator('#file')
        .setInputFiles({ name: 'no.zip', mimeType: 'application/zip', buffer: Buffer.from('PK') });
      await again.page
        .getByText('no.zip: expected a zip file, got 2 bytes that are none')
        .waitFor();
      await closeQuietly(again);
      await closeQuietly(opened);
    },
  );

  test(
    'meta-trains on drawn symbols, pauses, and saves their drawings with the run',
    { timeout: 300_000 },
    async () => {
      const opened = await open('site/write/#task=symbols&width=8&tasks=8&steps=400&beside=');
      const { page } = opened;
      await page.getByRole('button', { name: 'Meta-train' }).click();
      await expect
        .poll(async () => ((await status(page))!.startsWith('Training') ? stepsOf(page) : 0), {
          timeout: 200_000,
        })
        .toBeGreaterThan(2);
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('button', { name: 'Go on' }).waitFor();
      const made = await stepsOf(page);
      expect(made).toBeLessThan(400);
      expect(await page.locator('.strip li').count()).toBe(25);
      expect(await page.locator('.known tbody td').count()).toBe(5);
      const [run] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save the run' }).click(),
      ]);
      const folder = newFolder();
      const zip = new Uint8Array(readFileSync((await run.path())!));
      for (const [path, bytes] of Object.entries(unzipSync(zip))) {
        const at = join(folder, path.replace(/^[^/]*\//, ''));
        mkdirSync(dirname(at), { recursive: true });
        if (!path.endsWith('/')) writeFileSync(at, bytes);
      }
      expect(readRun(zip).checkpoint.metaStep).toBe(made);
      const evaluated = metaplastic(['eval', folder, '--data', join(folder, 'data')]);
      expect(evaluated.status, evaluated.err).toBe(0);
      await closeQuietly(opened);
    },
  );

  test.each([
    ['a text that is no rule', 'no rule at all', /link’s rule is none/],
    [
      'a rule with a script for a name',
      '{"dw":"w","name":"<img src=x onerror=alert(1)>"}',
      undefined,
    ],
    ['a rule that names what it may not', '{"dw":"constructor * w"}', undefined],
    ['numbers where texts belong', '{"dw":7,"synapse":{"h":3}}', /link’s rule is none/],
  ])('a link with %s does no harm', async (_, rule, told) => {
    const opened = await open(`site/write/#${new URLSearchParams({ rule })}`);
    const { page } = opened;
    if (told) await page.getByText(told).waitFor();
    else await page.locator('.error:visible').first().waitFor();
    expect(await page.locator('#editor img').count()).toBe(0);
    await page.getByRole('combobox', { name: 'Start from' }).selectOption('oja');
    expect(await page.locator('.error:visible').count()).toBe(0);
    await closeQuietly(opened);
  });
});

describe('Write a rule without WebGPU', () => {
  const { open } = useBrowser({ webGpu: false });

  test('says why, understands rules all the same, and plays what was recorded', async () => {
    const opened = await open('site/write/');
    const { page } = opened;
    expect(await page.locator('.notice').textContent()).toMatch(
      /WebGPU is not available: .+Chrome/s,
    );
    expect(await page.getByRole('button', { name: 'Meta-train' }).isDisabled()).toBe(true);
    await dw(page).fill('eta * nothing');
    await page.getByText('unknown name `nothing`').first().waitFor();
    await page.getByRole('button', { name: 'Play' }).click();
    await expect.poll(() => page.textContent('#seen')).toBe('2');
    await closeQuietly(opened);
  });
});
