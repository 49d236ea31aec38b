export {
  type Problem,
  type ProblemSpec,
  randomProblem,
  solve,
  TARGETS,
} from '../../src/reference/random-problem.js';
