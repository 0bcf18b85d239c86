/**
 * The parts of tables in SQL: columns and constraints, as far as a lexer can tell.
 *
 * @module
 */
import type { ColumnIdentity, ConstraintObject, TableColumn, TableName } from "../catalog/objects.ts";
import type { TableConstraint } from "../catalog/objects.ts";
import type { Token } from "../files/lexer.ts";
import { textOf, TokenReader } from "./token_reader.ts";

/** A column with the constraints that are written at it. */
export interface ParsedColumn {
  readonly column: TableColumn;
  readonly constraints: readonly ParsedConstraint[];
}

/** A constraint with how it is added. */
export interface ParsedConstraint {
  readonly object: ConstraintObject;
  readonly notValid: boolean;
  readonly usingIndex?: string;
}

/** What ends a type or an expression of a column. */
const COLUMN_WORDS = [
  ...[
    "collate",
    "constraint",
    "not",
    "null",
    "default",
    "check",
    "generated",
    "unique",
    "primary",
    "references",
  ],
  ...["deferrable", "initially", "storage", "compression", "enforced", "first", "after"],
];

const SERIAL = /^(small|big)?serial[248]?$/;

const IDENTITY: ColumnIdentity = {
  generation: "by default",
  start: 1n,
  increment: 1n,
  min: 1n,
  max: 2147483647n,
  cache: 1n,
  cycle: false,
};

/** Reads a column: `name type …`. */
export function parseColumn(table: TableName, tokens: readonly Token[]): ParsedColumn | undefined {
  const reader = new TokenReader(tokens);
  const name = reader.name();
  if (name === undefined) return undefined;
  const type = textOf(reader.until(...COLUMN_WORDS));
  const facts: { -readonly [Key in keyof TableColumn]?: TableColumn[Key] } = {};
  const constraints: ParsedConstraint[] = [];
  const isSerial = SERIAL.test(type.toLowerCase());
  if (isSerial) Object.assign(facts, { notNull: true, default: `nextval('${table.name}_${name}_seq')` });
  let constraint: string | undefined;
  const add = (one: TableConstraint, more: Partial<ParsedConstraint> = {}): void => {
    constraints.push({ object: constraintObject(table, constraint, one), notValid: false, ...more });
    constraint = undefined;
  };
  while (!reader.isAtEnd) {
    if (reader.take("constraint")) constraint = reader.name();
    else if (reader.take("collate")) facts.collation = reader.qualifiedName()?.name;
    else if (reader.take("not", "null")) facts.notNull = true;
    else if (reader.take("not", "enforced")) {
      const last = constraints.pop();
      if (last !== undefined) constraints.push({ ...last, object: { ...last.object, isEnforced: false } });
    } else if (reader.take("default")) facts.default = textOf([...reader.until(...COLUMN_WORDS)]);
    else if (reader.take("check")) add({ type: "check", condition: reader.parenthesized() ?? "" });
    else if (reader.take("unique")) add(key("unique", [name]));
    else if (reader.take("primary", "key")) {
      facts.notNull = true;
      add(key("primary key", [name]));
    } else if (reader.take("references")) {
      const target = reader.qualifiedName() ?? { name: "" };
      const targetColumns = reader.peek() === "(" ? reader.names() : [];
      reader.until(...COLUMN_WORDS);
      // PostgreSQL does not look at rows for a column that is null in all of them.
      add(foreignKey([name], target, targetColumns), { notValid: facts.default === undefined });
    } else if (reader.take("generated")) {
      const isAlways = reader.take("always") || !reader.take("by", "default");
      reader.take("as");
      if (reader.take("identity")) {
        facts.identity = { ...IDENTITY, generation: isAlways ? "always" : "by default" };
        facts.notNull = true;
      } else {
        const expression = reader.parenthesized() ?? "";
        facts.generated = { expression, kind: reader.take("stored") ? "stored" : "virtual" };
      }
    } else reader.skip();
  }
  // A foreign key in front of its default.
  const fixed = facts.default === undefined
    ? constraints
    : constraints.map((one) => ({ ...one, notValid: false }));
  return { column: { notNull: false, ...facts, name, type }, constraints: fixed };
}

/** Whether tokens of a table's definition are a constraint, not a column. */
export function isConstraint(tokens: readonly Token[]): boolean {
  const reader = new TokenReader(tokens);
  const word = reader.peek();
  if (["constraint", "check", "exclude"].includes(word)) return true;
  return (["primary", "foreign", "not"].includes(word) && ["key", "null"].includes(reader.peek(1))) ||
    (word === "unique" && ["(", "using", "nulls"].includes(reader.peek(1)));
}

/** Reads a constraint: `[constraint name] unique (…) …`; `undefined` for what is none, or NOT NULL. */
export function parseConstraint(table: TableName, tokens: readonly Token[]): ParsedConstraint | undefined {
  const reader = new TokenReader(tokens);
  const name = reader.take("constraint") ? reader.name() : undefined;
  const notValid = / not valid\b/i.test(` ${textOf(tokens)}`);
  const isUnenforced = / not enforced\b/i.test(` ${textOf(tokens)}`);
  const of = (one: TableConstraint, more: Partial<ParsedConstraint> = {}): ParsedConstraint => ({
    object: { ...constraintObject(table, name, one), ...(isUnenforced ? { isEnforced: false } : {}) },
    notValid,
    ...more,
  });
  if (reader.take("check")) return of({ type: "check", condition: reader.parenthesized() ?? "" });
  if (reader.take("foreign", "key")) {
    const columns = reader.names();
    reader.take("references");
    const target = reader.qualifiedName() ?? { name: "" };
    return of(foreignKey(columns, target, reader.peek() === "(" ? reader.names() : []));
  }
  const isPrimary = reader.take("primary", "key");
  if (isPrimary || reader.take("unique")) {
    reader.until("(", "using");
    if (reader.take("using", "index")) {
      return of(key(isPrimary ? "primary key" : "unique", []), { usingIndex: reader.name() });
    }
    return of(key(isPrimary ? "primary key" : "unique", reader.names()));
  }
  if (reader.take("exclude")) {
    const method = reader.take("using") ? reader.name() ?? "gist" : "gist";
    return of({ type: "exclude", method, elements: [], include: [], parameters: {} });
  }
  return undefined;
}

function key(type: "primary key" | "unique", columns: readonly string[]): TableConstraint {
  return { type, columns, include: [], parameters: {} };
}

function foreignKey(
  columns: readonly string[],
  target: TableName,
  targetColumns: readonly string[],
): TableConstraint {
  return {
    type: "foreign key",
    columns,
    target,
    targetColumns,
    onDelete: "no action",
    onUpdate: "no action",
  };
}

/** A constraint's record; a name that is not said is as PostgreSQL would make it. */
export function constraintObject(
  table: TableName,
  name: string | undefined,
  constraint: TableConstraint,
): ConstraintObject {
  const columns = "columns" in constraint ? `_${constraint.columns.join("_")}` : "";
  const end = {
    "primary key": "_pkey",
    unique: `${columns}_key`,
    "foreign key": `${columns}_fkey`,
    check: "_check",
    exclude: "_excl",
  };
  return {
    kind: "constraint",
    ...(table.schema === undefined ? {} : { schema: table.schema }),
    table: table.name,
    name: name ?? `${table.name}${end[constraint.type]}`,
    constraint,
    isValid: true,
    dependsOn: [],
  };
}
