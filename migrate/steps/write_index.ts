/**
 * Indexes as SQL text.
 *
 * @module
 */
import { list, writeName } from "../../orm/compiling/ddl/write_table.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { IndexKey, IndexObject } from "../catalog/objects.ts";
import { tableOf } from "./object_reference.ts";
import { type Statement, words } from "./statement.ts";
import type { CreateStep, IndexStep } from "./step.ts";
import { parameterList, writeParameters } from "./write_parameters.ts";

/** The statement that creates an index. */
export function writeIndex(
  index: IndexObject,
  { ifNotExists, concurrently }: Pick<CreateStep, "ifNotExists" | "concurrently"> = {},
): Statement {
  const text = words(
    index.unique ? "create unique index" : "create index",
    concurrently === true ? "concurrently" : "",
    ifNotExists === true ? "if not exists" : "",
    quoteIdentifier(index.name),
    `on ${writeName(tableOf(index))}`,
    index.method === "btree" ? "" : `using ${quoteIdentifier(index.method)}`,
    `(${index.keys.map(writeIndexKey).join(", ")})`,
    index.include.length === 0 ? "" : `include (${list(index.include)})`,
    index.nullsNotDistinct === true ? "nulls not distinct" : "",
    writeParameters(index.parameters),
    index.where === undefined ? "" : `where ${index.where}`,
  );
  return { text, transaction: concurrently !== true };
}

/** A key of an index or an exclusion constraint. */
export function writeIndexKey(key: IndexKey): string {
  const { opclassParameters: parameters = {} } = key;
  return words(
    key.expression,
    key.collation === undefined ? "" : `collate ${key.collation}`,
    key.opclass,
    Object.keys(parameters).length === 0 ? "" : `(${parameterList(parameters)})`,
    key.order,
    key.nulls === undefined ? "" : `nulls ${key.nulls}`,
  );
}

/** The change of an index that is there. */
export function writeIndexStep({ object, change }: IndexStep): readonly Statement[] {
  switch (change.type) {
    case "rebuild":
      return [{
        text: words("reindex index", change.concurrently ? "concurrently" : "", writeName(object)),
        transaction: !change.concurrently,
      }];
    default:
      throw new TypeError(`BUG: ${JSON.stringify(change.type satisfies never)}`);
  }
}
