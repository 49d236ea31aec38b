import { findWebGpu } from './frame/webgpu.js';

await findWebGpu('The demos show what was recorded.');
