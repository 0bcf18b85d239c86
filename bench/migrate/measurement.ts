/** What the program that measures and a subject's process tell each other. */

/** What one process is to do once; its argument, as JSON. */
export interface Measurement {
  readonly task: string;
  /** The database that is read or changed. */
  readonly url: string;
  /** For `diff`: the other side. */
  readonly otherUrl: string;
  readonly tables: number;
  /** A folder of the subject's own: its migrations, in the form it reads. */
  readonly folder: string;
}

/** What a subject does. */
export interface Task {
  /** Whatever is not measured, such as what has to be there already. */
  readonly prepare?: () => Promise<unknown>;
  readonly run: () => Promise<unknown>;
  /** Throws where the outcome is not right. */
  readonly check?: (outcome: unknown) => void | Promise<void>;
}

/** What the line with the figure begins with. */
export const FIGURE = "milliseconds: ";

/** Throws unless a count is right. */
export function expectCount(what: string, found: unknown, expected: number): void {
  if (found !== expected) throw new Error(`${what}: ${found}, not ${expected}`);
}
