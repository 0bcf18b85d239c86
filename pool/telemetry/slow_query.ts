/**
 * Telling of statements that took too long.
 *
 * @module
 */
import { callerLine } from "../caller.ts";
import type { PoolLogger } from "./pool_log.ts";

/** A statement that took longer than `slowQueryAfter`. */
export interface SlowQuery {
  /** Its text with placeholders; in a text without placeholders every literal is `?`. */
  readonly text: string;
  /** Its command and the first thing it is about, for example `"SELECT users"`. */
  readonly summary: string;
  /** Milliseconds from being given to a connection to the end of its answer. */
  readonly duration: number;
  /** Milliseconds it waited for a connection before. */
  readonly wait: number;
  /** Rows it returned or affected, if it told. */
  readonly rows: number | undefined;
  /** SQLSTATE, or the code or name of the error, if it failed. */
  readonly errorType: string | undefined;
  /** The line that ran it, where the runtime knows. */
  readonly line: string | undefined;
  /** The trace it belongs to, if there is one. */
  readonly traceId: string | undefined;
  /** The tier it ran on. */
  readonly tier: string;
}

/** What is slow, and who is told. */
export interface SlowQueryWatch {
  /** Milliseconds from which a statement is slow. */
  readonly after: number;
  /** Told of it. Default: a warning through `logger`. */
  readonly onSlowQuery: ((query: SlowQuery) => void) | undefined;
  /** The pool's logger. */
  readonly logger: PoolLogger | undefined;
}

/** Tells of a slow statement; call it where the caller's line can be found, in a function it awaits. */
export function reportSlowQuery(watch: SlowQueryWatch, query: Omit<SlowQuery, "line">): void {
  const found: SlowQuery = { ...query, line: callerLine(reportSlowQuery) };
  if (watch.onSlowQuery !== undefined) return watch.onSlowQuery(found);
  const { text, duration, wait, line } = found;
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  const waited = wait >= 1 ? `, after waiting ${Math.round(wait)} ms for a connection` : "";
  watch.logger?.warn?.(
    `A statement took ${Math.round(duration)} ms${waited}: "${shown}"${
      line === undefined ? "" : ` at ${line}`
    }`,
    { event: "slow_query", ...found },
  );
}
