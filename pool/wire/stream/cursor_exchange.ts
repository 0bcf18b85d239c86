/**
 * A portal that has a session for itself: one implicit transaction from its Bind to its Sync, with a Flush instead of
 * a Sync behind each fetch.
 *
 * States: `fetching` (an Execute has no answer yet) ⇄ `suspended` (the owner has the rows and asks for more) →
 * `ending`. The owner asks for nothing while `fetching`.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import type { WriteOutcome } from "../session/exchange.ts";
import { writeFlush } from "../message/frontend.ts";
import { PortalReader, type PortalSink } from "./portal_reader.ts";
import { postgresError } from "../postgres_error.ts";
import type { Session } from "../session/session.ts";
import { StreamExchange } from "./stream_exchange.ts";

/** A cursor outside a transaction. */
export class CursorExchange extends StreamExchange {
  readonly text: string;
  readonly #reader: PortalReader;
  readonly #sink: PortalSink;
  readonly #timeout: number;
  #limit: number;
  #isFetching = true;

  /**
   * Creates the exchange; submitting it fetches the first rows.
   *
   * @param statement The SQL text, and one value for each placeholder.
   * @param sink Told of rows and of the failure.
   * @param options `limit`: rows of the first fetch; `timeout`: milliseconds a fetch may take, 0 for no limit.
   */
  constructor(
    statement: { readonly text: string; readonly values: readonly unknown[] },
    sink: PortalSink,
    options: { readonly limit: number; readonly timeout: number },
  ) {
    super();
    this.text = statement.text;
    this.#reader = new PortalReader("", statement.text, statement.values);
    this.#sink = sink;
    this.#limit = options.limit;
    this.#timeout = options.timeout;
  }

  /** Whether the server owes an answer. */
  get fetching(): boolean {
    return this.#isFetching;
  }

  /** Asks for more rows. */
  fetch(limit: number): void {
    if (this.settled || this.ending || this.#isFetching) return;
    this.#isFetching = true;
    this.wait(this.#timeout);
    this.session!.send((writer) => {
      this.#reader.fetch(writer, limit);
      writeFlush(writer);
    });
  }

  override write(session: Session, writer: ByteWriter): WriteOutcome {
    const outcome = this.#reader.open(session, writer, this.#limit);
    if (outcome === "written") this.wait(this.#timeout);
    return outcome;
  }

  override end(): void {
    super.end();
    if (this.ending && !this.#isFetching) this.complete = true;
  }

  override receive(type: number, source: ByteSource, offset: number, end: number, session: Session): void {
    const state = this.#reader.receive(this, type, source, offset, end, session);
    if (state === "more") return;
    this.#isFetching = false;
    const isLast = state === "done";
    // The last fetch is followed by the commit.
    if (!isLast) this.wait(0);
    if (isLast || this.ending || this.#reader.error !== undefined) {
      this.end();
      this.complete = true;
    }
    if (this.settled || this.#reader.error !== undefined) return;
    const { bytes } = this.#reader;
    this.#sink.batch(this.#reader.takeRows(), bytes, isLast);
  }

  protected override conclude(session: Session): boolean {
    if (this.givenUp !== undefined) this.reject(this.givenUp(true));
    else if (this.failure !== undefined) {
      if (this.#reader.isOutdated(this, session)) {
        session.resend(this);
        return false;
      }
      this.reject(postgresError(this.failure, this.text, this.#reader.values));
    } else if (this.#reader.error !== undefined) this.reject(this.#reader.error);
    else this.settled = true;
    return true;
  }

  protected override fail(error: unknown): void {
    // Whoever has enough of its rows is told nothing.
    if (error !== undefined) this.#sink.failed(error);
  }

  override reset(session: Session | undefined): void {
    super.reset(session);
    this.#reader.reset();
    this.#isFetching = true;
  }
}
