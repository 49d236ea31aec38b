import { defineRule, parseConfig, type RunConfig, type WrittenRule } from 'metaplastic';
import recorded from './recorded/run.json';
import type { LearnerName } from './tasks.js';
import type { Look } from './worker.js';

/** A line of a recorded log, without what the page does not show. */
export interface RecordedLine {
  readonly metaStep: number;
  readonly medianLoss: number;
  readonly taskStepsPerSecond: number;
  readonly coefficients?: Readonly<Record<string, readonly number[]>>;
}

/** What `record.ts` writes. */
export interface Recorded {
  readonly config: RunConfig;
  readonly logs: Readonly<Record<LearnerName, readonly RecordedLine[]>>;
  readonly life: Look['life'];
  readonly spreads: readonly {
    readonly name: string;
    readonly born: readonly number[];
    readonly now: readonly number[];
  }[];
}

/** The run that the page shows before anybody has trained. */
export function readRecorded(): {
  readonly ran: { readonly rule: WrittenRule; readonly config: RunConfig };
  readonly logs: Record<LearnerName, RecordedLine[]>;
  readonly look: Look;
} {
  const { config, logs, life, spreads } = recorded as unknown as Recorded;
  const run = parseConfig(config, 'the recorded run');
  return {
    ran: { rule: defineRule(run.system.rule as never), config: run },
    logs: { rule: [...logs.rule], descent: [...logs.descent], oja: [...logs.oja] },
    look: {
      life,
      spreads: spreads.map(({ name, born, now }) => ({
        name,
        born: Float32Array.from(born),
        now: Float32Array.from(now),
      })),
    },
  };
}
