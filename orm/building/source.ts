/**
 * What rows come from: a table, an alias of it, a subquery, a common table expression. Each has a name inside the query
 * and columns.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { FRAGMENT, Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { COMPUTED, plainType } from "../definition/column_type.ts";
import { type AnyColumn, Column } from "./column.ts";
import { type Composed, template } from "./composition.ts";
import type { ExpressionTypes } from "./expression.ts";
import type { OutputColumn } from "./selection.ts";
import { keep } from "./kept.ts";

/** Where what rows can come from says what it is, for the ORM's own parts. */
export const SOURCE: unique symbol = Symbol("lifeguard.source");

/** What rows come from, at run time. */
export interface Source {
  /** Its name inside the query. */
  readonly name: string;
  /** What stands in `from` or after `join`. */
  readonly from: Composed;
  /** Its columns by property. */
  readonly columns: ReadonlyMap<string, AnyColumn>;
  /** What is true of its rows that are not soft-deleted, where rows can be. */
  readonly present?: Sql;
  /** What is true of its soft-deleted rows. */
  readonly trashed?: Sql;
  /** What its model's queries ask unless they are unscoped. */
  readonly scope?: Sql;
  /** What stands in `with`, when it is a common table expression. */
  readonly cte?: CteClause;
  /** Whether the list of all its columns provably writes nothing. Default true. */
  readonly selectionPure?: boolean;
}

/** A common table expression as `with` writes it. */
export interface CteClause {
  /** Its text: `"name" as (…)`. */
  readonly definition: Composed;
  /** Whether it refers to itself. */
  readonly recursive: boolean;
}

/** What can stand in `from` or after `join`; `Name` is its name in the query. */
export interface Joinable<Name extends string = string> {
  /** See {@link ExpressionTypes}; no value at run time. */
  readonly "~types": ExpressionTypes<unknown, unknown, Name>;
  /** What it is at run time. */
  readonly [SOURCE]: Source;
}

/** The columns of a subquery or a common table expression. */
export type SourceColumns<Row, Name extends string> = {
  readonly [Property in keyof Row & string]: Column<
    Exclude<Row[Property], null>,
    Extract<Row[Property], null>,
    Name,
    Property
  >;
};

/** What every subquery and common table expression has besides its columns. */
export interface SourceMembers<Row, Name extends string> {
  /** See {@link ExpressionTypes}; no value at run time. */
  readonly "~types": ExpressionTypes<Row, never, Name>;
  /** Its name, quoted, so that it can stand in `sql`. */
  readonly [FRAGMENT]: Sql;
  /** What it is at run time. */
  readonly [SOURCE]: Source;
}

/** A subquery or a common table expression: its columns are its properties. */
export type DerivedSource<Row, Name extends string> = SourceMembers<Row, Name> & SourceColumns<Row, Name>;

const NAMED_SUBQUERIES = new Map<string, ReturnType<typeof template>>();

/** What stands in `from` for a subquery under a name. */
export function subqueryFrom(statement: Sql, name: string): Composed {
  let composition = NAMED_SUBQUERIES.get(name);
  if (composition === undefined) {
    composition = template("(", `) as ${quoteIdentifier(name)}`);
    keep(NAMED_SUBQUERIES, 1_000, [name, composition]);
  }
  return composition.of([statement]);
}

/**
 * Makes a source of a query's output.
 *
 * @param source What stands in `from`, and in `with`.
 * @param outputs The columns the query returns.
 */
export function derivedSource<Row, Name extends string>(
  source: Omit<Source, "columns">,
  outputs: readonly OutputColumn[],
): DerivedSource<Row, Name> {
  const columns = new Map<string, AnyColumn>();
  for (const { property, conversion, settings } of outputs) {
    const type = conversion === undefined
      ? plainType(COMPUTED, "one of its type")
      : { ...plainType(COMPUTED, "one of its type"), conversion };
    columns.set(property, new Column(source.name, property, property, settings ?? { type }));
  }
  const members: Record<PropertyKey, unknown> = Object.fromEntries(columns);
  members[SOURCE] = { ...source, columns } satisfies Source;
  members[FRAGMENT] = new Sql([quoteIdentifier(source.name)], []);
  return Object.freeze(members) as unknown as DerivedSource<Row, Name>;
}

/**
 * What something to join is.
 *
 * @throws {ValidationError} When it is nothing rows can come from.
 */
export function sourceOf(joinable: Joinable, subject: string): Source {
  const source = (joinable as Partial<Joinable> | null | undefined)?.[SOURCE];
  if (source !== undefined) return source;
  throw new ValidationError(
    subject,
    `${kindOf(joinable)} was given; give a model, an alias of one, or a query with a name: query.as("name")`,
  );
}
