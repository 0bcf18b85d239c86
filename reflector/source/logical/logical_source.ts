/**
 * Changes by logical replication: a slot, a publication, the stream of pgoutput, and what of it is visible.
 *
 * States: `closed` → `opening` → `open` → `lost` (a connection ended, the server could not read on, positions went
 * back) → `opening` … ; `close` leads to `closed` from anywhere.
 *
 * Any of its three connections that is lost loses the source.
 *
 * Invariants:
 * - L1 A transaction is handed out once a snapshot, taken after it was read, shows it (R5). One that is not visible
 *   yet holds up neither others nor canaries: it was not visible when they were sent.
 * - L2 A canary is handed out with, or behind, everything that was visible when it was sent: that was read before it,
 *   and the snapshot is taken after it was read.
 * - L3 The slot's position never passes a transaction that is not applied.
 * - L4 While too much waits to be handed out nothing is read.
 * - L5 A stream that was lost before anything came out of it is given twice the time next: the server may be silent
 *   while it decodes what nobody follows, and must come past that.
 *
 * @module
 */
import { resolveConnectOptions } from "../../../pool/wire/configuration/resolve_connect_options.ts";
import type {
  ConnectOptions,
  ResolvedConnectOptions,
} from "../../../pool/wire/configuration/connect_options.ts";
import { PostgresError } from "../../../pool/wire/postgres_error.ts";
import type { ReplicationStream } from "../../../pool/wire/replication/replication_stream.ts";
import type { ReflectorLogger } from "../../reflector_log.ts";
import {
  type ChangeBatch,
  type ChangeSource,
  type SourceBacklog,
  SourceLostError,
} from "../change_source.ts";
import { makeBatches } from "./batch.ts";
import { ConfirmedPosition } from "./confirmed_position.ts";
import { PendingTransactions } from "./pending_transactions.ts";
import type { FollowedTable } from "./relation_plan.ts";
import { prepareSlot, readSlot, slotBacklog } from "./slot.ts";
import { SourceConnections } from "./source_connections.ts";
import { CANARY_PREFIX, type Transaction, TransactionAssembler } from "./transaction_assembler.ts";
import { parseSnapshot, type Snapshot } from "./visibility.ts";

/** Milliseconds between two looks at what is not visible yet: at first, and at most. */
const FIRST_LOOK = 2;
const LAST_LOOK = 50;
/** The most canaries that are remembered as sent: four a second for a minute. */
const MOST_CANARIES = 256;
/** The longest row a server can send: it must not end the stream again and again. */
const MAX_MESSAGE = 0x3fff_ffff;
/** Milliseconds of silence after which the stream is lost, unless options say otherwise; and at most. */
const SILENCE = 5_000;
const MAX_SILENCE = 60_000;

/** How changes are heard by logical replication. */
export interface LogicalSourceOptions {
  /** The primary: a role that may replicate. */
  readonly connection: string | URL | ConnectOptions | ResolvedConnectOptions;
  /** The slot; it is made when it is missing. Default `"lifeguard_reflector"`. */
  readonly slot?: string;
  /** The publication with the tables to follow; see `install/publication.ts`. Default `"lifeguard"`. */
  readonly publication?: string;
  /** The tables to follow at first; see {@link LogicalSource.follow}. Default none. */
  readonly tables?: readonly FollowedTable[];
  /** Whether standbys keep a copy of the slot, from PostgreSQL 17. Default false. */
  readonly failover?: boolean;
  /** Milliseconds of silence after which the stream is lost. Default 5,000. */
  readonly silence?: number;
  /** Told when the slot is made anew or taken from another process. */
  readonly logger?: ReflectorLogger;
}

/** Changes by logical replication; see the module's head for its states and invariants. */
export class LogicalSource implements ChangeSource {
  readonly kind = "logical" as const;
  readonly #connect: ResolvedConnectOptions;
  readonly #slot: string;
  readonly #publication: string;
  readonly #options: LogicalSourceOptions;
  #followed: readonly FollowedTable[];
  #followedNames: ReadonlySet<string>;
  #opened: SourceConnections | undefined;
  #stream: ReplicationStream | undefined;
  #assembler: TransactionAssembler;
  #position = new ConfirmedPosition();
  #pending = new PendingTransactions();
  #canaries: string[] = [];
  #sent = new Set<string>();
  #handedOut = new Map<ChangeBatch, readonly Transaction[]>();
  #lost: SourceLostError | undefined;
  #mustRenew = false;
  #lastEnd = 0n;
  #silence: number;
  #isNew = false;
  #wake: (() => void) | undefined;

