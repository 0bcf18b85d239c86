/**
 * A portal inside a transaction: it has a name and outlives a Sync, so each fetch is an exchange like any other, and
 * other statements run between them.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { Exchange, type SyncPolicy, type WriteOutcome } from "../session/exchange.ts";
import { writeClose } from "../message/frontend.ts";
import { BACKEND } from "../message/names.ts";
import type { PortalReader, PortalSink } from "./portal_reader.ts";
import { postgresError } from "../postgres_error.ts";
import type { Session } from "../session/session.ts";

/** One fetch from a named portal; the first also opens it. */
export class FetchExchange extends Exchange {
  readonly sync: SyncPolicy = "own";
  readonly text: string;
  readonly #reader: PortalReader;
  readonly #sink: PortalSink;
  readonly #limit: number;
  readonly #isFirst: boolean;

  /**
   * Creates the exchange.
   *
   * @param reader The portal.
   * @param sink Told of the rows or the failure, once.
   * @param options `limit`: rows to fetch; `first`: whether the portal is to be opened.
   */
  constructor(
    reader: PortalReader,
    sink: PortalSink,
    options: { readonly limit: number; readonly first: boolean },
  ) {
    super();
    this.text = reader.text;
    this.#reader = reader;
    this.#sink = sink;
    this.#limit = options.limit;
    this.#isFirst = options.first;
  }

  override write(session: Session, writer: ByteWriter): WriteOutcome {
    if (this.#isFirst) return this.#reader.open(session, writer, this.#limit);
    this.#reader.fetch(writer, this.#limit);
    return "written";
  }

  override receive(type: number, source: ByteSource, offset: number, end: number, session: Session): void {
    this.complete = this.#reader.receive(this, type, source, offset, end, session) !== "more";
  }

  override settle(session: Session): void {
    if (this.settled) return;
    const reader = this.#reader;
    if (this.givenUp !== undefined) this.reject(this.givenUp(true));
    else if (this.failure !== undefined) {
      if (reader.isOutdated(this, session)) session.resend(this);
      else this.reject(postgresError(this.failure, this.text, reader.values));
    } else if (reader.error !== undefined) this.reject(reader.error);
    else {
      this.settled = true;
      const { bytes } = reader;
      this.#sink.batch(reader.takeRows(), bytes, reader.done);
    }
  }

  override reject(error: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.#sink.failed(error);
  }

  override reset(session: Session | undefined): void {
    super.reset(session);
    this.#reader.reset();
  }
}

/** Close of a named portal; no error if the transaction has taken it away already. */
export class ClosePortalExchange extends Exchange {
  readonly sync: SyncPolicy = "own";
  readonly text: string = "close of a cursor";
  /** Resolves when the portal is gone, with the connection at the latest. */
  readonly done: Promise<void>;
  readonly #name: string;
  #resolve!: () => void;

  /** Creates the exchange for the portal's name. */
  constructor(name: string) {
    super();
    this.#name = name;
    this.done = new Promise((resolve) => this.#resolve = resolve);
  }

  override write(_session: unknown, writer: ByteWriter): WriteOutcome {
    writeClose(writer, "P", this.#name);
    return "written";
  }

  override receive(type: number): void {
    if (type !== BACKEND.CloseComplete || this.complete) throw this.outOfOrder(type);
    this.complete = true;
  }

  override settle(): void {
    this.settled = true;
    this.#resolve();
  }

  override reject(): void {
    this.settled = true;
    this.#resolve();
  }
}
