import { defineConfig, type Plugin } from 'vitest/config';

/** Turns `*.wgsl` into strings, so that shaders travel inside the ESM files. */
const wgsl: Plugin = {
  name: 'wgsl',
  transform(code, id) {
    return id.endsWith('.wgsl') ? { code: `export default ${JSON.stringify(code)}`, map: null } : undefined;
  },
};

export default defineConfig({
  plugins: [wgsl],
  build: {
    target: 'es2023', minify: false, sourcemap: true, emptyOutDir: false,
    lib: { entry: { index: 'src/index.ts', 'bench/index': 'src/bench/index.ts', node: 'src/node.ts', cli: 'src/cli.ts' }, formats: ['es'] },
    rolldownOptions: {
      external: [/^node:/, 'webgpu', 'wesl', /^wesl\//, /^wgsl_reflect/, 'fflate', 'fast-png', 'valibot'],
      output: { preserveModules: true, preserveModulesRoot: 'src', entryFileNames: chunk => `${chunk.name.replace(/^node_modules/, 'vendor')}.js` },
    },
  },
  test: { include: ['tests/**/*.test.ts'], globalSetup: 'tests/cli/build.ts', testTimeout: 60_000, maxWorkers: 2 },
});
