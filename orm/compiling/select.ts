/**
 * The text of selects.
 *
 * @module
 */
import type { Table } from "../definition/table.ts";
import type { Clause, Question, Shape } from "./shape.ts";
import { type StatementText, StatementWriter } from "./statement_text.ts";

/**
 * Writes what a question asks of a shape. The placeholders are in the order of the clauses: those of the conditions,
 * of the orders (not for `count` and `exists`), the limit, the offset.
 */
export function writeSelect(shape: Shape, question: Question): StatementText {
  const clauses = clausesOf(shape);
  const writer = new StatementWriter();
  const bounded = clauses.limit.length > 0 || clauses.offset.length > 0;
  switch (question) {
    case "count":
      // A count is a bigint; as a double it is exact up to 2^53 and a number whatever the pool's options.
      writer.write('select count(*)::float8 as "count" from ');
      if (bounded) writer.write("(select 1 from ");
      writeFrom(writer, shape.table, clauses);
      writeBounds(writer, clauses);
      if (bounded) writer.write(') as "counted"');
      break;
    case "exists":
      writer.write("select exists (select 1 from ");
      writeFrom(writer, shape.table, clauses);
      writeBounds(writer, clauses);
      writer.write(') as "exists"');
      break;
    default:
      writer.write(`select ${shape.table.selection} from `);
      writeFrom(writer, shape.table, clauses);
      if (clauses.orderBy.length > 0) writeList(writer, " order by ", ", ", clauses.orderBy);
      if (question !== "all" && clauses.limit.length === 0) {
        writer.write(question === "first" ? " limit 1" : " limit 2");
      }
      writeBounds(writer, clauses);
  }
  return writer.finish();
}

/** Writes the select of one row by its primary key. */
export function writeSelectByKey(table: Table): StatementText {
  const writer = new StatementWriter().write(`select ${table.selection} from ${table.fragment.text}`);
  table.key.forEach((column, index) => {
    writer.write(`${index === 0 ? " where " : " and "}${column.text} = `).placeholder();
  });
  return writer.finish();
}

type Clauses = Readonly<Record<Clause, readonly (readonly string[])[]>>;

function clausesOf(shape: Shape): Clauses {
  const clauses: Record<Clause, (readonly string[])[]> = { where: [], orderBy: [], limit: [], offset: [] };
  for (let at: Shape | undefined = shape; at?.clause !== undefined; at = at.parent) {
    clauses[at.clause].unshift(at.strings);
  }
  return clauses;
}

function writeFrom(writer: StatementWriter, table: Table, clauses: Clauses): void {
  writer.write(table.fragment.text);
  if (clauses.where.length > 0) writeList(writer, " where ", " and ", clauses.where);
}

function writeBounds(writer: StatementWriter, clauses: Clauses): void {
  if (clauses.limit.length > 0) writer.write(" limit ").placeholder();
  if (clauses.offset.length > 0) writer.write(" offset ").placeholder();
}

function writeList(
  writer: StatementWriter,
  start: string,
  between: string,
  items: readonly (readonly string[])[],
): void {
  items.forEach((strings, index) => writer.write(index === 0 ? start : between).fragment(strings));
}
