export { openNodeGpu } from './node/open.js';
