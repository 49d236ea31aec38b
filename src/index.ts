export * from './browser.js';
export { interference, type Interference } from './run/interference.js';
export { readOmniglot } from './tasks/omniglot.js';
