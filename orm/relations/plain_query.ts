/**
 * Queries without what they select: which rows they are of, and nothing else.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import type { Composed } from "../building/composition.ts";
import { SelectQuery } from "../building/select_query.ts";
import type { OutputColumn } from "../building/selection.ts";
import { OwnSql } from "../building/traits.ts";
import { type Clause, Shape } from "../compiling/shape.ts";

const CONDITIONS: ReadonlySet<Clause> = new Set<Clause>(["cte", "from", "join", "where", "without"]);
const ROWS: ReadonlySet<Clause> = new Set<Clause>([...CONDITIONS, "orderBy", "limit", "offset"]);

const ROOTS = new WeakMap<Shape, Shape>();

/** The query with its conditions only. */
export function conditionsOnly(query: SelectQuery): SelectQuery {
  return keeping(query, CONDITIONS);
}

/** The query with its conditions, orders and bounds. */
export function rowsOnly(query: SelectQuery): SelectQuery {
  return keeping(query, ROWS);
}

function keeping({ shape, values }: SelectQuery, clauses: ReadonlySet<Clause>): SelectQuery {
  let query = new SelectQuery(rootOf(shape), [], { executor: undefined });
  shape.parts.forEach((part, index) => {
    if (clauses.has(part.clause)) query = query.add(part, composed(shape, part.strings, values[index]));
  });
  return query;
}

/** A shape of the same source without clauses: one for each. */
function rootOf(shape: Shape): Shape {
  let first = shape;
  while (first.parent !== undefined) first = first.parent;
  let root = ROOTS.get(first);
  if (root === undefined) ROOTS.set(first, root = Shape.root(first.source));
  return root;
}

function composed({ pure, stable }: Shape, strings: readonly string[], values: readonly unknown[]): Composed {
  return { strings, values, pure, stable, grouped: false };
}

/** The conditions of a query, which hold together. */
export function conditionsOf({ shape, values }: SelectQuery): readonly Sql[] {
  const without = new Set(shape.parts.filter(({ clause }) => clause === "without").map(({ label }) => label));
  return shape.parts.flatMap((part, index) =>
    part.clause === "where" && !without.has(part.label)
      ? [new OwnSql(part.strings, values[index], shape)]
      : []
  );
}

/** Whether a query has a clause that bounds how many rows it returns. */
export function isBounded({ shape }: SelectQuery): boolean {
  return shape.parts.some(({ clause }) => clause === "limit" || clause === "offset");
}

/** The query with a text without values selected in the place of what it selects. */
export function selecting(query: SelectQuery, output: OutputColumn): SelectQuery {
  return query.withSelection("select", {
    outputs: [output],
    fragments: [new OwnSql(output.strings, [], { pure: true, stable: true })],
    structure: undefined,
    signature: output.property,
  });
}
