import { describe, expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { ADJOINTS, type Budget, describePlan, type Machine, makePlan, mebibytes, type Plan, type PlanChoices, type Work } from '../../src/gpu/plan.js';
import { defineSystem, type SystemSpec } from '../../src/systems/system.js';
import { random } from '../../src/tasks/random.js';

/** WebGPU's default limits. */
const software: Machine = { software: true, maxBindingBytes: 128 * 2 ** 20, maxWorkgroups: 65535, maxInvocations: 256 }, hardware: Machine = { ...software, software: false };
const MiB = 2 ** 20, plenty: Budget = { memory: 1024 * MiB, dispatchSeconds: 10 };

type Wish = Partial<Work> & { spec?: SystemSpec };
const work = ({ spec = { sizes: [1, 32, 32, 1] }, ...wish }: Wish = {}): Work => ({
  system: defineSystem(spec), tasks: 64, steps: 20, batch: 1, queries: 20, adjoint: 'store', moments: [wish.steps ?? 20], momentWeights: [1], images: 0, ...wish,
});
const plan = (wish: Wish = {}, budget: Partial<Budget> = {}, choices: PlanChoices = {}, machine = software): Plan => makePlan(work(wish), machine, { ...plenty, ...budget }, choices);
const refusal = (make: () => unknown): string => {
  try { make(); } catch (error) {
    expect(error).toBeInstanceOf(MetaplasticError);
    return (error as Error).message;
  }
  throw new Error('expected a refusal, got a plan');
};

describe('a plan keeps to', () => {
  // Any work, any budget: either a plan within it or a refusal.
  const draws = Array.from({ length: 300 }, (_, k) => {
    const r = random(11, k), pick = <T>(of: readonly T[]) => of[r.below(of.length)]!;
    const spec: SystemSpec = { sizes: Array.from({ length: 3 + r.below(3) }, () => 1 + r.below(100)), frozen: pick([[], [1], [2]]), alpha: pick(['synapse', 'layer']) };
    const steps = 1 + r.below(500), wish = { spec, tasks: 1 + r.below(3000), steps, batch: 1 + r.below(5), queries: 1 + r.below(30), adjoint: pick([...ADJOINTS, 'none']), images: pick([0, 0, 100]) } as const;
    const budget = { memory: pick([4, 16, 64, 256]) * MiB, dispatchSeconds: pick([1e-3, 0.1, 1]) }, machine = { ...pick([software, hardware]), maxBindingBytes: pick([1, 16, 128]) * MiB };
    try { return { plan: plan({ ...wish, moments: pick([[steps], [0, steps]]).slice(), momentWeights: undefined } as Wish, budget, {}, machine), budget, machine }; } catch { return undefined; }
  }).filter(d => d !== undefined);

  test('nothing that most draws would not reach', () => {
    expect(draws.length).toBeGreaterThan(100);
    expect(new Set(draws.map(d => d.plan.adjoint)).size).toBe(4);
    for (const many of ['chunks', 'segments'] as const) expect(draws.filter(d => d.plan[many] > 1).length).toBeGreaterThan(20);
  });
});
