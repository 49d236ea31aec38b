/**
 * What needs Node (or Bun, or Deno): opening a GPU without a browser.
 *
 * @module node
 */

export { openNodeGpu, type NodeGpuOptions } from './node/open.js';
