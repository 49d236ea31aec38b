import { MetaplasticError } from '../errors.js';
import type { Plan } from '../gpu/plan.js';
import type { Lifetimes } from './lifetimes.js';

/**
 * How lifetimes are made that are not there: planned within so many bytes of their own, or refused.
 */
export interface Recipe {
  readonly planWithin: (bytes: number) => Plan;
  readonly make: (plan: Plan) => Promise<Lifetimes>;
}

/**
 * The lifetimes that a learner keeps, of every shape of work that it was asked, because their
 * kernels take time to compile. Those asked least recently go when the budget is full; what has
 * gone is made anew when it is asked again.
 */
export class KeptLifetimes {
  private readonly kept = new Map<string, Lifetimes>();

  /** `bytes`: GPU memory for all of them together. `first` is used at every turn: it goes last. */
  constructor(
    private readonly bytes: number,
    private readonly first: string,
    lifetimes: Lifetimes,
  ) {
    this.kept.set(first, lifetimes);
  }

  async of(key: string, { planWithin, make }: Recipe): Promise<Lifetimes> {
    const found = this.kept.get(key);
    if (found) {
      this.kept.delete(key);
      this.kept.set(key, found); // the last to go now
      return found;
    }
    const plan = this.planBeside(planWithin);
    const oldest = [...this.kept.keys()].filter(other => other !== this.first);
    for (const other of [...oldest, this.first]) {
      if (this.allocatedBytes + plan.ownBytes <= this.bytes) break;
      this.letGo(other);
    }
    const made = await make(plan);
    this.kept.set(key, made);
    return made;
  }

  /** A plan that leaves room for the first, if there is one. */
  private planBeside(planWithin: Recipe['planWithin']): Plan {
    const first = this.kept.get(this.first)?.allocatedBytes ?? 0;
    try {
      return planWithin(this.bytes - first);
    } catch (error) {
      if (first === 0 || !(error instanceof MetaplasticError)) throw error;
      return planWithin(this.bytes);
    }
  }

  get allocatedBytes(): number {
    return [...this.kept.values()].reduce((sum, lifetimes) => sum + lifetimes.allocatedBytes, 0);
  }

  /** Lets all go but the first. */
  release(): void {
    for (const key of this.kept.keys()) if (key !== this.first) this.letGo(key);
  }

  destroy(): void {
    for (const key of this.kept.keys()) this.letGo(key);
  }

  private letGo(key: string): void {
    this.kept.get(key)?.destroy();
    this.kept.delete(key);
  }
}
