/** What a driver needs of one application process: reads by key in a mode, writes, and tokens to hand on. */
import type { ReadMode, ReadOrigin } from "../../../reflector/audit/history.ts";

/** What was read. */
export interface Answer {
  /** The number in the row; undefined: there is no such row. */
  readonly state: number | undefined;
  readonly origin: ReadOrigin;
}

/** What a write does: changes the row, or removes it; where there is none, both put one there. */
export type WriteKind = "put" | "remove";

/** How a row is written. */
export const WRITE_WAYS = ["model", "sql", "statement"] as const;

/** By the model in a transaction, by SQL in a transaction, or by one statement. */
export type WriteWay = typeof WRITE_WAYS[number];

/** What is known of a write while it goes on. */
export interface Writing {
  /** The state it got a number for, as soon as it has. */
  state?: number;
  /** Whether there is no row in that state. */
  absent?: boolean;
  /** Whether it may happen although its number was never told. */
  isSent?: boolean;
}

/** One application process. */
export interface Client extends AsyncDisposable {
  readonly name: string;
  /** Runs something as one session, which reads nothing older than a token. */
  session<T>(work: () => Promise<T>, token?: string): Promise<T>;
  read(id: number, mode: ReadMode): Promise<Answer>;
  /** Writes a row and its next number; tells the number in `writing` before the commit is sent. */
  write(id: number, options: { kind: WriteKind; way: WriteWay; writing: Writing }): Promise<void>;
  /** The running session's token. */
  token(): string | undefined;
  /** Whether a cached read may be believed at this moment. */
  readonly isTrusting: boolean;
}
