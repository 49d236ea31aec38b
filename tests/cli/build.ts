import { build } from 'vite';

/** Builds the library once before the tests: the command line and the browser's file are tested as they are shipped. */
export async function setup(): Promise<void> {
  await build({ logLevel: 'error' });
  await build({ logLevel: 'error', mode: 'browser' });
}
