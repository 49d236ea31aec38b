/**
 * The one error of this library: `where: expected what, got what; what to do`.
 * `where` names the public function, file or config key in the user's own spelling.
 */
export class MetaplasticError extends Error {
  constructor(where: string, problem: string, hint?: string) {
    super(`${where}: ${problem}${hint ? `; ${hint}` : ''}`);
    this.name = 'MetaplasticError';
  }
}

/** A meta-step of which too few lifetimes were finite; the meta-parameters are what they were. */
export class DivergenceError extends MetaplasticError {}

/**
 * The GPU's device is gone: a driver was reset, a tab was too greedy, somebody destroyed it. A new
 * device can take up the last checkpoint.
 */
export class DeviceLostError extends MetaplasticError {}
