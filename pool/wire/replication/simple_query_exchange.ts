/**
 * A simple query, the only kind a replication connection takes: commands of replication, or SQL. All values are text.
 *
 * It is one command: RowDescription and DataRow …, if it has rows, CommandComplete, ReadyForQuery.
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { Body } from "../message/body.ts";
import { type Field, readRowDescription } from "../message/backend.ts";
import { writeQuery } from "../message/frontend.ts";
import { BACKEND } from "../message/names.ts";
import { postgresError } from "../postgres_error.ts";
import { Exchange, type SyncPolicy, type WriteOutcome } from "../session/exchange.ts";

/** A row of a simple query: texts by the columns' names. */
export type TextRow = Readonly<Record<string, string | null>>;

/** One simple query. */
export class SimpleQueryExchange extends Exchange {
  readonly sync: SyncPolicy = "query";
  readonly text: string;
  /** Settles with the rows. */
  readonly promise: Promise<readonly TextRow[]>;
  #fields: readonly Field[] = [];
  readonly #rows: TextRow[] = [];
  #resolve!: (rows: readonly TextRow[]) => void;
  #reject!: (error: unknown) => void;

  /**
   * Creates the exchange.
   *
   * @param text One command, without a NUL character.
   * @param timeout Milliseconds it may take.
   */
  constructor(text: string, timeout: number) {
    super();
    this.text = text;
    this.timeout = timeout;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  override write(_session: unknown, writer: ByteWriter): WriteOutcome {
    writeQuery(writer, this.text);
    return "written";
  }

  override receive(type: number, source: ByteSource, offset: number, end: number): void {
    switch (type) {
      case BACKEND.RowDescription:
        this.#fields = readRowDescription(source, offset, end);
        return;
      case BACKEND.DataRow:
        this.#rows.push(this.#row(new Body("DataRow", source, offset, end)));
        return;
      case BACKEND.CommandComplete:
      case BACKEND.EmptyQueryResponse:
        this.complete = true;
        return;
      default:
        throw this.outOfOrder(type);
    }
  }

  #row(body: Body): TextRow {
    if (body.count(4) !== this.#fields.length) throw body.bad("it has not as many values as columns");
    const row: Record<string, string | null> = {};
    for (const { name } of this.#fields) {
      const size = body.i32();
      row[name] = size === -1 ? null : body.utf8(size);
    }
    body.finish();
    return row;
  }

  override settle(): void {
    if (this.settled) return;
    if (this.failure === undefined) {
      this.settled = true;
      this.#resolve(this.#rows);
    } else {
      this.reject(this.givenUp === undefined ? postgresError(this.failure, this.text) : this.givenUp(true));
    }
  }

  override reject(error: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.#reject(error);
  }
}
