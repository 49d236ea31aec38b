import type { Plugin } from 'vite';

/** Turns `*.wgsl` into strings, so that shaders travel inside the ESM files; for the browser's one file without comments and indents. */
export const wgsl = ({ terse = false } = {}): Plugin => ({
  name: 'wgsl',
  transform(code, id) {
    const source = terse ? code.replaceAll(/\/\/.*$/gm, '').replaceAll(/^\s+|[ \t]+$/gm, '') : code;
    return id.endsWith('.wgsl') ? { code: `export default ${JSON.stringify(source)}`, map: null } : undefined;
  },
});
