/**
 * `alter …` of anything but a table's parts as steps, as far as a lexer can tell.
 *
 * @module
 */
import type { CatalogObject } from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";
import { bareObject, base } from "./bare_object.ts";
import { parseAlterTable } from "./parse_alter_table.ts";
import type { TokenReader } from "./token_reader.ts";

/** Reads what follows `alter`. */
export function parseAlter(reader: TokenReader): readonly Step[] | undefined {
  if (reader.take("table") || reader.take("foreign", "table")) return parseAlterTable(reader);
  if (reader.take("type")) {
    const type = reader.qualifiedName();
    if (type === undefined) return undefined;
    const object = { ...base(type), kind: "enum", labels: [] } as const;
    if (reader.take("add", "value")) {
      const ifNotExists = reader.take("if", "not", "exists");
      const label = reader.string();
      if (label === undefined) return undefined;
      return [{
        kind: "type",
        object,
        change: { type: "add label", label, ...(ifNotExists ? { ifNotExists } : {}) },
      }];
    }
    if (reader.take("rename", "value")) {
      const from = reader.string();
      const to = reader.take("to") ? reader.string() : undefined;
      return from === undefined || to === undefined
        ? undefined
        : [{ kind: "type", object, change: { type: "rename label", from, to } }];
    }
    return parseRename(reader, object);
  }
  if (reader.take("domain")) return parseAlterDomain(reader);
  if (reader.take("policy")) return parseAlterPolicy(reader);
  const words = Object.keys(RENAMED).find((one) => reader.take(...one.split(" ")));
  if (words === undefined) return undefined;
  const kind = RENAMED[words];
  reader.take("if", "exists");
  const name = reader.qualifiedName();
  if (name === undefined) return undefined;
  reader.inside();
  const isView = kind === "view" || kind === "materialized view";
  if (isView && reader.take("rename") && reader.peek() !== "to") {
    reader.take("column");
    const column = reader.name();
    const to = reader.take("to") ? reader.name() : undefined;
    return column === undefined || to === undefined
      ? undefined
      : [{ kind: "column", table: name, column, change: { type: "rename", to } }];
  }
  return parseRename(reader, bareObject(kind, name));
}

/** What is renamed or put into another schema, by the words with which it is. */
const RENAMED: Readonly<Record<string, CatalogObject["kind"]>> = {
  "materialized view": "materialized view",
  view: "view",
  schema: "schema",
  function: "function",
  procedure: "function",
  routine: "function",
  sequence: "sequence",
};

function parseAlterDomain(reader: TokenReader): readonly Step[] | undefined {
  const name = reader.qualifiedName();
  if (name === undefined) return undefined;
  const object = { ...base(name), kind: "domain", type: "", notNull: false, checks: [] } as const;
  if (reader.take("set", "not", "null")) {
    return [{ kind: "type", object, change: { type: "domain not null", to: true } }];
  }
  if (!reader.take("add")) return parseRename(reader, object);
  const check = (reader.take("constraint") ? reader.name() : undefined) ?? `${name.name}_check`;
  if (reader.take("not", "null")) {
    return [{ kind: "type", object, change: { type: "domain not null", to: true } }];
  }
  if (!reader.take("check")) return undefined;
  const condition = reader.parenthesized() ?? "";
  const isValid = !reader.take("not", "valid");
  return [{
    kind: "type",
    object,
    change: { type: "add check", check: { name: check, condition, isValid } },
  }];
}

function parseAlterPolicy(reader: TokenReader): readonly Step[] | undefined {
  const name = reader.name();
  const table = reader.take("on") ? reader.qualifiedName() : undefined;
  if (name === undefined || table === undefined || reader.peek() === "rename") return undefined;
  const object = {
    ...base({ ...table, name }),
    ...{ kind: "policy", table: table.name, permissive: true, command: "all", roles: [] } as const,
  };
  return [{ kind: "replace", from: object, to: object }];
}

function parseRename(reader: TokenReader, object: CatalogObject): readonly Step[] | undefined {
  // `rename` may have been taken, to see whether a column follows.
  if (reader.take("rename", "to") || reader.take("to")) {
    const to = reader.name();
    return to === undefined ? undefined : [{ kind: "rename", object, to }];
  }
  if (!reader.take("set", "schema")) return undefined;
  const to = reader.name();
  return to === undefined ? undefined : [{ kind: "move", object, to }];
}
