/**
 * `alter table` as steps, as far as a lexer can tell.
 *
 * @module
 */
import type { TableName } from "../catalog/objects.ts";
import type { Token } from "../files/lexer.ts";
import type { ColumnChange, Step, TableChange } from "../steps/step.ts";
import { constraintObject, isConstraint, parseColumn, parseConstraint } from "./parse_table.ts";
import { splitAtCommas, textOf, TokenReader } from "./token_reader.ts";

/** Reads what follows `alter table`; what is not understood is left out. */
export function parseAlterTable(reader: TokenReader): readonly Step[] | undefined {
  reader.take("if", "exists");
  reader.take("only");
  const table = reader.qualifiedName();
  if (table === undefined) return undefined;
  reader.take("*");
  return splitAtCommas(reader.until()).flatMap((action) => parseAction(table, action));
}

function parseAction(table: TableName, tokens: readonly Token[]): readonly Step[] {
  const reader = new TokenReader(tokens);
  if (reader.take("add")) return parseAdd(table, tokens.slice(1));
  if (reader.take("drop")) return parseDropPart(table, reader);
  if (reader.take("alter")) return parseColumnChange(table, reader);
  if (reader.take("rename")) return parseRename(table, reader);
  if (reader.take("validate", "constraint")) {
    return [{
      kind: "constraint",
      object: namedConstraint(table, reader.name()),
      change: { type: "validate" },
    }];
  }
  if (reader.take("attach", "partition")) {
    const partition = reader.qualifiedName() ?? { name: "" };
    return change(table, { type: "attach", partition, bound: textOf(reader.until()) });
  }
  if (reader.take("detach", "partition")) {
    const partition = reader.qualifiedName() ?? { name: "" };
    const concurrently = ["concurrently", "finalize"].includes(reader.peek());
    return change(table, { type: "detach", partition, bound: "", concurrently });
  }
  if (reader.take("set", "logged")) return change(table, { type: "logged", to: true });
  if (reader.take("set", "unlogged")) return change(table, { type: "logged", to: false });
  if (reader.take("set", "schema")) {
    return [{ kind: "move", object: tableObject(table), to: reader.name() ?? "" }];
  }
  return parseSwitch(table, reader);
}

function parseSwitch(table: TableName, reader: TokenReader): readonly Step[] {
  const word = reader.takeOneOf("enable", "disable", "force", "no");
  if (word === undefined) return [];
  const mode = reader.takeOneOf("always", "replica", "force");
  if (reader.take("row", "level", "security")) {
    const isForced = word === "force";
    const isOn = word !== "disable" && word !== "no";
    const to = isOn ? (isForced ? "forced" : "enabled") : undefined;
    return change(table, { type: "row security", from: isOn ? undefined : "enabled", to });
  }
  if (!reader.take("trigger")) return [];
  const to = word === "disable" ? "disabled" : mode === "always" || mode === "replica" ? mode : "origin";
  return [{
    kind: "trigger",
    table,
    name: reader.name() ?? "",
    from: to === "disabled" ? "origin" : "disabled",
    to,
  }];
}

function parseAdd(table: TableName, tokens: readonly Token[]): readonly Step[] {
  if (isConstraint(tokens)) {
    const parsed = parseConstraint(table, tokens);
    if (parsed === undefined) {
      // `add [constraint name] not null column`
      const reader = new TokenReader(tokens);
      if (reader.take("constraint")) reader.name();
      const column = reader.take("not", "null") ? reader.name() : undefined;
      if (column === undefined || / not valid\b/i.test(textOf(tokens))) return [];
      return columnChange(table, column, { type: "not null", from: false, to: true });
    }
    const { object, notValid, usingIndex } = parsed;
    return [{
      kind: "create",
      object,
      ...(notValid ? { notValid } : {}),
      ...(usingIndex === undefined ? {} : { usingIndex }),
    }];
  }
  const reader = new TokenReader(tokens);
  let start = reader.take("column") ? 1 : 0;
  const ifNotExists = reader.take("if", "not", "exists");
  if (ifNotExists) start += 3;
  const parsed = parseColumn(table, tokens.slice(start));
  if (parsed === undefined) return [];
  const { column, constraints } = parsed;
  return [
    ...columnChange(table, column.name, { type: "add", column, ...(ifNotExists ? { ifNotExists } : {}) }),
    ...constraints.map(({ object, notValid }): Step => ({
      kind: "create",
      object,
      ...(notValid ? { notValid } : {}),
    })),
  ];
}

