import { build } from 'vite';

/** Builds the library once before the tests: the command line is tested as it is shipped. */
export async function setup(): Promise<void> {
  await build({ logLevel: 'error' });
}
