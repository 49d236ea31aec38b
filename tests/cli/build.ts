import { build } from 'vite';

/**
 * Builds the library once before the tests: the command line, the browser's file and the gallery
 * are tested as they are shipped.
 */
export async function setup(): Promise<void> {
  await build({ logLevel: 'error' });
  await build({ logLevel: 'error', mode: 'browser' });
  await build({ logLevel: 'error', configFile: 'demos/vite.config.ts' });
}
