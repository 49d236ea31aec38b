export {
  centralDifferences,
  centralDifferencesOfFour,
  relativeError,
  relativeErrors,
} from '../../src/reference/central-differences.js';
