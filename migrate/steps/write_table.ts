/**
 * Tables as SQL text: their creation, and what changes of them beside columns and constraints.
 *
 * @module
 */
import { writeName } from "../../orm/compiling/ddl/write_table.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { TableObject } from "../catalog/objects.ts";
import { type Statement, statement, words } from "./statement.ts";
import type { CreateStep, TableChange, TableStep } from "./step.ts";
import { writeColumn, writeColumnConstraints, writeColumnExtras } from "./write_column.ts";
import { writeAddConstraint, writeConstraint } from "./write_constraint.ts";
import { parameterList, parameterName, writeParameters } from "./write_parameters.ts";

/** The statements that create a table, with everything its record says but for an index as its replica identity. */
export function writeTable(
  table: TableObject,
  { ifNotExists, constraints = [] }: Pick<CreateStep, "ifNotExists" | "constraints">,
): readonly Statement[] {
  const own = constraints.filter((constraint) => constraint.inherited !== true);
  // `create table` takes NOT VALID and then says that the constraint is valid.
  const late = own.filter(({ isValid, isEnforced }) => !isValid && isEnforced !== false);
  const early = own.filter((constraint) => !late.includes(constraint));
  const { partitionOf, partitionBy, inherits = [], parameters, replicaIdentity } = table;
  const columns = table.columns.flatMap((column) => {
    if (column.inherited === true) return [];
    if (partitionOf === undefined) return [writeColumn(column)];
    const text = writeColumnConstraints({ ...column, generated: undefined, identity: undefined });
    return text === "" ? [] : [`${quoteIdentifier(column.name)} ${text}`];
  });
  const lines = [...columns, ...early.map((constraint) => writeConstraint(constraint))];
  const body = lines.length > 0 ? `(\n  ${lines.join(",\n  ")}\n)` : partitionOf === undefined ? "()" : "";
  const text = words(
    table.unlogged === true ? "create unlogged table" : "create table",
    ifNotExists === true ? "if not exists" : "",
    writeName(table),
    partitionOf === undefined ? "" : `partition of ${writeName(partitionOf.table)}`,
    body,
    partitionOf?.bound,
    inherits.length === 0 ? "" : `inherits (${inherits.map(writeName).join(", ")})`,
    partitionBy === undefined ? "" : `partition by ${partitionBy.strategy} (${partitionBy.keys.join(", ")})`,
    table.accessMethod === undefined ? "" : `using ${quoteIdentifier(table.accessMethod)}`,
    writeParameters(parameters),
  );
  const changes: TableChange[] = [];
  if (table.rowSecurity !== undefined) {
    changes.push({ type: "row security", from: undefined, to: table.rowSecurity });
  }
  if (typeof replicaIdentity === "string") {
    changes.push({ type: "replica identity", from: undefined, to: replicaIdentity });
  }
  return [
    statement(text),
    ...late.map((constraint) => writeAddConstraint(constraint)),
    ...changes.flatMap((change) => writeTableStep({ kind: "table", table, change })),
    // A parent's storage is its children's, its comments and targets of statistics are not.
    ...table.columns.flatMap((column) =>
      writeColumnExtras(table, column.inherited === true ? { ...column, storage: undefined } : column)
    ),
  ];
}

/** The change of a table beside its columns and constraints. */
export function writeTableStep({ table, change }: TableStep): readonly Statement[] {
  const alter = `alter table ${writeName(table)}`;
  switch (change.type) {
    case "row security": {
      const actions = rowSecurity(change.from, change.to);
      return actions.length === 0 ? [] : [statement(alter, actions.join(", "))];
    }
    case "logged":
      return [statement(alter, change.to ? "set logged" : "set unlogged")];
    case "parameters": {
      const set: Record<string, string> = {};
      const reset: string[] = [];
      for (const [name, value] of Object.entries(change.to)) {
        if (value === undefined) reset.push(parameterName(name));
        else set[name] = value;
      }
      for (const name of Object.keys(change.from)) {
        if (!(name in change.to)) reset.push(parameterName(name));
      }
      const named = `alter ${change.of ?? "table"} ${writeName(table)}`;
      return [
        ...(Object.keys(set).length === 0 ? [] : [statement(named, `set (${parameterList(set)})`)]),
        ...(reset.length === 0 ? [] : [statement(named, `reset (${reset.join(", ")})`)]),
      ];
    }
    case "replica identity": {
      const { to } = change;
      const identity = to === undefined
        ? "default"
        : typeof to === "string"
        ? to
        : `using index ${quoteIdentifier(to.index)}`;
      return [statement(alter, "replica identity", identity)];
    }
    case "attach":
      return [statement(alter, "attach partition", writeName(change.partition), change.bound)];
    case "detach": {
      const concurrently = change.concurrently === true;
      const text = words(
        alter,
        "detach partition",
        writeName(change.partition),
        concurrently ? "concurrently" : "",
      );
      return [{ text, transaction: !concurrently }];
    }
    case "inherit": {
      const before = new Set(change.from.map(writeName));
      const after = new Set(change.to.map(writeName));
      return [
        ...[...before].filter((name) => !after.has(name)).map((name) => statement(alter, "no inherit", name)),
        ...[...after].filter((name) => !before.has(name)).map((name) => statement(alter, "inherit", name)),
      ];
    }
    default:
      throw new TypeError(`BUG: ${JSON.stringify(change satisfies never)}`);
  }
}

function rowSecurity(from: TableObject["rowSecurity"], to: TableObject["rowSecurity"]): string[] {
  const actions: string[] = [];
  if (from === "forced" && to !== "forced") actions.push("no force row level security");
  if (from !== undefined && to === undefined) actions.push("disable row level security");
  if (from === undefined && to !== undefined) actions.push("enable row level security");
  if (to === "forced" && from !== "forced") actions.push("force row level security");
  return actions;
}
