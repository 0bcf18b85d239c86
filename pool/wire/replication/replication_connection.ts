/**
 * A connection for logical replication (`replication=database`): slots, SQL by the simple protocol, and the stream.
 *
 * States: `idle` ⇄ `asking` (one command at a time) → `streaming` (until the stream has ended) → `closed`.
 * It goes over the same sessions as all other connections: hosts, TLS and authentication are theirs.
 *
 * @module
 */
import { CodecRegistry } from "../codec/registry.ts";
import type { ResolvedConnectOptions } from "../configuration/connect_options.ts";
import { ProtocolError, ValidationError } from "../errors.ts";
import { connectSession } from "../session/connect.ts";
import { DatabaseKnowledge } from "../session/database_knowledge.ts";
import type { Session } from "../session/session.ts";
import {
  type ReplicationHandler,
  ReplicationStream,
  type ReplicationStreamOptions,
} from "./replication_stream.ts";
import { SimpleQueryExchange, type TextRow } from "./simple_query_exchange.ts";

/** Milliseconds a command may take that need not wait for others. */
const COMMAND_TIMEOUT = 10_000;

/** Names of slots, as the server has them. */
const SLOT_NAME = /^[a-z0-9_]{1,63}$/;

/** Who the server is. */
export interface SystemIdentity {
  /** The cluster's number: the same on its standbys. */
  readonly systemId: string;
  /** Its present timeline. */
  readonly timeline: number;
  /** How far its WAL is flushed, as `X/Y`. */
  readonly walFlushed: string;
  /** The database this connection is to. */
  readonly database: string | null;
}

/** How a slot is created. */
export interface CreateSlotOptions {
  /** Whether it goes with this connection. Default false. */
  readonly temporary?: boolean;
  /** Whether standbys keep a copy of it, from PostgreSQL 17. Default false; ignored by older servers. */
  readonly failover?: boolean;
  /** Milliseconds it may take: it waits for all transactions that are writing. Default 60,000. */
  readonly timeout?: number;
}

/** How a logical replication is started. */
export interface StartReplicationOptions extends ReplicationStreamOptions {
  readonly slot: string;
  /** Where to begin, as `X/Y`; the slot's confirmed position where that is later. Default: that. */
  readonly startLsn?: string;
  /** Options of the output plugin, as it names them. */
  readonly plugin: Readonly<Record<string, string>>;
  /** Takes what comes. */
  readonly handler: ReplicationHandler;
}

/** A connection for logical replication. */
export class ReplicationConnection implements AsyncDisposable {
  readonly #session: Session;
  #stream: ReplicationStream | undefined;

  private constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Connects.
   *
   * @param connect Where and how; it becomes a connection for logical replication whatever it says of that.
   * @param signal Ends the attempt.
   * @throws {ConnectionError} When no host will do, or the role may not replicate.
   */
  static async connect(connect: ResolvedConnectOptions, signal: AbortSignal): Promise<ReplicationConnection> {
    const shared = new DatabaseKnowledge(new CodecRegistry({}), {
      prepare: "never",
      statementCacheSize: 0,
      planCacheSize: 1,
    });
    return new ReplicationConnection(
      await connectSession({ ...connect, replication: "database" }, shared, signal),
    );
  }

  /** Who it is connected to. */
  get address(): string {
    return this.#session.address;
  }

  /** The server's process that serves it. */
  get processId(): number {
    return this.#session.processId;
  }

  /** The server's version, for example 180004. */
  get serverVersion(): number {
    const [major = "0", minor = "0"] = (this.#session.parameters.get("server_version") ?? "").split(".");
    return Number.parseInt(major) * 10_000 + (Number.parseInt(minor) || 0);
  }

  /** Resolves when it is closed. */
  get closed(): Promise<void> {
    return this.#session.closed;
  }

  /**
   * Runs one command: of replication, or SQL.
   *
   * @param text The command. What is a user's must have been quoted in it.
   * @param timeout Milliseconds it may take. Default 10,000.
   * @returns Its rows; all values are text.
   */
  async query(text: string, timeout: number = COMMAND_TIMEOUT): Promise<readonly TextRow[]> {
    if (text.includes("\0")) throw new ValidationError("the command", "it contains a NUL character");
    const exchange = new SimpleQueryExchange(text, timeout);
    this.#session.submit(exchange);
    return await exchange.promise;
  }

  /** Asks who the server is. */
  async identifySystem(): Promise<SystemIdentity> {
    const [row] = await this.query("IDENTIFY_SYSTEM");
    const { systemid, timeline, xlogpos, dbname } = row ?? {};
    if (typeof systemid !== "string" || typeof xlogpos !== "string") {
      throw new ProtocolError("the answer to IDENTIFY_SYSTEM", "it lacks the system's identifier");
    }
    return {
      systemId: systemid,
      timeline: Number(timeline),
      walFlushed: xlogpos,
      database: dbname ?? null,
    };
  }

  /**
   * Creates a slot for pgoutput. It is from there on that changes are kept, by everything committed later.
   *
   * @returns From where on the slot has all changes, as `X/Y`.
   * @throws {PostgresError} 42710 when there is one of this name.
   * @throws {QueryTimeoutError} When a transaction that writes did not end in time.
   */
  async createSlot(name: string, options: CreateSlotOptions = {}): Promise<string> {
    const flags = ["SNAPSHOT 'nothing'"];
    if (options.failover === true && this.serverVersion >= 170_000) flags.push("FAILOVER");
    const temporary = options.temporary === true ? " TEMPORARY" : "";
    const [row] = await this.query(
      `CREATE_REPLICATION_SLOT ${slotName(name)}${temporary} LOGICAL pgoutput (${flags.join(", ")})`,
      options.timeout ?? 60_000,
    );
    const point = row?.consistent_point;
    if (typeof point !== "string") {
      throw new ProtocolError("the answer to CREATE_REPLICATION_SLOT", "it lacks the consistent point");
    }
    return point;
  }

  /**
   * Drops a slot.
   *
   * @throws {PostgresError} 42704 when there is none of this name, 55006 when it is in use.
   */
  async dropSlot(name: string): Promise<void> {
    await this.query(`DROP_REPLICATION_SLOT ${slotName(name)}`);
  }

  /**
   * Starts to replicate; the connection takes nothing else until that has ended.
   *
   * @throws {PostgresError} When the server refuses; the connection remains usable.
   */
  async start(options: StartReplicationOptions): Promise<ReplicationStream> {
    const plugin = Object.entries(options.plugin).map(([name, value]) =>
      `"${name.replaceAll('"', '""')}" '${value.replaceAll("'", "''")}'`
    );
    const stream = await ReplicationStream.start(
      this.#session,
      `START_REPLICATION SLOT ${slotName(options.slot)} LOGICAL ${options.startLsn ?? "0/0"} (${
        plugin.join(", ")
      })`,
      options,
    );
    this.#stream = stream;
    return stream;
  }

  /** Ends the stream, if one runs, and closes; resolves when closed, in a few seconds at the latest. */
  async close(): Promise<void> {
    await this.#stream?.stop();
    await this.#session.close();
  }

  /** Closes at once. */
  destroy(): void {
    this.#session.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function slotName(name: string): string {
  if (!SLOT_NAME.test(name)) {
    throw new ValidationError(
      "the slot's name",
      `"${name}" is not one; use up to 63 lower-case letters, digits and underscores`,
    );
  }
  return name;
}
