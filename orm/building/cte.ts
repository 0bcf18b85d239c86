/**
 * Common table expressions: queries under a name in front of the query that uses them.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { assertSql, FRAGMENT, type Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { derivedOutputs } from "../compiling/select.ts";
import { type Composed, type Composition, template } from "./composition.ts";
import { SelectQuery } from "./select_query.ts";
import type { OutputColumn } from "./selection.ts";
import { type CteClause, type DerivedSource, derivedSource, type Source } from "./source.ts";
import { keep } from "./kept.ts";

/** How a common table expression is made. */
export interface CteOptions {
  /** Whether it is computed once, or merged into the query. Default: PostgreSQL decides. */
  readonly materialized?: boolean;
}

/** A statement whose rows a common table expression has. */
export interface Rows<Row> {
  /** The rows; no value at run time. */
  readonly "~row"?: Row;
  /** The statement as a fragment. */
  readonly [FRAGMENT]: Sql;
}

/**
 * Names a query, so that others can select from it or join it. Where it is used it stands in `with`.
 *
 * @param name Its name.
 * @param query A query, or an insert, update or delete with `returning`.
 * @param options Whether it is materialized.
 * @returns What can be joined; the query's output columns are its properties.
 *
 * @example
 * ```ts
 * import { column, cte, from, model } from "@lifeguard/core";
 * const Sale = model("sales", { id: column.identity().primaryKey(), shop: column.text(), total: column.integer() });
 * const large = cte("large", Sale.find().where(Sale.total.gt(100)).select({ shop: Sale.shop }));
 * console.assert(from(large).select({ shop: large.shop }).toSQL().text ===
 *   'with "large" as (select "sales"."shop" from "sales" where "sales"."total" > $1) select "large"."shop" from "large"');
 * ```
 */
export function cte<const Name extends string, Row>(
  name: Name,
  query: Rows<Row>,
  { materialized }: CteOptions = {},
): DerivedSource<Row, Name> {
  const keyword = materialized === undefined
    ? "as"
    : materialized
    ? "as materialized"
    : "as not materialized";
  const definition = definitionOf(name, keyword).of([statementOf(name, query)]);
  return derived(name, { definition, recursive: false }, outputs(name, query));
}

/**
 * Names a query that refers to itself: `with recursive`.
 *
 * @param name Its name.
 * @param base The rows it starts with.
 * @param step The rows that follow from those found so far, which it is given; joined by `union all`.
 * @param options With `distinct` rows already found are left out (`union`), which ends cycles. Default false.
 * @returns What can be joined.
 *
 * @example
 * ```ts
 * import { column, from, model, recursive } from "@lifeguard/core";
 * const Part = model("parts", { id: column.integer().primaryKey(), wholeId: column.integer().nullable() });
 * const tree = recursive(
 *   "tree",
 *   Part.find().where(Part.wholeId.isNull()).select({ id: Part.id }),
 *   (tree) => Part.find().join(tree, Part.wholeId.eq(tree.id)).select({ id: Part.id }),
 * );
 * console.assert(from(tree).toSQL().text.startsWith('with recursive "tree" as (select "parts"."id" from "parts"'));
 * ```
 */
export function recursive<const Name extends string, Row>(
  name: Name,
  base: Rows<Row>,
  step: (self: DerivedSource<Row, Name>) => Rows<Row>,
  { distinct = false }: { readonly distinct?: boolean } = {},
): DerivedSource<Row, Name> {
  const columns = outputs(name, base);
  const self = derived<Row, Name>(name, undefined, columns);
  const parts = [statementOf(name, base), statementOf(name, step(self))];
  const union = distinct ? "union" : "union all";
  return derived(name, { definition: recursionOf(name, union).of(parts), recursive: true }, columns);
}

function derived<Row, Name extends string>(
  name: Name,
  clause: CteClause | undefined,
  columns: readonly OutputColumn[],
): DerivedSource<Row, Name> {
  const from: Composed = { ...nameOf(name), values: [], pure: true, stable: true, grouped: false };
  const source: Omit<Source, "columns"> = { name, from, ...(clause === undefined ? {} : { cte: clause }) };
  return derivedSource(source, columns);
}

const NAMES = new Map<string, { strings: readonly string[] }>();

function nameOf(name: string): { strings: readonly string[] } {
  return memo(NAMES, name, () => ({ strings: [quoteIdentifier(name)] }));
}

const DEFINITIONS = new Map<string, Composition>();

function definitionOf(name: string, keyword: string): Composition {
  return memo(
    DEFINITIONS,
    `${keyword} ${name}`,
    () => template(`${quoteIdentifier(name)} ${keyword} (`, ")"),
  );
}

const RECURSIONS = new Map<string, Composition>();

function recursionOf(name: string, union: string): Composition {
  return memo(
    RECURSIONS,
    `${union} ${name}`,
    () => template(`${quoteIdentifier(name)} as (`, ` ${union} `, ")"),
  );
}

/** Keeps what a name leads to, up to a number of names. */
function memo<Value>(kept: Map<string, Value>, key: string, make: () => Value): Value {
  let value = kept.get(key);
  if (value === undefined) {
    value = make();
    keep(kept, 1_000, [key, value]);
  }
  return value;
}

function statementOf(name: string, query: Rows<unknown>): Sql {
  const fragment = (query as Partial<Rows<unknown>> | undefined)?.[FRAGMENT];
  assertSql(fragment, `the query of cte "${name}"`);
  return fragment;
}

/** What has output columns besides a select: a write with `returning`. */
export interface WithOutputs {
  /** The columns it returns. */
  readonly outputs: readonly OutputColumn[];
}

function outputs(name: string, query: Rows<unknown>): readonly OutputColumn[] {
  if (query instanceof SelectQuery) return derivedOutputs(query.shape);
  const columns = (query as Partial<WithOutputs>).outputs;
  if (columns !== undefined) return columns;
  throw new ValidationError(
    `cte "${name}"`,
    "what it is of returns nothing that is known; give a query, or a write with returning()",
  );
}
