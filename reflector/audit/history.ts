/**
 * What a history of reads and writes consists of: what clients of a database and its cache did, and when.
 *
 * Every key goes through numbered states, in the order in which its row was changed: a writer takes the next number
 * under the row's lock, and writes it into the row. So a value that was read says which state it was read from, and no
 * guess about the order of concurrent writes is ever needed. Deleting the row is a state too; it cannot say its number.
 *
 * Times are milliseconds of one monotonic clock, that of the process which recorded the event; clocks of several
 * processes are brought together by whoever reads their events.
 *
 * @module
 */

/** What a read may ask for. */
export const READ_MODES = ["primary", "replica", "mixed", "strong"] as const;

/** What a read asked for. */
export type ReadMode = typeof READ_MODES[number];

/** Where an answer may come from: this process, the shared cache, a replica, the primary; or nobody can tell. */
export const READ_ORIGINS = ["near", "redis", "replica", "primary", "unknown"] as const;

/** Where an answer came from. */
export type ReadOrigin = typeof READ_ORIGINS[number];

/** A key was put into its next state, or maybe was. */
export interface WriteEvent {
  readonly kind: "write";
  readonly session: string;
  readonly key: string;
  /**
   * The number of the state. A number whose write failed may be taken again by another. Undefined: it was never told,
   * so the outcome is unknown, too.
   */
  readonly state: number | undefined;
  /** True when there is no row in this state. */
  readonly absent: boolean;
  /** When it was begun. */
  readonly sent: number;
  /** When its outcome was known, or known never to be known. */
  readonly ended: number;
  /** `"unknown"`: the connection was lost before the server said so; it may count or not. */
  readonly outcome: "acknowledged" | "unknown";
}

/** A key was read. */
export interface ReadEvent {
  readonly kind: "read";
  readonly session: string;
  readonly key: string;
  readonly mode: ReadMode;
  readonly origin: ReadOrigin;
  /** The number that was in the row; `"absent"` when there was none. */
  readonly found: number | "absent";
  readonly sent: number;
  readonly answered: number;
  /** Anything that helps to find the cause of a violation. */
  readonly note?: string;
}

/** A session's token was handed to another session. */
export interface PassEvent {
  readonly kind: "pass";
  readonly from: string;
  /** When the token was asked for, by the clock of the session it is from. */
  readonly taken: number;
  readonly to: string;
  /** When the other session had it, by that one's clock. */
  readonly accepted: number;
}

/**
 * Acknowledged writes may have been lost, in a failover: what was read or passed on meanwhile is not judged. States
 * that are written afterwards must have numbers above all that were ever given.
 */
export interface LossEvent {
  readonly kind: "loss";
  readonly from: number;
  readonly until: number;
}

/** One thing that happened. */
export type HistoryEvent = WriteEvent | ReadEvent | PassEvent | LossEvent;

/** When an event was over: from then on others must see it. */
export function endOf(event: HistoryEvent): number {
  switch (event.kind) {
    case "write":
      return event.ended;
    case "read":
      return event.answered;
    case "pass":
      return event.accepted;
    case "loss":
      return event.until;
    default:
      return event satisfies never;
  }
}
