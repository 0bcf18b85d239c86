/**
 * What an SQL statement does to rows, as far as a lexer can tell; what its CTEs do is part of it.
 *
 * @module
 */
import type { TableName } from "../catalog/objects.ts";
import { readerOf, textOf, TokenReader } from "./token_reader.ts";

/** Rows that a statement changes. */
export interface RowChange {
  /** What it does to them. */
  readonly verb: "update" | "delete" | "insert" | "merge" | "truncate";
  /** The table they are in. */
  readonly table: TableName;
  /** Which rows, as SQL; `undefined` where it is all of them. */
  readonly where?: string;
  /** Whether what is inserted is written there, row by row. */
  readonly isWrittenOut?: boolean;
}

/** Conditions that every row meets. */
const ALWAYS = /^[\s(]*(?:true|(\d+) ?= ?\1)[\s)]*$/i;

/** What a statement does to rows; nothing where it does nothing to them, or where that cannot be told. */
export function rowChanges(text: string): readonly RowChange[] {
  return /^[\s(]*(?:update|delete|insert|merge|truncate|with)\b/i.test(text) ? changesOf(readerOf(text)) : [];
}

function changesOf(reader: TokenReader): readonly RowChange[] {
  if (!reader.take("with")) return ownChanges(reader);
  reader.take("recursive");
  const found: RowChange[] = [];
  do {
    if (reader.name() === undefined) return found;
    reader.inside();
    if (!reader.take("as")) return found;
    reader.take("not");
    reader.take("materialized");
    found.push(...changesOf(new TokenReader(reader.inside() ?? [])));
  } while (reader.take(","));
  return [...found, ...ownChanges(reader)];
}

function ownChanges(reader: TokenReader): readonly RowChange[] {
  if (reader.take("truncate")) return truncated(reader);
  const verb = reader.take("delete", "from")
    ? "delete"
    : reader.take("insert", "into")
    ? "insert"
    : reader.take("merge", "into")
    ? "merge"
    : reader.takeOneOf("update");
  if (verb === undefined) return [];
  reader.take("only");
  const table = reader.qualifiedName();
  if (table === undefined) return [];
  if (verb === "insert") {
    reader.until("values", "select", "with", "table", "default");
    return [{ verb, table, isWrittenOut: ["values", "default"].includes(reader.peek()) }];
  }
  if (verb === "merge") return [{ verb, table, where: "" }];
  // What joins another table is about those rows that have a partner.
  const rest = reader.until("where", "from", "using", "returning");
  if (reader.peek() === "from" || reader.peek() === "using") return [{ verb, table, where: "" }];
  const where = reader.take("where") ? textOf(reader.until("returning")) : undefined;
  const isAll = where === undefined || ALWAYS.test(where);
  return rest.length === 0 && verb === "update" ? [] : [{ verb, table, ...(isAll ? {} : { where }) }];
}

function truncated(reader: TokenReader): readonly RowChange[] {
  reader.take("table");
  const found: RowChange[] = [];
  do {
    reader.take("only");
    const table = reader.qualifiedName();
    if (table === undefined) return found;
    reader.take("*");
    found.push({ verb: "truncate", table });
  } while (reader.take(","));
  return found;
}
