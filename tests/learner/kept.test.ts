import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import type { Plan } from '../../src/gpu/plan.js';
import { KeptLifetimes } from '../../src/learner/kept.js';
import type { Lifetimes } from '../../src/learner/lifetimes.js';
import { learnerFor } from '../kernels/agree.js';
import { useGpu } from '../kernels/open.js';
import { type ProblemSpec, randomProblem } from '../reference/random-problem.js';

describe('the lifetimes of a learner', () => {
  /** Lifetimes of so many bytes, which say when they are made and when they go. */
  function keeper(bytes: number, ofSteps: number) {
    const told: string[] = [];
    const stand = (name: string, allocatedBytes: number) =>
      ({ allocatedBytes, destroy: () => told.push(`${name} goes`) }) as unknown as Lifetimes;
    const kept = new KeptLifetimes(bytes, 'steps', stand('steps', ofSteps));
    const ask = (name: string, ownBytes: number) =>
      kept.of(name, {
        planWithin(room) {
          if (ownBytes > room)
            throw new MetaplasticError({ where: 'plan', problem: 'does not fit' });
          return { ownBytes } as Plan;
        },
        make: async () => {
          told.push(`${name} is made`);
          return stand(name, ownBytes);
        },
      });
    return { kept, told, ask };
  }

  test('stay within their bytes: those asked least recently go', async () => {
    const { kept, told, ask } = keeper(100, 40);
    for (const name of ['a', 'b', 'a', 'c']) await ask(name, 30);
    expect(told).toEqual(['a is made', 'b is made', 'b goes', 'c is made']);
    expect(kept.allocatedBytes).toBe(100);
  });

  test('of meta-steps go only for what fits in no other way, and are made anew', async () => {
    const { kept, told, ask } = keeper(100, 40);
    await ask('a', 60);
    await ask('b', 61);
    expect(told).toEqual(['a is made', 'a goes', 'steps goes', 'b is made']);
    await ask('steps', 40);
    expect(told.slice(4)).toEqual(['b goes', 'steps is made']);
    await expect(ask('c', 101)).rejects.toThrow('does not fit');
    expect(kept.allocatedBytes).toBe(40);
  });

  test('are let go on request, but for those of meta-steps', async () => {
    const { kept, told, ask } = keeper(100, 40);
    await ask('a', 30);
    kept.release();
    expect(told).toEqual(['a is made', 'a goes']);
    expect(kept.allocatedBytes).toBe(40);
  });
});

const under = useGpu();
const spec: ProblemSpec = { spec: { sizes: [1, 3, 1] }, tasks: 2, steps: 3 };
const problem = randomProblem({ ...spec, seed: 2 });
const shaped = (tasks: number) => randomProblem({ ...spec, tasks, seed: 3 }).episodes;

test('adapt of ever new shapes keeps to the budget of memory, and answers as a new learner does', async () => {
  const patient = await learnerFor(under.gpu, spec, problem);
  await patient.adapt(shaped(9));
  const memory = patient.allocatedBytes;
  patient.destroy();
  const learner = await learnerFor(under.gpu, spec, problem, { budget: { memory } });
  const first = await learner.adapt(shaped(5));
  for (const tasks of [6, 7, 8, 9]) {
    await learner.adapt(shaped(tasks));
    expect(learner.allocatedBytes).toBeLessThanOrEqual(memory);
  }
  expect(await learner.adapt(shaped(5))).toEqual(first);
  learner.destroy();
});

test('release frees what adapt has kept, and the learner goes on', async () => {
  const learner = await learnerFor(under.gpu, spec, problem);
  const before = learner.allocatedBytes;
  const first = await learner.adapt(shaped(5));
  expect(learner.allocatedBytes).toBeGreaterThan(before);
  await learner.release();
  expect(learner.allocatedBytes).toBe(before);
  expect(await learner.adapt(shaped(5))).toEqual(first);
  expect((await learner.step(problem.episodes)).counted).toBe(2);
  learner.destroy();
});