  /**
   * Creates a source that is closed.
   *
   * @throws {ConfigError} When the connection cannot be made of what was given.
   */
  constructor(options: LogicalSourceOptions) {
    this.#options = options;
    this.#connect = {
      ...resolved(options.connection),
      // What is visible can only be asked where transactions commit.
      targetSessionAttrs: "primary",
      maxMessageSize: MAX_MESSAGE,
    };
    this.#silence = options.silence ?? SILENCE;
    this.#slot = options.slot ?? "lifeguard_reflector";
    this.#publication = options.publication ?? "lifeguard";
    this.#followed = options.tables ?? [];
    this.#followedNames = new Set(this.#followed.map(({ name }) => name));
    this.#assembler = new TransactionAssembler(this.#followed);
  }

  /**
   * Follows these tables from now on. What a table that was not followed has changed is, if it comes out later, a
   * change of the whole table.
   */
  follow(tables: readonly FollowedTable[]): void {
    this.#followed = tables;
    this.#followedNames = new Set(tables.map(({ name }) => name));
    this.#assembler.follow(tables);
  }

  /** Begins to hear; resolves when it is in force. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#close();
    this.#assembler = new TransactionAssembler(this.#followed);
    this.#position = new ConfirmedPosition();
    this.#pending = new PendingTransactions();
    this.#canaries = [];
    this.#sent = new Set();
    this.#handedOut = new Map();
    this.#lastEnd = 0n;
    this.#isNew = false;
    this.#lost = undefined;
    const opened = this.#opened = await SourceConnections.connect(this.#connect, signal);
    const onAbort = (): void => opened.destroy();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      signal.throwIfAborted();
      await this.#start(opened, signal);
    } catch (error) {
      opened.destroy();
      this.#opened = undefined;
      if (signal.aborted) throw signal.reason;
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #start(opened: SourceConnections, signal: AbortSignal): Promise<void> {
    const { replication, line } = opened;
    const found = await line.ask(
      "select from pg_publication where pubname = $1",
      [this.#publication],
      signal,
    );
    if (found.length === 0) {
      throw new Error(
        `Cannot follow changes: there is no publication "${this.#publication}"; create it, or name another`,
      );
    }
    await prepareSlot(replication, line, {
      name: this.#slot,
      failover: this.#options.failover ?? false,
      renew: this.#mustRenew,
      signal,
      report: (message) => this.#options.logger?.warn?.(message, { event: "alarm" }),
    });
    this.#mustRenew = false;
    this.#stream = await replication.start({
      slot: this.#slot,
      plugin: {
        proto_version: "2",
        publication_names: `"${this.#publication.replaceAll('"', '""')}"`,
        streaming: "on",
        messages: "true",
      },
      handler: {
        data: (source, offset, end) => {
          const transaction = this.#assembler.take(source, offset, end);
          if (transaction !== undefined) this.#read(transaction);
        },
        keepalive: (walEnd) => this.#reached(walEnd),
      },
      silence: this.#silence,
    });
    this.#watch(opened, this.#stream);
  }

  #watch(opened: SourceConnections, stream: ReplicationStream): void {
    const lose = (what: string, cause?: unknown): void => {
      if (this.#opened === opened) this.#lose(what, cause);
    };
    stream.ended.then(() => lose("the stream ended"), (error) => {
      if (this.#lastEnd === 0n) this.#silence = Math.min(this.#silence * 2, MAX_SILENCE);
      // An error of a query of its own: what the slot has cannot be read, now or later.
      if (error instanceof PostgresError) this.#mustRenew = true;
      lose(error instanceof Error ? error.message : String(error), error);
    });
    opened.line.closed.then(() => lose("the connection for questions was lost"));
    opened.canaryLine.closed.then(() => lose("the connection for canaries was lost"));
  }

  #lose(what: string, cause?: unknown): void {
    this.#lost ??= new SourceLostError(
      `Cannot follow changes of slot "${this.#slot}" any more: ${what}; open the source anew`,
      { cause },
    );
    this.#awake();
  }

  #awake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #read(transaction: Transaction): void {
    const { endLsn, tables, messages } = transaction;
    if (endLsn <= this.#lastEnd) return this.#lose("the log's positions went back");
    this.#lastEnd = endLsn;
    this.#silence = this.#options.silence ?? SILENCE;
    for (const message of messages) {
      if (this.#sent.delete(message)) {
        this.#canaries.push(message);
        this.#isNew = true;
      }
    }
    if (tables.length > 0) {
      this.#position.read(transaction);
      this.#pending.add(transaction);
      this.#isNew = true;
      if (this.#pending.isFull) this.#stream?.pause();
    } else this.#reached(endLsn);
    if (this.#isNew) this.#awake();
  }

  #reached(lsn: bigint): void {
    if (this.#assembler.isOpen) return;
    this.#position.reached(lsn);
    this.#stream?.confirm(this.#position.position);
  }

  /** What is heard, in order. */
  async *batches(signal: AbortSignal): AsyncGenerator<ChangeBatch, void, undefined> {
    let look = FIRST_LOOK;
    const onAbort = (): void => this.#awake();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        if (this.#lost !== undefined) throw this.#lost;
        if (!this.#isNew) {
          await this.#somethingNew(this.#pending.isEmpty ? undefined : look);
          if (!this.#isNew) look = Math.min(look * 2, LAST_LOOK);
          if (!this.#isNew && this.#pending.isEmpty) continue;
        }
        if (this.#lost !== undefined || signal.aborted) continue;
        if (this.#isNew) look = FIRST_LOOK;
        this.#isNew = false;
        const canaries = this.#canaries;
        this.#canaries = [];
        const visible = this.#pending.isEmpty ? [] : this.#takeVisible(await this.#snapshot(signal));
        if (signal.aborted) return;
        if (this.#lost !== undefined) throw this.#lost;
        const made = makeBatches(visible, {
          canaries,
          hidden: this.#pending.firstEnd,
          isFollowed: (table) => this.#followedNames.has(table),
        });
        for (const { batch, transactions } of made) {
          if (batch.changes.length === 0 && batch.canaries.length === 0) this.#apply(transactions);
          else {
            this.#handedOut.set(batch, transactions);
            yield batch;
          }
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Waits until something was read, was lost, or so many milliseconds have passed. */
  #somethingNew(milliseconds: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(() => this.#awake(), milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #snapshot(signal: AbortSignal): Promise<Snapshot | undefined> {
    try {
      const [row] = await this.#opened!.line.ask(
        "select pg_current_snapshot()::text as snapshot",
        [],
        signal,
      );
      const snapshot = parseSnapshot(String(row.snapshot));
      if (snapshot === undefined) this.#lose("the server's snapshot cannot be read");
      return snapshot;
    } catch (error) {
      if (!signal.aborted) this.#lose("the server does not say what is visible", error);
      return undefined;
    }
  }

  #takeVisible(snapshot: Snapshot | undefined): readonly Transaction[] {
    if (snapshot === undefined) return [];
    const visible = this.#pending.takeVisible(snapshot);
    if (!this.#pending.isFull) this.#stream?.resume();
    return visible;
  }

  /** Sends a canary through the stream. */
  async canary(id: string, signal: AbortSignal): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined || this.#lost !== undefined) {
      throw this.#lost ?? new SourceLostError("Cannot send a canary: the source is not open; open it first");
    }
    if (this.#sent.size >= MOST_CANARIES) this.#sent.delete(this.#sent.values().next().value!);
    this.#sent.add(id);
    await opened.canaryLine.ask(
      "select pg_logical_emit_message(true, $1, $2)::text as lsn",
      [CANARY_PREFIX, id],
      signal,
    );
  }

  /** A batch, and everything before it, has been applied: the slot may forget it. */
  applied(batch: ChangeBatch): void {
    if (!this.#handedOut.has(batch)) return;
    for (const [earlier, transactions] of this.#handedOut) {
      this.#apply(transactions);
      this.#handedOut.delete(earlier);
      if (earlier === batch) break;
    }
  }

  #apply(transactions: readonly Transaction[]): void {
    for (const transaction of transactions) this.#position.applied(transaction);
    this.#stream?.confirm(this.#position.position);
  }

  /** What waits for it on the server's disk. */
  async backlog(signal: AbortSignal): Promise<SourceBacklog> {
    const opened = this.#opened;
    if (opened === undefined) {
      throw this.#lost ??
        new SourceLostError("Cannot tell the backlog: the source is not open; open it first");
    }
    return slotBacklog(this.#slot, await readSlot(opened.line, this.#slot, signal));
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#stream = undefined;
    if (opened === undefined) return;
    this.#lost ??= new SourceLostError("Cannot follow changes: the source was closed");
    this.#awake();
    await opened.close();
  }

  /** Closes it; the slot remains, for whoever opens it next. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function resolved(connection: LogicalSourceOptions["connection"]): ResolvedConnectOptions {
  return typeof connection === "object" && "hosts" in connection
    ? connection
    : resolveConnectOptions(connection);
}
