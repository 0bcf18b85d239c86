/**
 * Deleting rows by their keys.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import type { Table } from "../definition/table.ts";
import { checkKey, type GivenValues } from "../executing/input.ts";
import { deletion } from "./change.ts";
import { wholeRow } from "./returned_columns.ts";
import { atRow } from "./row_groups.ts";
import { travelsAsArray, writeRowSource } from "./row_source.ts";
import { actsBefore, after, before, needsRows, writeCount, writeRows } from "./running_write.ts";
import { assertWritable, namesOf } from "./write_columns.ts";
import { keyRow, tellCache } from "./tell_cache.ts";
import { type WriteStatement, WriteText } from "./write_text.ts";

/**
 * Deletes rows: softly where the model says so.
 *
 * @param table What from.
 * @param keys Their keys.
 * @param executor What to run on.
 * @returns How many were there.
 */
export async function deleteRows(
  table: Table,
  keys: readonly unknown[],
  executor: Executor,
): Promise<number> {
  assertWritable(table);
  if (!Array.isArray(keys)) {
    throw new ValidationError(
      `deleteMany() of model "${table.name}"`,
      `${kindOf(keys)} was given; give an array of keys`,
    );
  }
  if (keys.length === 0) return 0;
  const checked = Array.from(keys as readonly unknown[], (key, position) => {
    try {
      return checkKey(table, key);
    } catch (error) {
      throw atRow(error, position);
    }
  });
  const call = { executor };
  if (actsBefore(table, "delete")) await before(table, "delete", keys.map((key) => ({ key })), call);
  const hooked = needsRows(table, "delete");
  const statement = writeDelete(table, checked, hooked);
  const rows = hooked ? await writeRows(statement, wholeRow(table), { executor }) : undefined;
  const count = rows?.length ?? await writeCount(statement, executor);
  await tellCache(table, executor, checked.map((key) => keyRow(table, key)));
  if (rows === undefined) return count;
  await after(table, "delete", rows, call);
  return count;
}

function writeDelete(
  table: Table,
  keys: readonly (readonly unknown[])[],
  returning: boolean,
): WriteStatement {
  const text = new WriteText();
  deletion(table).writeHead(text);
  text.write(" where ");
  const [column] = table.key;
  if (table.key.length === 1 && travelsAsArray(column)) {
    text.write(`${column.text} = any(`).part(keys.map(([value]) => value), column).write(")");
  } else {
    const rows = keys.map((key): GivenValues =>
      Object.fromEntries(key.map((value, index) => [table.key[index].property, value]))
    );
    text.write(
      `(${table.key.map((column) => column.text).join(", ")}) in (select ${namesOf(table.key)} from `,
    );
    writeRowSource(text, { name: "given", columns: table.key, flags: [], rows });
    text.write(")");
  }
  for (const condition of [table.present, table.scope]) {
    if (condition !== undefined) text.write(" and ").part(condition);
  }
  if (returning) text.write(` returning ${table.selection}`);
  return text.finish();
}
