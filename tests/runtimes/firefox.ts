import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { serve } from '../pages/browse.js';
import { PACKAGES, withSoftwareAdapter } from './present.js';

/** What is used of puppeteer-core, which is not installed everywhere. */
interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(code: string): Promise<unknown>;
  on(event: 'console', listener: (message: { text(): string }) => void): void;
}
interface Browser {
  version(): Promise<string>;
  newPage(): Promise<Page>;
  close(): Promise<void>;
}
interface Puppeteer {
  launch(options: object): Promise<Browser>;
}

export interface Firefox {
  /** Evaluates an expression in a page, where `subject` is what it was given. */
  evaluate(expression: string): Promise<unknown>;
  /** What the page has written to its console. */
  readonly said: readonly string[];
}

/**
 * A headless Firefox with WebGPU on a page of the project, open for the tests of a suite, with what
 * it is given.
 */
export function useFirefox(path: string | undefined, given: string): Firefox {
  const said: string[] = [];
  let page: Page;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const entry = join(PACKAGES, 'puppeteer-core', 'lib', 'esm', 'puppeteer', 'puppeteer-core.js');
    const { default: puppeteer } = (await import(/* @vite-ignore */ pathToFileURL(entry).href)) as {
      default: Puppeteer;
    };
    const home = mkdtempSync(join(tmpdir(), 'metaplastic-firefox-'));
    const server = await serve();
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: path,
      headless: true,
      timeout: 300_000,
      protocolTimeout: 600_000,
      extraPrefsFirefox: { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true },
      env: { ...withSoftwareAdapter(), HOME: home },
    });
    close = async () => {
      await browser.close();
      server.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    };
    console.log(`Firefox: ${await browser.version()}`);
    page = await browser.newPage();
    page.on('console', message => said.push(message.text()));
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://localhost:${port}/tests/runtimes/page.html`);
  });
  afterAll(() => close?.());
  return {
    said,
    async evaluate(expression) {
      const json = await page.evaluate(
        `import('/${given}/subject.js').then(async subject => JSON.stringify(await (${expression})))`,
      );
      return json === undefined ? undefined : JSON.parse(json as string);
    },
  };
}
