/**
 * The text that creates an index.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { quoteLiteral } from "../../building/inlined.ts";
import type { IndexKeyRecord, IndexRecord, QualifiedName } from "./schema_records.ts";
import { list, writeName } from "./write_table.ts";

/**
 * The statement that creates an index.
 *
 * @param table The table it is on.
 * @param index The index.
 * @param options `ifNotExists`.
 */
export function writeIndex(
  table: QualifiedName,
  index: IndexRecord,
  { ifNotExists }: { readonly ifNotExists: boolean },
): string {
  const words = [
    "create",
    index.unique ? "unique" : "",
    "index",
    index.concurrently ? "concurrently" : "",
    ifNotExists ? "if not exists" : "",
    quoteIdentifier(index.name),
    "on",
    writeName(table),
    index.method === "btree" ? "" : `using ${quoteIdentifier(index.method)}`,
    `(${index.keys.map(writeKey).join(", ")})`,
    index.include.length === 0 ? "" : `include (${list(index.include)})`,
    index.nullsNotDistinct ? "nulls not distinct" : "",
    parametersText(index.parameters),
    index.where === undefined ? "" : `where ${index.where}`,
  ];
  return words.filter((word) => word !== "").join(" ");
}

function writeKey({ expression, collation, opclass, order, nulls }: IndexKeyRecord): string {
  return expression +
    (collation === undefined ? "" : ` collate ${quoteIdentifier(collation)}`) +
    (opclass === undefined ? "" : ` ${quoteIdentifier(opclass)}`) +
    (order === undefined ? "" : ` ${order}`) +
    (nulls === undefined ? "" : ` nulls ${nulls}`);
}

function parametersText(parameters: IndexRecord["parameters"]): string {
  const parts = Object.entries(parameters).map(([name, value]) => {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new ValidationError(`the parameter "${name}" of an index`, "it is not finite; give a number");
    }
    return `${quoteIdentifier(name)} = ${typeof value === "string" ? quoteLiteral(value) : value}`;
  });
  return parts.length === 0 ? "" : `with (${parts.join(", ")})`;
}
