/**
 * Objects of which a migration says the name, or the name and a query.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type {
  CatalogObject,
  IndexObject,
  MaterializedViewObject,
  TableColumn,
  TableName,
  TableObject,
  ViewObject,
} from "../catalog/objects.ts";
import { bodyOf, checkName, checkOptions, type Name, nameOf, oneOf } from "./name.ts";
import { identityOf, placeOf } from "./routines.ts";

/** What a view is. */
export interface ViewOptions {
  /** The names of its columns. Default: those of its query. */
  readonly columns?: readonly string[];
  /** Its parameters: `{ security_invoker: true, check_option: "local" }`. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  /** Its comment. */
  readonly comment?: string;
}

/** The kinds of things that have a name of their own. */
export type NamedKind =
  | "schema"
  | "collation"
  | "type"
  | "domain"
  | "sequence"
  | "table"
  | "view"
  | "materialized view"
  | "index"
  | "statistics";

/** What else has a name, which is known by more than that. */
export type PartKind = "constraint" | "trigger" | "policy" | "function" | "procedure" | "extension";

const NAMED_KINDS = [
  "schema",
  "collation",
  "type",
  "domain",
  "sequence",
  "table",
  "view",
  "materialized view",
  "index",
  "statistics",
] as const satisfies NamedKind[];

/** The options that are given. */
export function defined<Options extends object>(
  options: Options,
): { [Option in keyof Options]?: Exclude<Options[Option], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Option in keyof Options]?: Exclude<Options[Option], undefined>;
  };
}

/** A table of which the name alone is known. */
export function bareTable(name: TableName): TableObject {
  return { kind: "table", ...name, dependsOn: [], columns: [], parameters: {} };
}

/** An index of which the name alone is known. */
export function bareIndex(name: TableName): IndexObject {
  return {
    kind: "index",
    ...name,
    table: "",
    dependsOn: [],
    unique: false,
    method: "btree",
    keys: [],
    include: [],
    parameters: {},
    isValid: true,
  };
}

/** Anything with a name of its own, of which the name alone is known. */
export function bareObject(kind: NamedKind, name: TableName): CatalogObject {
  oneOf(kind, NAMED_KINDS, "the kind of an object");
  switch (kind) {
    case "schema":
      return { kind: "schema", name: name.name, dependsOn: [] };
    case "collation":
      return { kind: "collation", ...name, dependsOn: [], provider: "icu", locale: "", deterministic: true };
    case "type":
      return { kind: "enum", ...name, dependsOn: [], labels: [] };
    case "domain":
      return { kind: "domain", ...name, dependsOn: [], type: "text", notNull: false, checks: [] };
    case "sequence":
      return {
        kind: "sequence",
        ...name,
        dependsOn: [],
        type: "bigint",
        start: 1n,
        increment: 1n,
        min: 1n,
        max: 9_223_372_036_854_775_807n,
        cache: 1n,
        cycle: false,
      };
    case "table":
      return bareTable(name);
    case "view":
      return viewOf(name, "select", {}, "a view");
    case "materialized view":
      return materializedOf(name, "select", {}, "a view");
    case "index":
      return bareIndex(name);
    case "statistics":
      return { kind: "statistics", ...name, dependsOn: [], table: "", definition: "" };
    default:
      throw new TypeError(`BUG: ${JSON.stringify(kind satisfies never)}`);
  }
}

/** What `comment()` is given the name of. */
export type CommentedName =
  | Name
  | { readonly name: string; readonly table: Name }
  | { readonly name: Name; readonly arguments: string };

/** Anything that can have a comment. */
export function commented(kind: NamedKind | PartKind, given: CommentedName): CatalogObject {
  switch (kind) {
    case "constraint":
    case "trigger":
    case "policy": {
      if (typeof given !== "object" || given === null || !("table" in given)) {
        throw new ValidationError(
          `a ${kind} in comment()`,
          'it is known by its table, too; give { name: "…", table: "users" }',
        );
      }
      const part = {
        name: checkName(given.name, "comment()"),
        ...placeOf(nameOf(given.table, "the table of comment()")),
        dependsOn: [],
      };
      if (kind === "trigger") return { kind, ...part, definition: "", enabled: "origin" };
      if (kind === "policy") return { kind, ...part, permissive: true, command: "all", roles: ["public"] };
      return { kind, ...part, constraint: { type: "check", condition: "true" }, isValid: true };
    }
    case "function":
    case "procedure": {
      if (typeof given !== "object" || given === null || !("arguments" in given)) {
        throw new ValidationError(
          `a ${kind} in comment()`,
          'it is known by its arguments, too; give { name: "add", arguments: "integer, integer" }',
        );
      }
      return {
        kind: "function",
        ...nameOf(given.name, "comment()"),
        dependsOn: [],
        isProcedure: kind === "procedure",
        identity: identityOf(given.arguments),
        arguments: given.arguments,
        language: "sql",
        definition: "",
      };
    }
    case "extension":
      return { kind, name: nameOf(given as Name, "comment()").name, dependsOn: [] };
    default:
      return bareObject(kind, nameOf(given as Name, "comment()"));
  }
}

/** A view of a query. */
export function viewOf(
  name: Name,
  query: string | Sql,
  options: ViewOptions & { readonly recursive?: boolean },
  subject: string,
): ViewObject {
  checkOptions(options, ["columns", "parameters", "comment", "recursive"], subject);
  const { recursive } = options;
  if (recursive === true && (options.columns ?? []).length === 0) {
    throw new ValidationError(subject, 'a recursive view names its columns; give columns: ["n"]');
  }
  return {
    kind: "view",
    ...queryOf(name, query, options, subject),
    ...(recursive === true ? { recursive } : {}),
  };
}

/** A materialized view of a query. */
export function materializedOf(
  name: Name,
  query: string | Sql,
  options: ViewOptions,
  subject: string,
): MaterializedViewObject {
  checkOptions(options, ["columns", "parameters", "comment"], subject);
  return { kind: "materialized view", ...queryOf(name, query, options, subject), isPopulated: true };
}

/** Parameters as texts. */
export function textParameters(
  parameters: Readonly<Record<string, string | number | boolean>> = {},
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
}

function queryOf(
  name: Name,
  query: string | Sql,
  { columns = [], parameters, comment }: ViewOptions,
  subject: string,
): Omit<ViewObject, "kind"> {
  return {
    ...nameOf(name, subject),
    dependsOn: [],
    columns: columns.map((column): TableColumn => ({
      name: checkName(column, `a column of ${subject}`),
      type: "unknown",
      notNull: false,
    })),
    query: bodyOf(query, `the query of ${subject}`).trim().replace(/;$/, ""),
    parameters: textParameters(parameters),
    ...(comment === undefined ? {} : { comment }),
  };
}
