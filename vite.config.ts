import { defineConfig, type UserConfig } from 'vite';
import { withoutSaid } from './vite.said.js';
import { wgsl } from './vite.wgsl.js';

/** The library module by module, for package managers. */
const library: UserConfig['build'] = {
  target: 'es2023',
  minify: false,
  emptyOutDir: false,
  lib: {
    entry: {
      index: 'src/index.ts',
      'bench/index': 'src/bench/index.ts',
      'report/index': 'src/report/index.ts',
      'tasks/symbols/index': 'src/tasks/symbols/index.ts',
      node: 'src/node.ts',
      cli: 'src/cli.ts',
    },
    formats: ['es'],
  },
  rolldownOptions: {
    external: [/^node:/, 'webgpu', 'wesl', /^wesl\//, 'fflate', 'fast-png', 'jpeg-js', 'valibot'],
    output: {
      preserveModules: true,
      preserveModulesRoot: 'src',
      entryFileNames: chunk => `${chunk.name.replace(/^node_modules/, 'vendor')}.js`,
    },
  },
};

/**
 * The library with all it needs in one file, which a plain script tag imports: `vite build --mode
 * browser`. What reads images is in files of its own, loaded when it is needed.
 */
const browser: UserConfig['build'] = {
  target: 'es2023',
  minify: true,
  emptyOutDir: false,
  lib: { entry: { 'metaplastic.browser': 'src/browser.ts' }, formats: ['es'] },
  rolldownOptions: {
    preserveEntrySignatures: 'allow-extension',
    output: { minify: true, comments: false, chunkFileNames: 'metaplastic.browser.[name].js' },
  },
};

export default defineConfig(({ mode }) => ({
  plugins: [wgsl({ terse: mode === 'browser' }), ...(mode === 'browser' ? [withoutSaid()] : [])],
  build: mode === 'browser' ? browser : library,
}));
