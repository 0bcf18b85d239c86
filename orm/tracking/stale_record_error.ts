/**
 * The error of a record whose row is not what it was.
 *
 * @module
 */
import { LifeguardError } from "../../pool/wire/errors.ts";

/** What became of a record's row. */
export type StaleReason = "changed" | "deleted";

/**
 * A record could not be written, since its row was changed or deleted by somebody else after it was read. Nothing was
 * written.
 *
 * @example
 * ```ts
 * import { column, createTables, model, Pool, StaleRecordError } from "@lifeguard/core";
 * const Page = model("pages", {
 *   id: column.identity().primaryKey(),
 *   text: column.text(),
 *   version: column.integer().default(1),
 * }, { version: true });
 * await using pool = new Pool("pglite:");
 * await createTables([Page], pool);
 * const row = await Page.insert({ text: "draft" }, pool);
 * const [mine, yours] = [Page.edit(row), Page.edit(row)];
 * mine.set("text", "mine");
 * yours.set("text", "yours");
 * await mine.save(pool);
 * // update "pages" set "text" = $1, "version" = "pages"."version" + 1 where "pages"."id" = $2 and "pages"."version" = $3
 * const error = await yours.save(pool).catch((error) => error);
 * console.assert(error instanceof StaleRecordError && error.reason === "changed" && error.key === row.id);
 * console.assert(yours.dirty[0] === "text"); // as it was
 * ```
 */
export class StaleRecordError extends LifeguardError {
  /** "STALE_RECORD": the heading to read in `docs/errors.md`. */
  readonly code = "STALE_RECORD";
  /** The model's table. */
  readonly table: string;
  /** Whether the row was changed or deleted. */
  readonly reason: StaleReason;
  readonly #key: unknown;

  /**
   * Creates the error.
   *
   * @param table The model's table.
   * @param key The record's primary key.
   * @param what What could not be done, and what became of the row.
   */
  constructor(table: string, key: unknown, what: { readonly verb: string; readonly reason: StaleReason }) {
    const { verb, reason } = what;
    super(
      reason === "changed"
        ? `Cannot ${verb} a record of model "${table}": its row was changed since it was read; refresh() the record, which takes the row's values, and make the change again`
        : `Cannot ${verb} a record of model "${table}": its row is gone or deleted; leave it, or insert another`,
    );
    this.table = table;
    this.reason = reason;
    this.#key = key;
  }

  /** The record's primary key: a value, or of several columns an object. It is not printed. */
  get key(): unknown {
    return this.#key;
  }
}
