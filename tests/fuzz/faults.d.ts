export interface Fault {
  /** The folder, as the program spells it. */
  readonly folder: string;
  /** Which of the things that are done to its files fails first; none, if it is left out. */
  readonly at?: number;
  /** SIGKILL, or the code of an error of the file system. */
  readonly how?: string;
  /** A file that is told how many there were. */
  readonly count?: string;
  /** Hears of each. */
  readonly heard?: (what: string) => void;
}

export function breakAt(fault: Fault): { done(): number; mend(): void };
