/**
 * The errors of a pool and of what runs on it.
 *
 * @module
 */
import type { PoolStats } from "./pool_stats.ts";
import { LifeguardError, type LifeguardErrorOptions } from "./wire/errors.ts";

/** Who has held a slot for the longest time when a wait for one ended. */
export interface SlotHolder {
  /** Milliseconds it has held the slot, or has run the statement. */
  readonly heldFor: number;
  /** The text of its statement, if one runs or ran. No values. */
  readonly query: string | undefined;
  /** The line that took the slot, for a reservation or a transaction. */
  readonly takenAt: string | undefined;
}

/** What the pool looked like when a wait ended. */
export interface PoolSnapshot {
  /** The counts of every tier. */
  readonly stats: PoolStats;
  /** Who has held a slot for the longest time. */
  readonly longestHolder: SlotHolder | undefined;
  /** The last failure to connect, when no connection could be made. */
  readonly connectError: Error | undefined;
}

/** No slot came free within `acquireTimeout`. */
export class PoolTimeoutError extends LifeguardError {
  /** "POOL_TIMEOUT": the heading to read in `docs/errors.md`. */
  readonly code = "POOL_TIMEOUT";
  /** The timeout in milliseconds. */
  readonly timeout: number;
  /** What the pool looked like. */
  readonly snapshot: PoolSnapshot;

  /** Creates the error from the timeout in milliseconds and what the pool looked like. */
  constructor(timeout: number, snapshot: PoolSnapshot) {
    super(`Cannot get a connection within ${timeout} ms: ${explain(snapshot)}`, {
      retryable: true,
      cause: snapshot.connectError,
    });
    this.timeout = timeout;
    this.snapshot = snapshot;
  }
}

function explain({ stats, longestHolder, connectError }: PoolSnapshot): string {
  const { size, idle, busy, reserved, waiting } = stats;
  if (size === 0 && connectError !== undefined) {
    return `the server cannot be reached (${connectError.message})`;
  }
  if (size === 0) {
    return `no connection is open, and ${
      counted(waiting, "call")
    } waited for one to be made; check the address and the network, or raise "acquireTimeout"`;
  }
  const counts = `${counted(size, "connection")}: ${idle} idle, ${busy} busy, ${reserved} reserved, and ${
    counted(waiting, "call")
  } waiting`;
  if (longestHolder === undefined) return `${counts}; raise "max" or "acquireTimeout"`;
  const { heldFor, query, takenAt } = longestHolder;
  const what = query === undefined ? "" : ` for "${query.length > 200 ? query.slice(0, 200) + "…" : query}"`;
  const where = takenAt === undefined ? "" : ` taken at ${takenAt}`;
  return `the server is up but busy (${counts}; the longest holder has had one for ${
    Math.round(heldFor)
  } ms${what}${where}); end it sooner, or raise "max" or "acquireTimeout"`;
}

/** A number with its noun. */
function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** More calls wait than `maxWaiting` allows. */
export class PoolQueueFullError extends LifeguardError {
  /** "POOL_QUEUE_FULL": the heading to read in `docs/errors.md`. */
  readonly code = "POOL_QUEUE_FULL";
  /** How many may wait. */
  readonly maxWaiting: number;

  /** Creates the error from how many may wait. */
  constructor(maxWaiting: number) {
    super(
      `Cannot wait for a connection: ${
        counted(maxWaiting, "call")
      } already waiting; send fewer at a time, or raise "max" or "maxWaiting"`,
      { retryable: true },
    );
    this.maxWaiting = maxWaiting;
  }
}

/** The pool was closed. */
export class PoolClosedError extends LifeguardError {
  /** "POOL_CLOSED": the heading to read in `docs/errors.md`. */
  readonly code = "POOL_CLOSED";

  /** Creates the error; `what` could not be done. */
  constructor(what: string) {
    super(`Cannot ${what}: the pool is closed; create a new one, or close it later`);
  }
}

/** Calls inside transactions wait for connections that only these transactions could give back. */
export class PoolDeadlockError extends LifeguardError {
  /** "POOL_DEADLOCK": the heading to read in `docs/errors.md`. */
  readonly code = "POOL_DEADLOCK";

  /** Creates the error from how many connections there are. */
  constructor(size: number) {
    super(
      "Cannot get a connection: this call is made inside a transaction or reservation, and " +
        (size === 1
          ? "the only connection is held by a caller that waits"
          : `all ${size} connections are held by callers that wait`) +
        ' for another one; use the transaction\'s own methods inside it, or raise "max"',
    );
  }
}

/** A write that a session relied on cannot be shown to have survived a failover. */
export class WriteLostError extends LifeguardError {
  /** "WRITE_LOST": the heading to read in `docs/errors.md`. */
  readonly code = "WRITE_LOST";
  /** The token of the write. */
  readonly token: string;

  /** Creates the error from the token of the write. */
  constructor(token: string) {
    super(
      `Cannot read what was written before "${token}": the database has failed over, and the new primary cannot be shown ` +
        "to have it; check what is there and write again what is missing",
    );
    this.token = token;
  }
}

/** A query that must return a row returned none. */
export class NotFoundError extends LifeguardError {
  /** "NOT_FOUND": the heading to read in `docs/errors.md`. */
  readonly code = "NOT_FOUND";
  /** The statement's text. No values. */
  readonly query: string;

  /** Creates the error from the statement's text, and where a row was missed that another refers to, its message. */
  constructor(
    query: string,
    message = "Cannot return a row: the query found none; use maybeOne() where that may be",
  ) {
    super(message);
    this.query = query;
  }
}

/** A query that must return at most one row returned several. */
export class TooManyRowsError extends LifeguardError {
  /** "TOO_MANY_ROWS": the heading to read in `docs/errors.md`. */
  readonly code = "TOO_MANY_ROWS";
  /** The statement's text. No values. */
  readonly query: string;
  /** How many rows it returned. */
  readonly count: number;

  /** Creates the error from the statement's text and how many rows it returned. */
  constructor(query: string, count: number) {
    super(`Cannot return one row: the query found ${count}; narrow it, or use query()`);
    this.query = query;
    this.count = count;
  }
}

/** A transaction, reservation or lock was used after its end. */
export class TransactionClosedError extends LifeguardError {
  /** "TRANSACTION_CLOSED": the heading to read in `docs/errors.md`. */
  readonly code = "TRANSACTION_CLOSED";

  /** Creates the error; `what` is the thing that has ended, for example `"transaction"`. */
  constructor(what: string, options: LifeguardErrorOptions = {}) {
    super(
      `Cannot use the ${what}: it has ended; await everything inside it, and keep no reference to it`,
      options,
    );
  }
}

/** COMMIT did not commit, because a statement had failed and the error was not passed on. */
export class TransactionAbortedError extends LifeguardError {
  /** "TRANSACTION_ABORTED": the heading to read in `docs/errors.md`. */
  readonly code = "TRANSACTION_ABORTED";

  /** Creates the error; its cause is the failed statement's, if known. */
  constructor(options: LifeguardErrorOptions = {}) {
    super(
      "Cannot commit: a statement in the transaction failed, so PostgreSQL rolled it back; let its error pass, or " +
        "run it in a nested transaction",
      options,
    );
  }
}
