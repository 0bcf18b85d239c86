/**
 * A connection to PostgreSQL for one advisory lock, and the questions about who holds it.
 *
 * States: `open` → `closed`; each question has a deadline, after which the connection is destroyed. `closed` resolves
 * with why it is gone, and never rejects.
 *
 * @module
 */
import { CodecRegistry } from "../../pool/wire/codec/registry.ts";
import type { PoolOptions, ResolvedPoolOptions } from "../../pool/configuration/pool_options.ts";
import { resolvePoolOptions } from "../../pool/configuration/resolve_pool_options.ts";
import { openTargetSession } from "../../pool/tier/target_session.ts";
import { ConfigError, ConnectionError } from "../../pool/wire/errors.ts";
import { DatabaseKnowledge } from "../../pool/wire/session/database_knowledge.ts";
import { QueryExchange } from "../../pool/wire/session/query_exchange.ts";
import type { Session } from "../../pool/wire/session/session.ts";

/** The lock that candidates want. `pg_locks` shows its halves: https://www.postgresql.org/docs/18/view-pg-locks.html */
const KEY = `select hashtextextended($1::text, 0) as key`;

/** A standby has advisory locks of its own, which say nothing. */
const TRY_LOCK = `
  select pg_backend_pid() as pid,
         case when pg_is_in_recovery() then null else pg_try_advisory_lock(key) end as locked
    from (${KEY}) as wanted`;

const UNLOCK = `select pg_advisory_unlock(key) from (${KEY}) as wanted`;

/** Who holds the lock, and for how long its connection has asked nothing, by the server's clock. */
const HOLDER = `
  select l.pid, a.application_name as name, a.usename as role, a.pid is null as "isGone",
         (extract(epoch from clock_timestamp() - coalesce(a.query_start, a.backend_start)) * 1000)::float8 as silence
    from (${KEY}) as wanted
    join pg_locks l on l.classid::int8 = (key >> 32) & 4294967295 and l.objid::int8 = key & 4294967295
    left join pg_stat_activity a on a.pid = l.pid
   where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
     and l.database = (select oid from pg_database where datname = current_database())`;

/** Asks again whether it is silent, so that nobody is ended who has taken over meanwhile. */
const END_SILENT =
  `select pg_terminate_backend(pid) as ended from (${HOLDER}) as holder where silence > $2::float8`;

/** Who holds the lock. */
export interface LockHolder {
  readonly pid: number;
  /** Whether its connection has ended meanwhile. */
  readonly isGone: boolean;
  /** Its application_name. */
  readonly name: string | null;
  /** Its role; null where the server does not say. */
  readonly role: string | null;
  /** Milliseconds since it began its latest statement; null where the asking role may not know. */
  readonly silence: number | null;
}

/** Makes connections that are alike. */
export class LockServer {
  readonly #settings: ResolvedPoolOptions;
  readonly #knowledge: DatabaseKnowledge;

  /**
   * Checks the options; nothing is connected yet.
   *
   * @throws {ConfigError} When a setting is wrong, or it is an embedded database.
   */
  constructor(database: string | URL | PoolOptions, applicationName: string) {
    const given = typeof database === "string" || database instanceof URL ? { url: database } : database;
    // Of several hosts the primary, since a standby has locks of its own.
    const options = { targetSessionAttrs: "primary", ...given, applicationName } as const;
    this.#settings = resolvePoolOptions(options as PoolOptions);
    if (this.#settings.primary.kind === "pglite") {
      throw new ConfigError(
        "url",
        "an embedded database has one process, which needs no election; name a server",
      );
    }
    this.#knowledge = new DatabaseKnowledge(new CodecRegistry(this.#settings.codecs), this.#settings);
  }

  /** Connects, within so many milliseconds. */
  async open(patience: number, signal: AbortSignal): Promise<LockSession> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    return new LockSession(await openTargetSession(this.#settings.primary, this.#knowledge, limit), patience);
  }
}

/** A connection of one candidate. */
export class LockSession {
  readonly #session: Session;
  readonly #patience: number;
  /** Why it is gone, when it is. */
  readonly closed: Promise<Error>;

  /** Takes over a connection, whose questions have so many milliseconds each. */
  constructor(session: Session, patience: number) {
    this.#session = session;
    this.#patience = patience;
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.closed = promise;
    session.listener = {
      progress: () => {},
      notification: () => {},
      closed: (_session, error, unsettled) => {
        for (const exchange of unsettled) exchange.reject(error);
        resolve(error);
      },
    };
    if (session.state === "closed") resolve(new ConnectionError("The connection was lost"));
  }

  /** Whether it can be asked. */
  get isOpen(): boolean {
    return this.#session.state === "ready";
  }

  /** Takes the lock if nobody has it. */
  async tryLock(key: string): Promise<boolean> {
    const [row] = await this.#ask(TRY_LOCK, [key]) as { pid: number; locked: boolean | null }[];
    if (row.pid !== this.#session.processId) {
      throw new ConfigError(
        "url",
        "a pooler hands out another connection for each transaction, which loses advisory locks; " +
          "give the reflector the address of the server itself",
      );
    }
    if (row.locked === null) {
      throw new ConnectionError(
        `Cannot campaign at ${this.#session.address}: it is a standby; name the primary too`,
      );
    }
    return row.locked;
  }

  /** Gives the lock back. */
  async unlock(key: string): Promise<void> {
    await this.#ask(UNLOCK, [key]);
  }

  /** Who holds the lock. */
  async holder(key: string): Promise<LockHolder | undefined> {
    const [row] = await this.#ask(HOLDER, [key]) as LockHolder[];
    return row;
  }

  /** Ends the holder's connection, if it has been silent for longer than so many milliseconds; says whether it did. */
  async endSilent(key: string, silence: number): Promise<boolean> {
    const [row] = await this.#ask(END_SILENT, [key, silence]) as { ended: boolean }[];
    return row?.ended === true;
  }

  /** Takes a name that others see. */
  async rename(name: string): Promise<void> {
    await this.#ask("select set_config('application_name', $1, false)", [name]);
  }

  /** Asks for a sign of life. */
  async probe(): Promise<void> {
    await this.#ask("select 1", []);
  }

  /** Says goodbye. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  /** Drops the connection at once. */
  destroy(): void {
    this.#session.destroy();
  }

  async #ask(text: string, parameters: readonly unknown[]): Promise<readonly unknown[]> {
    if (!this.isOpen) throw new ConnectionError("The connection was lost");
    const exchange = new QueryExchange(text, [...parameters], {});
    const timer = setTimeout(() => {
      const mute = `${this.#session.address} did not answer within ${this.#patience} ms`;
      this.#session.destroy(new ConnectionError(mute));
    }, this.#patience);
    try {
      this.#session.submit(exchange);
      return (await exchange.promise).rows;
    } finally {
      clearTimeout(timer);
    }
  }
}
