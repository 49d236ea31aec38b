export * from './browser.js';
export { readOmniglot } from './tasks/omniglot.js';
