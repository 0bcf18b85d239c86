/**
 * A stream of rows that are all read at once, for executors that cannot keep a cursor open.
 *
 * @module
 */
import { ValidationError } from "../pool/wire/errors.ts";
import { RowStream } from "../pool/wire/stream/row_stream.ts";

/** Rows that are read as a whole when the first is asked for. */
export class BufferedRowStream<Row> extends RowStream<Row> {
  readonly #read: () => Promise<Row[]>;
  #rows: Promise<Row[]> | undefined;
  #at = 0;
  #isOver = false;

  /** Creates the stream of what `read` returns; it is called once, or never. */
  constructor(read: () => Promise<Row[]>) {
    const never = (): Promise<never> =>
      Promise.reject(new ValidationError("a stream of rows", "BUG: it has no session"));
    super(never, { text: "", values: [] }, {});
    this.#read = read;
  }

  override async next(): Promise<IteratorResult<Row, undefined>> {
    if (this.#isOver) return { done: true, value: undefined };
    try {
      const rows = await (this.#rows ??= this.#read());
      if (this.#at < rows.length && !this.#isOver) return { done: false, value: rows[this.#at++] };
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
    this.#isOver = true;
    return { done: true, value: undefined };
  }

  override return(): Promise<IteratorResult<Row, undefined>> {
    this.#isOver = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
