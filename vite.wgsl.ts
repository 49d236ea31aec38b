import type { Plugin } from 'vite';

/** Turns `*.wgsl` into strings, so that shaders travel inside the ESM files. */
export const wgsl: Plugin = {
  name: 'wgsl',
  transform(code, id) {
    return id.endsWith('.wgsl') ? { code: `export default ${JSON.stringify(code)}`, map: null } : undefined;
  },
};
