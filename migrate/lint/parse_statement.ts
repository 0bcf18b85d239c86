/**
 * SQL that a person wrote as steps, as far as a lexer can tell: what the rules of the lint look at. What is not
 * understood stays what it is.
 *
 * @module
 */
import type { CatalogObject, ObjectBase, TableName } from "../catalog/objects.ts";
import type { ParsedStatement } from "../files/statement.ts";
import type { Step } from "../steps/step.ts";
import { parseAlterTable } from "./parse_alter_table.ts";
import { isConstraint, parseColumn, parseConstraint } from "./parse_table.ts";
import { textOf, TokenReader } from "./token_reader.ts";

/** The kinds of objects by the words with which they are dropped. */
const DROPPED: Readonly<Record<string, CatalogObject["kind"]>> = {
  table: "table",
  schema: "schema",
  view: "view",
  sequence: "sequence",
  type: "enum",
  domain: "domain",
  function: "function",
  procedure: "function",
  extension: "extension",
  index: "index",
};

/** The steps that a statement is. */
export function parseStatement({ text, tokens }: Pick<ParsedStatement, "text" | "tokens">): readonly Step[] {
  const reader = new TokenReader(tokens);
  const word = reader.peek();
  reader.skip();
  const parsed = word === "create"
    ? parseCreate(reader, text)
    : word === "drop"
    ? parseDrop(reader)
    : word === "alter"
    ? parseAlter(reader)
    : word === "refresh"
    ? parseRefresh(reader)
    : word === "reindex"
    ? parseReindex(reader)
    : undefined;
  return parsed === undefined || parsed.length === 0 ? [{ kind: "sql", text }] : parsed;
}

function base({ schema, name }: TableName): ObjectBase {
  return { name, ...(schema === undefined ? {} : { schema }), dependsOn: [] };
}

function parseCreate(reader: TokenReader, text: string): readonly Step[] | undefined {
  reader.take("or", "replace");
  reader.takeOneOf("temp", "temporary", "unlogged", "constraint");
  const unique = reader.take("unique");
  if (reader.take("index")) return parseCreateIndex(reader, unique);
  if (reader.take("table")) return parseCreateTable(reader);
  if (reader.take("trigger")) return parseCreateTrigger(reader, text);
  if (reader.take("policy")) {
    const name = reader.name();
    const table = reader.take("on") ? reader.qualifiedName() : undefined;
    if (name === undefined || table === undefined) return undefined;
    const object = { ...base({ ...table, name }), kind: "policy", table: table.name } as const;
    return [{ kind: "create", object: { ...object, permissive: true, command: "all", roles: ["public"] } }];
  }
  if (reader.take("type")) {
    const type = reader.qualifiedName();
    if (type === undefined || !reader.take("as", "enum")) return undefined;
    const labels = (reader.list() ?? []).flatMap((label) => new TokenReader(label).string() ?? []);
    return [{ kind: "create", object: { ...base(type), kind: "enum", labels } }];
  }
  const isMaterialized = reader.take("materialized", "view");
  if (isMaterialized || reader.take("view")) {
    reader.take("if", "not", "exists");
    const view = reader.qualifiedName();
    if (view === undefined) return undefined;
    const facts = { ...base(view), columns: [], query: "", parameters: {} };
    return [{
      kind: "create",
      object: isMaterialized
        ? { ...facts, kind: "materialized view", isPopulated: true }
        : { ...facts, kind: "view" },
    }];
  }
  return undefined;
}

function parseCreateIndex(reader: TokenReader, unique: boolean): readonly Step[] | undefined {
  const concurrently = reader.take("concurrently");
  const ifNotExists = reader.take("if", "not", "exists");
  const named = reader.peek() === "on" ? undefined : reader.name();
  if (!reader.take("on")) return undefined;
  const isOnly = reader.take("only");
  const table = reader.qualifiedName();
  // On a partitioned table alone it is empty, and costs nothing.
  if (table === undefined || isOnly) return undefined;
  const method = reader.take("using") ? reader.name() ?? "btree" : "btree";
  const columns = (reader.list() ?? []).map((tokens) => ({
    text: textOf(tokens),
    name: new TokenReader(tokens).name(),
  }));
  const keys = columns.map(({ text, name }) => {
    const isColumn = name !== undefined && /^("([^"]|"")+"|[\w$]+)(\s|$)/.test(text);
    return isColumn ? { expression: `"${name}"`, isColumn } : { expression: text, isColumn };
  });
  return [{
    kind: "create",
    ...(concurrently ? { concurrently } : {}),
    ...(ifNotExists ? { ifNotExists } : {}),
    object: {
      ...base({ ...table, name: named ?? `${table.name}_idx` }),
      kind: "index",
      table: table.name,
      unique,
      method,
      keys,
      include: reader.take("include") ? reader.names() : [],
      parameters: {},
      isValid: true,
      ...(() => {
        reader.until("where");
        return reader.take("where") ? { where: textOf(reader.until()) } : {};
      })(),
    },
  }];
}

