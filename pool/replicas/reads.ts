/**
 * Where the reads of a pool go.
 *
 * ## Invariants
 *
 * - Only what is promised to be a read comes here; a replica's refusal to write (25006) sends it to the primary.
 * - A read is sent to each replica at most once, then to the primary, whose answer counts. Only what the caller gave up,
 *   or what took too long, is not sent elsewhere.
 * - A strong read takes a replica's rows only when the label read before them, on the same connection, shows that the
 *   replica had replayed the session's token and the statement's floor: what a monitor believes only chooses.
 * - A strong read never returns rows of a timeline that a token of its session is not shown to have survived on.
 *
 * @module
 */
import { type LabelledOptions, type LabelledRows, labelledRows, Labelling } from "../consistency/labelled.ts";
import {
  type ConsistencySession,
  FLOOR_OF_CACHED,
  FLOOR_OF_QUERIES,
} from "../consistency/consistency_session.ts";
import type { ConsistencySessions } from "../consistency/current_session.ts";
import { formatToken, type Token } from "../consistency/token.ts";
import type { QueryOptions } from "../executor.ts";
import { WriteLostError } from "../pool_errors.ts";
import type { Sql } from "../sql/sql.ts";
import type { PoolTier } from "../tier/pool_tiers.ts";
import { ConnectionError, LifeguardError, QueryTimeoutError } from "../wire/errors.ts";
import { PostgresError, SQLSTATE } from "../wire/postgres_error.ts";
import type { QueryExchange, QueryResult } from "../wire/session/query_exchange.ts";
import type { ReadPreference } from "./read_preference.ts";
import type { ReplicaMonitor } from "./replica_monitor.ts";
import type { Replicas } from "./replicas.ts";
import { type ReadCall, submitRead, type SubmittedRead } from "./submit_read.ts";
import { survived } from "./survival.ts";

/** How often a labelled read is made again on one server when its labels say nothing. */
const MOST_READINGS = 3;

/** What the reads of a pool need of it. */
export interface ReadsHome {
  readonly primary: PoolTier;
  readonly replicas: Replicas;
  readonly sessions: ConsistencySessions;
  readonly settings: { readonly queryTimeout: number; readonly strongWait: number };
}

/** A read on its way, and its latest sending. */
interface Call extends LabelledOptions {
  readonly timeout: number;
  latest: QueryExchange | undefined;
}

/** The reads of one pool. */
export class Reads {
  readonly #home: ReadsHome;

  /** There are none yet. */
  constructor(home: ReadsHome) {
    this.#home = home;
  }

  /** Runs a read where the preference, which is not `"primary"`, allows. */
  async run(
    statement: Sql<unknown>,
    options: QueryOptions,
    preference: Exclude<ReadPreference, "primary">,
  ): Promise<QueryResult> {
    const call = this.#call(options);
    if (preference === "strong") {
      const { rows } = await this.#strong(statement, call);
      return { rows, tag: `SELECT ${rows.length}` };
    }
    const found = await this.#onReplicas(
      (monitor) => submit(monitor.poolTier, statement, call, { hasAlternative: true }).outcome,
      options.signal,
    );
    return found ?? await submit(this.#home.primary, statement, call, {}).outcome;
  }

  /** Runs a labelled read; on a replica only where that is allowed. */
  async labelled(statement: Sql<unknown>, options: LabelledOptions): Promise<LabelledRows<unknown>> {
    const call = this.#call(options);
    const { replicas, settings } = this.#home;
    if (options.replicas === true && !replicas.isEmpty) {
      const need = options.atLeast;
      const first = need === undefined
        ? replicas.choose()
        : await replicas.reaching(need, settings.strongWait);
      const found = first === undefined
        ? undefined
        : await this.#replicaRead(statement, call, { first, need });
      if (found !== undefined) return found;
    }
    return await this.#labelledOn(this.#home.primary, statement, call, false);
  }

