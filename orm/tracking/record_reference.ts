/**
 * A value that another record has, or will have once it is inserted.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import type { ColumnDefinitions } from "../definition/row_types.ts";

/** What a reference asks of a record. */
export interface ReferredRecord {
  /** Its value of a property; `undefined` while it is not known. */
  knownValue(property: string): unknown;
  /** What errors call it. */
  readonly subject: string;
}

/** The value of another record's property, in the place of a value; made by {@link ref}. */
export class RecordReference<Value> {
  /** The type of the value; never set. */
  declare readonly "~value": Value;
  /** The other record. */
  readonly record: ReferredRecord;
  /** Its property. */
  readonly property: string;

  /** Creates a reference; user code calls {@link ref}. */
  constructor(record: ReferredRecord, property: string) {
    this.record = record;
    this.property = property;
  }

  /** The value; `undefined` while it is not known. */
  get value(): unknown {
    return this.record.knownValue(this.property);
  }
}

/** A record as far as its columns are concerned. */
export interface RecordOf<Columns extends ColumnDefinitions> {
  /** The model's columns; no value at run time. */
  readonly "~columns"?: Columns;
  /** Whether there is no row yet. */
  readonly isNew: boolean;
}

/** A record of any model. */
export type AnyRecord = RecordOf<ColumnDefinitions>;

/**
 * The value that another record has when this one is written: the key that PostgreSQL gives it, say.
 *
 * @param record The other record.
 * @param property Its property.
 *
 * @example
 * ```ts
 * import { column, createTables, model, Pool, ref, Session } from "@lifeguard/core";
 * const Author = model("authors", { id: column.identity().primaryKey(), name: column.text() });
 * const Book = model("books", {
 *   id: column.identity().primaryKey(),
 *   authorId: column.integer().references(() => Author.id),
 * });
 * await using pool = new Pool("pglite:");
 * await createTables([Author, Book], pool);
 * await using session = new Session(pool);
 * const author = session.add(Author, { name: "Ada" });
 * const book = session.add(Book, { authorId: ref(author, "id") });
 * await session.flush();
 * console.assert(book.get("authorId") === author.get("id"));
 * ```
 */
export function ref<Columns extends ColumnDefinitions, Property extends keyof Columns & string>(
  record: RecordOf<Columns>,
  property: Property,
): RecordReference<Columns[Property]["~types"]["value"]> {
  const referred = record as Partial<ReferredRecord> | null | undefined;
  if (typeof referred?.knownValue !== "function") {
    throw new ValidationError("the record of ref()", "it is none; give one that record() or edit() made");
  }
  referred.knownValue(property);
  return new RecordReference(referred as ReferredRecord, property);
}
