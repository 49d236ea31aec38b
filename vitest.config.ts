import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromium } from './tests/browser/chromium.js';
import { wgsl } from './vite.wgsl.js';

const launchOptions = chromium();

/**
 * Four kinds of tests: in Node, of the library within a browser, of the pages, which Node steers a
 * browser through, and of the library in other runtimes, those that are here.
 */
export default defineConfig({
  plugins: [wgsl({ terse: true })], // shaders as the browser's file has them; tests of the command line run the package as built, with shaders as written
  test: {
    globalSetup: 'tests/cli/build.ts',
    // what hangs, hangs for ever: a busy machine takes many times as long as an idle one
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 120_000 } },
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/browser/**', 'tests/pages/**', 'tests/runtimes/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      { extends: true, test: { name: 'pages', include: ['tests/pages/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'runtimes',
          include: ['tests/runtimes/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