  async #strong(
    statement: Sql<unknown>,
    call: Call,
  ): Promise<LabelledRows<Record<string, unknown>>> {
    const { replicas, sessions, settings, primary } = this.#home;
    const session = sessions.current;
    const key = statement.text;
    const need = needOf(session, key);
    let found: LabelledRows<Record<string, unknown>> | undefined;
    if (need !== "primary" && !replicas.isEmpty) {
      const first = need === undefined
        ? replicas.choose()
        : await replicas.reaching(need, settings.strongWait);
      if (first !== undefined) found = await this.#replicaRead(statement, call, { first, need });
    }
    if (found === undefined) {
      found = await this.#labelledOn<Record<string, unknown>>(primary, statement, call, false);
      await this.#assertSurvived(session, found.timeline);
    }
    session.raiseFloor(key, found.upper, found.timeline);
    session.raiseFloor(FLOOR_OF_QUERIES, found.upper, found.timeline);
    return found;
  }

  /** Reads from replicas, each of which must prove that it is new enough; undefined when none could. */
  async #replicaRead<Row>(
    statement: Sql<unknown>,
    call: Call,
    { first, need }: { readonly first: ReplicaMonitor; readonly need: Token | undefined },
  ): Promise<LabelledRows<Row> | undefined> {
    return await this.#onReplicas(
      async (monitor) => {
        const found = await this.#labelledOn<Row>(monitor.poolTier, statement, call, true);
        monitor.learned(found.timeline, found.version);
        if (need === undefined) return found;
        return found.timeline === need.timeline && found.version >= need.lsn ? found : undefined;
      },
      call.signal,
      first,
    );
  }

  async #labelledOn<Row>(
    poolTier: PoolTier,
    statement: Sql<unknown>,
    call: Call,
    hasAlternative: boolean,
  ): Promise<LabelledRows<Row>> {
    for (let reading = 1; reading <= MOST_READINGS; reading++) {
      const escort = new Labelling();
      const { exchange, outcome } = submit(poolTier, statement, call, { hasAlternative, escort });
      await outcome;
      const labels = await escort.labels();
      if (labels !== undefined) return labelledRows(exchange, labels, poolTier.tier.name);
    }
    throw new ConnectionError(
      "Cannot label the read: its connection's statements, or its server's role, keep changing",
      { retryable: true },
    );
  }

  /** What a read comes to on the first replica that answers it; undefined when it is for the primary. */
  async #onReplicas<T>(
    read: (monitor: ReplicaMonitor) => Promise<T | undefined>,
    signal: AbortSignal | undefined,
    first = this.#home.replicas.choose(),
  ): Promise<T | undefined> {
    const tried = new Set<ReplicaMonitor>();
    for (let monitor = first; monitor !== undefined; monitor = this.#home.replicas.choose(tried)) {
      tried.add(monitor);
      try {
        const found = await read(monitor);
        if (found !== undefined) return found;
      } catch (error) {
        if (signal?.aborted) throw error;
        const next = nextAfter(error);
        if (next === "nowhere") throw error;
        if (next === "primary") return undefined;
        if (next === "replica, this one failed") monitor.failed();
      }
    }
    return undefined;
  }

  /** Refuses to go on when something the session wrote is not shown to be on the primary's timeline. */
  async #assertSurvived(session: ConsistencySession, timeline: string): Promise<void> {
    const { token } = session;
    const questionable = session.foreign.filter((foreign) => foreign.timeline !== timeline);
    if (token !== undefined && token.timeline !== timeline) questionable.push(token);
    for (const foreign of session.foreign) if (foreign.timeline === timeline) session.forget(foreign);
    for (const one of questionable) {
      const isThere = await survived(this.#home.primary, one);
      session.forget(one);
      if (!isThere) throw new WriteLostError(formatToken(one));
      // Both timelines have the log up to where the new one began.
      session.raise({ timeline, lsn: one.lsn });
    }
  }

  #call({ timeout = this.#home.settings.queryTimeout, ...rest }: LabelledOptions): Call {
    return { ...rest, timeout, latest: undefined };
  }
}

/** Sends a call to a tier; all its sendings share one deadline, which begins with the first. */
function submit(
  poolTier: PoolTier,
  statement: Sql<unknown>,
  call: Call,
  how: Pick<ReadCall, "hasAlternative" | "escort">,
): SubmittedRead {
  const { timeout, signal, raw, latest } = call;
  signal?.throwIfAborted();
  const submitted = submitRead(poolTier, statement, {
    ...how,
    timeout,
    signal,
    raw,
    deadline: latest?.deadline ?? 0,
  });
  call.latest = submitted.exchange;
  return submitted;
}

/** What a session's read of a statement must have; `"primary"` when only that can tell. */
function needOf(session: ConsistencySession, key: string): Token | undefined | "primary" {
  if (session.isUncertain) return "primary";
  const { token } = session;
  const floor = higher(session.floorOf(key), session.floorOf(FLOOR_OF_CACHED));
  if (token === undefined || floor === undefined) return token ?? floor;
  if (token.timeline !== floor.timeline) return "primary";
  return token.lsn > floor.lsn ? token : floor;
}

/** The higher of two floors, which are of one timeline. */
function higher(one: Token | undefined, other: Token | undefined): Token | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.lsn > other.lsn ? one : other;
}

/** Where a read goes that failed on a replica. */
type Next = "nowhere" | "primary" | "replica" | "replica, this one failed";

function nextAfter(error: unknown): Next {
  if (error instanceof QueryTimeoutError) return "nowhere";
  if (error instanceof ConnectionError) return "replica, this one failed";
  if (error instanceof PostgresError) {
    // What runs too long would do so elsewhere, unless it was in the way of replaying.
    if (error.sqlState === SQLSTATE.queryCanceled && !/recovery/.test(error.message)) return "nowhere";
    if (error.sqlState === SQLSTATE.serializationFailure) return "replica";
    if (error.sqlState === SQLSTATE.deadlockDetected || error.sqlState === SQLSTATE.queryCanceled) {
      return "replica";
    }
    // It may be that the replica has not replayed what creates a table, or that standbys do not do this.
    return "primary";
  }
  if (error instanceof LifeguardError && error.code === "POOL_CLOSED") return "nowhere";
  return error instanceof LifeguardError && error.retryable ? "replica" : "nowhere";
}
