import { expose } from '../frame/comlink.js';
import { DeviceLostError, openGpu, type Gpu } from 'metaplastic';
import { live, type Look } from './life.js';
import type { WayName } from './ways.js';

/** One of two networks: the way it learns, and its learning rate. */
export interface Runner {
  readonly way: WayName;
  readonly rate: number;
}

let gpu: Gpu | undefined,
  race = 0;

const api = {
  /**
   * Two networks live side by side, a look at each in turn, until both lives are over or `stop` is
   * called.
   */
  async run(
    runners: readonly Runner[],
    seed: number,
    saw: (runner: number, look: Look) => void,
  ): Promise<void> {
    const mine = ++race;
    try {
      gpu ??= await openGpu();
      const lives = runners.map(({ way, rate }) => live(gpu!, way, seed, rate));
      try {
        for (let running = true; running && mine === race;) {
          running = false;
          for (const [k, life] of lives.entries()) {
            const { value, done } = await life.next();
            if (!done) {
              running = true;
              saw(k, value);
            }
          }
        }
      } finally {
        for (const life of lives) await life.return(undefined);
      }
    } catch (error) {
      if (error instanceof DeviceLostError) gpu = undefined;
      throw error;
    }
  },
  stop(): void {
    race++;
  },
};

export type RulesWorker = typeof api;
expose(api);
