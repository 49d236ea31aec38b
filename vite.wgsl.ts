import type { Plugin } from 'vite';

/** Turns `*.wgsl` into strings, so that shaders travel inside the ESM files; for the browser's one file without comments, and without spaces where none is needed. */
export const wgsl = ({ terse = false } = {}): Plugin => ({
  name: 'wgsl',
  transform(code, id) {
    const source = terse ? code.replaceAll(/\/\/.*$/gm, '').replaceAll(/^\s+|[ \t]+$/gm, '').replaceAll(/ *([-,;:{}()+*/%&|?<>=!]+) */g, '$1').replaceAll(/([;{}])\n+/g, '$1') : code;
    return id.endsWith('.wgsl') ? { code: `export default ${JSON.stringify(source)}`, map: null } : undefined;
  },
});