function parseDropPart(table: TableName, reader: TokenReader): readonly Step[] {
  const isConstraintDrop = reader.take("constraint");
  if (!isConstraintDrop) reader.take("column");
  const ifExists = reader.take("if", "exists");
  const name = reader.name() ?? "";
  const cascade = reader.take("cascade");
  const more = { ...(ifExists ? { ifExists } : {}), ...(cascade ? { cascade } : {}) };
  if (isConstraintDrop) return [{ kind: "drop", object: namedConstraint(table, name), ...more }];
  return columnChange(table, name, { type: "drop", column: { name, type: "", notNull: false }, ...more });
}

function parseColumnChange(table: TableName, reader: TokenReader): readonly Step[] {
  // A constraint's new deferral or enforcement looks at no rows.
  if (reader.take("constraint")) return [];
  reader.take("column");
  const column = reader.name();
  if (column === undefined) return [];
  const is = (one: ColumnChange): readonly Step[] => columnChange(table, column, one);
  if (reader.take("type") || reader.take("set", "data", "type")) {
    const type = textOf(reader.until("collate", "using"));
    const collation = reader.take("collate") ? reader.qualifiedName()?.name : undefined;
    const using = reader.take("using") ? textOf(reader.until()) : undefined;
    const to = { type, ...(collation === undefined ? {} : { collation }) };
    return is({ type: "type", to, ...(using === undefined ? {} : { using }) });
  }
  if (reader.take("set", "not", "null")) return is({ type: "not null", from: false, to: true });
  if (reader.take("drop", "not", "null")) return is({ type: "not null", from: true, to: false });
  if (reader.take("set", "default")) return is({ type: "default", to: textOf(reader.until()) });
  if (reader.take("drop", "default")) return is({ type: "default" });
  if (reader.take("drop", "identity")) return is({ type: "identity" });
  if (reader.take("set", "expression", "as")) {
    const expression = reader.parenthesized() ?? "";
    const from = { expression: "", kind: "stored" } as const;
    return is({ type: "generated", from, to: { expression, kind: "stored" } });
  }
  return [];
}

function parseRename(table: TableName, reader: TokenReader): readonly Step[] {
  if (reader.take("to")) return [{ kind: "rename", object: tableObject(table), to: reader.name() ?? "" }];
  const isConstraintRename = reader.take("constraint");
  if (!isConstraintRename) reader.take("column");
  const name = reader.name() ?? "";
  const to = reader.take("to") ? reader.name() ?? "" : "";
  if (isConstraintRename) return [{ kind: "rename", object: namedConstraint(table, name), to }];
  return columnChange(table, name, { type: "rename", to });
}

function change(table: TableName, one: TableChange): readonly Step[] {
  return [{ kind: "table", table, change: one }];
}

function columnChange(table: TableName, column: string, one: ColumnChange): readonly Step[] {
  return [{ kind: "column", table, column, change: one }];
}

function tableObject({ schema, name }: TableName): (Step & { kind: "rename" })["object"] {
  const where = schema === undefined ? {} : { schema };
  return { kind: "table", ...where, name, columns: [], parameters: {}, dependsOn: [] };
}

/** A constraint of which no more than its name is known. */
function namedConstraint(table: TableName, name: string | undefined): ReturnType<typeof constraintObject> {
  return constraintObject(table, name ?? "", { type: "check", condition: "" });
}
