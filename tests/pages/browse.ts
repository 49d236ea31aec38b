import { createServer, type Server } from 'node:http';
import { existsSync, readFileSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  chromium as playwright,
  type Browser,
  type BrowserContextOptions,
  type ConsoleMessage,
  type Page,
} from 'playwright';
import { afterAll, beforeAll, expect } from 'vitest';
import { chromium } from '../browser/chromium.js';

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/** Serves the project's folder, so that the gallery lies below a path. */
export function serve(): Promise<Server> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const server = createServer(({ url = '/' }, response) => {
    const asked = join(root, normalize(decodeURIComponent(url.replace(/[?#].*$/, ''))));
    const path = asked.endsWith('/') ? join(asked, 'index.html') : asked;
    if (!existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response
      .writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' })
      .end(readFileSync(path));
  });
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

export interface Browsing {
  /**
   * Opens a page of the project by its path. Whatever it says on its console as an error or
   * warning, and whatever it does not catch, is in `complaints`.
   */
  open(
    path: string,
    options?: BrowserContextOptions,
  ): Promise<{ readonly page: Page; readonly complaints: readonly string[] }>;
  /** Takes the GPU from every page, as a driver's reset would. */
  crashGpu(): Promise<void>;
}

/** A headless browser for the tests of a file. With `webGpu: false` it has no WebGPU. */
export function useBrowser({ webGpu = true } = {}): Browsing {
  let browser: Browser, server: Server;
  beforeAll(async () => {
    const { args, ...launch } = chromium();
    [browser, server] = [
      await playwright.launch({
        ...launch,
        args: webGpu ? args : ['--no-sandbox', '--disable-features=WebGPU,WebGPUService'],
      }),
      await serve(),
    ];
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });
  return {
    async open(path, options) {
      const page = await (
        await browser.newContext({
          viewport: { width: 1280, height: 900 },
          locale: 'en-US',
          ...options,
        })
      ).newPage();
      const complaints: string[] = [];
      page.setDefaultTimeout(120_000);
      const expected = (text: string) =>
        !webGpu && text === 'Failed to create WebGPU Context Provider';
      const hear = (message: ConsoleMessage) => {
        if (['error', 'warning'].includes(message.type()) && !expected(message.text()))
          complaints.push(`${message.type()}: ${message.text()}`);
      };
      page.on('console', hear);
      page.on('worker', worker => {
        worker.on('console', hear);
      });
      page.on('pageerror', error => complaints.push(`uncaught: ${error.message}`));
      page.on('requestfailed', request => complaints.push(`failed: ${request.url()}`));
      page.on('response', response => {
        if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
      });
      await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/${path}`);
      return { page, complaints };
    },
    async crashGpu() {
      await (await browser.newBrowserCDPSession()).send('Browser.crashGpuProcess');
    },
  };
}

/** Closes a page that nothing was wrong with. */
export async function closeQuietly({
  page,
  complaints,
}: {
  readonly page: Page;
  readonly complaints: readonly string[];
}): Promise<void> {
  expect(complaints).toEqual([]);
  await page.context().close();
}
