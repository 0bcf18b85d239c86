/**
 * SQL that a person wrote as steps, as far as a lexer can tell: what the rules of the lint look at. What is not
 * understood stays what it is.
 *
 * @module
 */
import type { TableObject } from "../catalog/objects.ts";
import type { Token } from "../files/lexer.ts";
import type { ParsedStatement } from "../files/statement.ts";
import type { Step } from "../steps/step.ts";
import { bareObject, base } from "./bare_object.ts";
import { parseAlter } from "./parse_alter.ts";
import { parseDrop } from "./parse_drop.ts";
import { isConstraint, parseColumn, parseConstraint } from "./parse_table.ts";
import { textOf, TokenReader } from "./token_reader.ts";

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

function parseCreate(reader: TokenReader, text: string): readonly Step[] | undefined {
  reader.take("or", "replace");
  const isTemporary = reader.takeOneOf("temp", "temporary") !== undefined;
  reader.takeOneOf("unlogged", "constraint", "foreign");
  const unique = reader.take("unique");
  if (reader.take("index")) return parseCreateIndex(reader, unique);
  if (reader.take("table")) return parseCreateTable(reader, isTemporary);
  if (reader.takeOneOf("function", "procedure") !== undefined) {
    const name = reader.qualifiedName();
    if (name === undefined) return undefined;
    const object = { ...base(name), kind: "opaque", what: "function", definition: text, hash: "" } as const;
    return [{ kind: "create", object }];
  }
  if (reader.take("schema")) {
    const ifNotExists = reader.take("if", "not", "exists");
    const name = reader.name();
    // With objects in it, or named after a role, it is left as it is.
    if (name === undefined || !(reader.isAtEnd || reader.peek() === "authorization")) return undefined;
    return [{
      kind: "create",
      object: { ...base({ name }), kind: "schema" },
      ...(ifNotExists ? { ifNotExists } : {}),
    }];
  }
  if (reader.take("domain")) return parseCreateDomain(reader);
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

function parseCreateDomain(reader: TokenReader): readonly Step[] | undefined {
  const domain = reader.qualifiedName();
  if (domain === undefined) return undefined;
  reader.take("as");
  const type = textOf(reader.until("collate", "constraint", "default", "not", "null", "check"));
  const rest = textOf(reader.until());
  const condition = /\bcheck\b/i.test(rest) ? [{ name: "", condition: rest, isValid: true }] : [];
  const notNull = /\bnot null\b/i.test(rest);
  return [{ kind: "create", object: { ...base(domain), kind: "domain", type, notNull, checks: condition } }];
}

function parseCreateTable(reader: TokenReader, isTemporary: boolean): readonly Step[] | undefined {
  const ifNotExists = reader.take("if", "not", "exists");
  const table = reader.qualifiedName();
  if (table === undefined) return undefined;
  const isPartition = reader.take("partition", "of");
  const parent = isPartition ? reader.qualifiedName() : undefined;
  const parts = reader.list() ?? [];
  const isLike = (part: readonly Token[]): boolean => new TokenReader(part).peek() === "like";
  const columns = parts.filter((part) => !isConstraint(part) && !isLike(part)).flatMap((part) =>
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
      ...(isTemporary || parts.some(isLike) || hasMore(reader) ? ELSEWHERE : {}),
      ...(parent === undefined ? {} : { partitionOf: { table: parent, bound: bound ?? "" } }),
    },
    constraints: [...columns.flatMap((column) => column.constraints), ...constraints].map(({ object }) =>
      object
    ),
  }];
}

/** What stands for columns and keys that a statement does not say itself. */
const ELSEWHERE: Pick<TableObject, "inherits"> = { inherits: [] };

/** Whether columns come from other tables or a query, too. */
function hasMore(reader: TokenReader): boolean {
  reader.until("inherits", "as");
  return !reader.isAtEnd;
}

function parseCreateTrigger(reader: TokenReader, text: string): readonly Step[] | undefined {
  const name = reader.name();
  reader.until("on");
  const table = reader.take("on") ? reader.qualifiedName() : undefined;
  if (name === undefined || table === undefined) return undefined;
  const object = { ...base({ ...table, name }), kind: "trigger", table: table.name } as const;
  return [{ kind: "create", object: { ...object, definition: text, enabled: "origin" } }];
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
