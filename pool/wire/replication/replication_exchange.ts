/**
 * START_REPLICATION: data and keepalives for us, our status for the server, until either side is done.
 *
 * Stages: `starting` → `copying` (CopyBothResponse) → `leaving` (the server sent its CopyDone) → `done` (two
 * CommandComplete, one for the copying and one for the command). A server that shuts down leaves by a lone
 * CommandComplete and closes. An ErrorResponse may end any of them.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { writeCopyDone, writeQuery } from "../message/frontend.ts";
import { BACKEND } from "../message/names.ts";
import { postgresError } from "../postgres_error.ts";
import { Exchange, type SyncPolicy, type WriteOutcome } from "../session/exchange.ts";

/** Who takes what the server sends. What these throw ends the connection. */
export interface ReplicationOwner {
  /** The server has begun. */
  opened(): void;
  /** The body of a CopyData; the bytes lie in `source` during the call only. */
  data(source: ByteSource, offset: number, end: number): void;
}

/** One START_REPLICATION. */
export class ReplicationExchange extends Exchange {
  readonly sync: SyncPolicy = "query";
  readonly text: string;
  /** Resolves when it has ended in order, rejects when it could not begin or was broken off. */
  readonly promise: Promise<void>;
  readonly #owner: ReplicationOwner;
  #stage: "starting" | "copying" | "leaving" | "done" = "starting";
  #isDoneSent = false;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  /** Creates the exchange of a command. */
  constructor(text: string, owner: ReplicationOwner) {
    super();
    this.text = text;
    this.#owner = owner;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Whether our status may be sent. */
  get copying(): boolean {
    return this.#stage === "copying" && !this.#isDoneSent && this.failure === undefined;
  }

  override write(_session: unknown, writer: ByteWriter): WriteOutcome {
    writeQuery(writer, this.text);
    return "written";
  }

  /** Tells the server, once, that we are done; it ends when it has dealt with what it is at. */
  finish(): void {
    if (this.#isDoneSent || this.#stage === "starting" || this.#stage === "done") return;
    this.#isDoneSent = true;
    this.session?.sendRaw(writeCopyDone);
  }

  override receive(type: number, source: ByteSource, offset: number, end: number): void {
    if (type === BACKEND.CopyData && this.#stage === "copying") {
      this.#owner.data(source, offset, end);
    } else if (type === BACKEND.CopyBothResponse && this.#stage === "starting") {
      this.#stage = "copying";
      this.#owner.opened();
    } else if (type === BACKEND.CopyDone && this.#stage === "copying") {
      this.finish();
      this.#stage = "leaving";
    } else if (type === BACKEND.CommandComplete && (this.#stage === "copying" || this.#stage === "leaving")) {
      this.#stage = "done";
    } else if (type === BACKEND.CommandComplete && this.#stage === "done" && !this.complete) {
      this.complete = true;
    } else throw this.outOfOrder(type);
  }

  override settle(): void {
    if (this.settled) return;
    if (this.failure !== undefined) return this.reject(postgresError(this.failure, this.text));
    this.settled = true;
    this.#resolve();
  }

  override reject(error: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.#reject(error);
  }
}
