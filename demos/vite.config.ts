import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { wgsl } from '../vite.wgsl.js';
import { DEMOS, frame } from './frame/html.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The gallery: a static site of one page a demo, which works from any folder of any server. */
export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [wgsl(), frame],
  resolve: {
    alias: [
      { find: /^metaplastic$/, replacement: here('../src/index.ts') },
      { find: /^metaplastic\/bench$/, replacement: here('../src/bench/index.ts') },
      { find: /^metaplastic\/report$/, replacement: here('../src/report/index.ts') },
      {
        find: /^metaplastic\/symbols$/,
        replacement: here('../src/tasks/symbols/index.ts'),
      },
      { find: /^metaplastic\/node$/, replacement: here('../src/node.ts') },
    ],
  },
  worker: { format: 'es', plugins: () => [wgsl({ terse: true })] },
  build: {
    target: 'es2023',
    outDir: here('../site'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: ['index.html', ...DEMOS.map(({ folder }) => `${folder}/index.html`)]
        .map(here)
        .filter(existsSync),
    },
  },
});
