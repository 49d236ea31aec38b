export {
  type Problem,
  type ProblemSpec,
  randomProblem,
  solve,
} from '../../src/reference/random-problem.js';
