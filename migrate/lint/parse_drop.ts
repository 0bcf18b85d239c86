/**
 * `drop …` as steps, as far as a lexer can tell.
 *
 * @module
 */
import type { CatalogObject, TableName } from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";
import { bareObject, base } from "./bare_object.ts";
import { textOf, type TokenReader } from "./token_reader.ts";

/** The kinds of objects by the words with which they are dropped. */
const DROPPED: Readonly<Record<string, CatalogObject["kind"]>> = {
  table: "table",
  "foreign table": "table",
  schema: "schema",
  view: "view",
  "materialized view": "materialized view",
  sequence: "sequence",
  type: "enum",
  domain: "domain",
  function: "function",
  procedure: "function",
  routine: "function",
  extension: "extension",
  index: "index",
};

/** What has no kind of its own, by its words. */
const OTHERS = [
  ...["access method", "aggregate", "cast", "collation", "conversion", "database", "event trigger"],
  ...["foreign data wrapper", "group", "language", "operator class", "operator family", "operator", "owned"],
  ...["publication", "role", "rule", "server", "statistics", "subscription", "tablespace"],
  ...["text search configuration", "text search dictionary", "text search parser", "text search template"],
  ...["transform", "user mapping", "user"],
] as const;

/** Reads what follows `drop`. */
export function parseDrop(reader: TokenReader): readonly Step[] | undefined {
  const onTable = reader.takeOneOf("trigger", "policy");
  if (onTable !== undefined) {
    const ifExists = reader.take("if", "exists");
    const name = reader.name();
    const table = reader.take("on") ? reader.qualifiedName() : undefined;
    if (name === undefined || table === undefined) return undefined;
    const more = onTable === "trigger"
      ? { kind: "trigger", definition: "", enabled: "origin" } as const
      : { kind: "policy", permissive: true, command: "all", roles: [] } as const;
    return [{ kind: "drop", ifExists, object: { ...base({ ...table, name }), table: table.name, ...more } }];
  }
  const words = Object.keys(DROPPED).find((one) => reader.take(...one.split(" ")));
  if (words === undefined) return parseOther(reader);
  const kind = DROPPED[words];
  const concurrently = reader.take("concurrently");
  const ifExists = reader.take("if", "exists");
  const names: TableName[] = [];
  do {
    const name = reader.qualifiedName();
    if (name === undefined) return undefined;
    names.push(name);
    reader.list();
  } while (reader.take(","));
  const cascade = reader.take("cascade");
  return names.map((name) => ({
    kind: "drop",
    object: bareObject(kind, name),
    ...(ifExists ? { ifExists } : {}),
    ...(cascade ? { cascade } : {}),
    ...(concurrently ? { concurrently } : {}),
  }));
}

function parseOther(reader: TokenReader): readonly Step[] | undefined {
  const what = OTHERS.find((one) => reader.take(...one.split(" ")));
  if (what === undefined) return undefined;
  if (what === "owned") reader.take("by");
  const ifExists = reader.take("if", "exists");
  const name = textOf(reader.until("cascade", "restrict"));
  const cascade = reader.take("cascade");
  return [{
    kind: "drop",
    object: {
      ...base({ name }),
      kind: "opaque",
      what: what === "user" || what === "group" ? "role" : what,
      hash: "",
    },
    ...(ifExists ? { ifExists } : {}),
    ...(cascade ? { cascade } : {}),
  }];
}
