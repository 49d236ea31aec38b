import { expect } from 'vitest';
import { MetaplasticError } from '../src/errors.js';

/** What a call says that is refused. */
export async function refusal(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(MetaplasticError);
    return (error as Error).message;
  }
  throw new Error('expected a refusal, got none');
}