function parseCreateTable(reader: TokenReader): readonly Step[] | undefined {
  const ifNotExists = reader.take("if", "not", "exists");
  const table = reader.qualifiedName();
  if (table === undefined) return undefined;
  const isPartition = reader.take("partition", "of");
  const parent = isPartition ? reader.qualifiedName() : undefined;
  const parts = reader.list() ?? [];
  const columns = parts.filter((part) => !isConstraint(part)).flatMap((part) =>
    parseColumn(table, part) ?? []
  );
  const constraints = parts.filter(isConstraint).flatMap((part) => parseConstraint(table, part) ?? []);
  const bound = parent === undefined
    ? undefined
    : textOf(reader.until("partition", "using", "with", "tablespace"));
  return [{
    kind: "create",
    ...(ifNotExists ? { ifNotExists } : {}),
    object: {
      ...base(table),
      kind: "table",
      columns: columns.map(({ column }) => column),
      parameters: {},
      ...(parent === undefined ? {} : { partitionOf: { table: parent, bound: bound ?? "" } }),
    },
    constraints: [...columns.flatMap((column) => column.constraints), ...constraints].map(({ object }) =>
      object
    ),
  }];
}

function parseCreateTrigger(reader: TokenReader, text: string): readonly Step[] | undefined {
  const name = reader.name();
  reader.until("on");
  const table = reader.take("on") ? reader.qualifiedName() : undefined;
  if (name === undefined || table === undefined) return undefined;
  const object = { ...base({ ...table, name }), kind: "trigger", table: table.name } as const;
  return [{ kind: "create", object: { ...object, definition: text, enabled: "origin" } }];
}

function parseDrop(reader: TokenReader): readonly Step[] | undefined {
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
  const isMaterialized = reader.take("materialized");
  const word = reader.peek();
  const kind = isMaterialized ? "materialized view" : DROPPED[word];
  if (kind === undefined) return undefined;
  reader.skip();
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

/** An object of which no more than its name is known. */
export function bareObject(kind: CatalogObject["kind"], name: TableName): CatalogObject {
  const known = base(name);
  switch (kind) {
    case "table":
      return { ...known, kind, columns: [], parameters: {} };
    case "view":
      return { ...known, kind, columns: [], query: "", parameters: {} };
    case "materialized view":
      return { ...known, kind, columns: [], query: "", parameters: {}, isPopulated: true };
    case "enum":
      return { ...known, kind, labels: [] };
    case "index":
      return {
        ...known,
        ...{
          kind,
          table: "",
          unique: false,
          method: "btree",
          keys: [],
          include: [],
          parameters: {},
          isValid: true,
        },
      };
    default:
      return { ...known, kind: "opaque", what: kind, hash: "" };
  }
}

function parseAlter(reader: TokenReader): readonly Step[] | undefined {
  if (reader.take("table")) return parseAlterTable(reader);
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
  const isMaterialized = reader.take("materialized", "view");
  if (isMaterialized || reader.take("view")) {
    reader.take("if", "exists");
    const view = reader.qualifiedName();
    return view === undefined
      ? undefined
      : parseRename(reader, bareObject(isMaterialized ? "materialized view" : "view", view));
  }
  return undefined;
}

function parseRename(reader: TokenReader, object: CatalogObject): readonly Step[] | undefined {
  if (reader.take("rename", "to")) {
    const to = reader.name();
    return to === undefined ? undefined : [{ kind: "rename", object, to }];
  }
  if (!reader.take("set", "schema")) return undefined;
  const to = reader.name();
  return to === undefined ? undefined : [{ kind: "move", object, to }];
}

function parseRefresh(reader: TokenReader): readonly Step[] | undefined {
  if (!reader.take("materialized", "view")) return undefined;
  const concurrently = reader.take("concurrently");
  const view = reader.qualifiedName();
  return view === undefined
    ? undefined
    : [{ kind: "refresh", view, ...(concurrently ? { concurrently } : {}) }];
}

function parseReindex(reader: TokenReader): readonly Step[] | undefined {
  const options = (reader.parenthesized() ?? "").toLowerCase();
  if (!reader.take("index")) return undefined;
  const concurrently = reader.take("concurrently") || /\bconcurrently\b(?!\s+(?:off|false|0))/.test(options);
  const name = reader.qualifiedName();
  if (name === undefined) return undefined;
  const object = bareObject("index", name);
  if (object.kind !== "index") return undefined;
  return [{ kind: "index", object, change: { type: "rebuild", concurrently } }];
}
