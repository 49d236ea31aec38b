/** What a signal does: it ends the process at once, or asks what is being done to stop. */
export interface Stop {
  /** From now on a signal ends the process, once `tell` has said what was being done. */
  now(tell: () => void): void;
  /** From now on only a second signal ends the process; the first tells, and aborts `signal`. */
  afterThis(tell?: () => void): void;
  readonly signal: AbortSignal;
  end(): void;
}

/** Ctrl-C, a request to end, and a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Hears signals until its `end`. */
export function onStop(): Stop {
  const stopping = new AbortController();
  const { signal } = stopping;
  let doing: { readonly tell?: () => void; readonly waits: boolean } = { waits: false };
  const hear = () => {
    if (!signal.aborted || !doing.waits) doing.tell?.();
    if (signal.aborted || !doing.waits) process.exit(130); // a second Ctrl-C does not wait
    stopping.abort();
  };
  for (const name of SIGNALS) process.on(name, hear);
  return {
    now(tell) {
      doing = { tell, waits: false };
    },
    afterThis(tell) {
      doing = { tell, waits: true };
    },
    signal,
    end() {
      for (const name of SIGNALS) process.off(name, hear);
    },
  };
}

/** What `work` comes to, or nothing if the signal stopped it. */
export const unlessStopped = <T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> =>
  work.catch((error: unknown) => {
    if (!signal.aborted || error !== signal.reason) throw error;
    return undefined;
  });
