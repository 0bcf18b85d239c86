/**
 * Queries of related rows, joined with the tables on the way to them.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { type AnyColumn, Column } from "../building/column.ts";
import { type Composition, list, template } from "../building/composition.ts";
import { and } from "../building/condition.ts";
import { Expression } from "../building/expression.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { outputOf } from "../building/selection.ts";
import { type Joinable, SOURCE, type Source } from "../building/source.ts";
import { OwnSql } from "../building/traits.ts";
import { aliasOf } from "../definition/table.ts";
import { equalParts } from "./match.ts";
import type { RelationValue } from "./relation_value.ts";
import type { Hop } from "./route.ts";

/** A query of related rows. */
export interface Reached {
  /** The query. */
  readonly query: SelectQuery;
  /** The columns in it that equal the key of the row they belong to. */
  readonly keyColumns: readonly AnyColumn[];
}

/** A condition on the columns that lead to a relation's owner. */
export type Match = (columns: readonly AnyColumn[]) => Sql;

/**
 * The query of a relation's rows, with the tables on the way.
 *
 * @param relation The relation.
 * @param match The condition on the columns that lead to the owner; left out for the rows of every owner.
 */
export function reach(relation: RelationValue, match?: Match): Reached {
  const { link: { route, first, definition }, rows: query } = relation;
  if (route.length === 1) return { query: matched(query, first.to, match), keyColumns: first.to };
  if (definition.through !== undefined) return reachThrough(relation, match);
  return reachLinked(relation, match);
}

function matched(query: SelectQuery, columns: readonly AnyColumn[], match: Match | undefined): SelectQuery {
  return match === undefined ? query : query.withPart("where", match(columns));
}

/** Joins the table in between, so that rows can be ordered by its columns and have them. */
function reachThrough({ link, rows: query, settings }: RelationValue, match: Match | undefined): Reached {
  const { first, last } = link;
  if (first.table.name === last.table.name) {
    throw new ValidationError(
      link.subject,
      `it leads through the table it leads to, "${first.table.name}"; give an alias of the related model`,
    );
  }
  const on = and(equalParts(last.to, last.from), ...first.conditions);
  const unsoftened: Source = { ...first.table, present: undefined };
  const joined = query.join({ [SOURCE]: unsoftened } as unknown as Joinable, on);
  return {
    query: matched(withPivot(joined, settings.pivot ?? []), first.to, match),
    keyColumns: first.to,
  };
}

function withPivot(query: SelectQuery, columns: readonly AnyColumn[]): SelectQuery {
  if (columns.length === 0) return query;
  return query.withSelection("add", {
    outputs: columns.map((column) => outputOf(column.property, column)),
    fragments: columns,
    structure: undefined,
    signature: columns.map(({ property }) => property).join("\0"),
  });
}

const LINK = '"~link"';
const LINKED = template("select distinct ", " from ", "");
const LINKED_WHERE = template("select distinct ", " from ", " where ", "");
const WAY = list("", " ", "");
const NAMED = template("(", `) as ${LINK}`);

/** Joins the pairs of keys at both ends of a path, each once, so that a row is found once for each owner. */
function reachLinked(
  { link: { route, last }, rows: query }: RelationValue,
  match: Match | undefined,
): Reached {
  const taken = new Set<string>();
  const way: Sql[] = [];
  const conditions: Sql[] = [];
  let before: Place | undefined;
  let firstColumns: readonly AnyColumn[] = [];
  for (const hop of route.slice(0, -1)) {
    const place = placeOf(hop, taken);
    conditions.push(...place.conditions);
    const to = columnsAt(hop.to, place);
    if (before === undefined) {
      way.push(place.from);
      firstColumns = to;
    } else {
      way.push(new Expression(JOIN.of([place.from, equalParts(to, columnsAt(hop.from, before))])));
      conditions.push(...whenAt(hop, before));
    }
    before = place;
  }
  const lastColumns = columnsAt(last.from, before!);
  conditions.push(...whenAt(last, before!));
  const outer = (columns: readonly AnyColumn[], offset: number) =>
    columns.map(({ settings }, index) =>
      new Column("~link", `${offset + index}`, `${offset + index}`, settings)
    );
  const pairs = [...firstColumns, ...lastColumns].map((column, index) =>
    new Expression(numbered(index).of([column]))
  );
  if (match !== undefined) conditions.push(match(firstColumns));
  const parts = [new Expression(COMMAS.of(pairs)), new Expression(WAY.of(way))];
  const statement = conditions.length === 0
    ? LINKED.of(parts)
    : LINKED_WHERE.of([...parts, new Expression(ANDS.of(conditions))]);
  const source: Source = {
    name: "~link",
    from: NAMED.of([new OwnSql(statement.strings, statement.values, statement)]),
    columns: new Map(),
  };
  const on = equalParts(last.to, outer(lastColumns, firstColumns.length));
  return {
    query: query.join({ [SOURCE]: source } as unknown as Joinable, on),
    keyColumns: outer(firstColumns, 0),
  };
}

const COMMAS = list("", ", ", "");
const ANDS = list("", " and ", "");
const JOIN = template("join ", " on ", "");

const NUMBERED: Composition[] = [];

function numbered(index: number): Composition {
  return NUMBERED[index] ??= template("", ` as "${index}"`);
}

/** A table on the way, under a name no other has. */
interface Place {
  readonly name: string;
  readonly from: Sql;
  readonly conditions: readonly Sql[];
}

function placeOf({ table, conditions }: Hop, taken: Set<string>): Place {
  let name = table.name;
  for (let i = 2; taken.has(name); i++) name = `${table.name}_${i}`;
  taken.add(name);
  if (name === table.name) return { name, from: fromOf(table), conditions };
  if (conditions.length === 0) return { name, from: fromOf(aliasOf(table, name)), conditions };
  // Conditions name the table, so they are said where it has that name.
  const inner = SELECT_ALL.of([fromOf(table), new Expression(ANDS.of(conditions))]);
  const composed = template("(", `) as ${quoteIdentifier(name)}`).of([
    new OwnSql(inner.strings, inner.values, inner),
  ]);
  return { name, from: new OwnSql(composed.strings, composed.values, composed), conditions: [] };
}

const SELECT_ALL = template("select * from ", " where ", "");

function fromOf({ from }: Source): Sql {
  return new OwnSql(from.strings, from.values, from);
}

function whenAt({ when = [] }: Hop, { name }: Place): readonly Sql[] {
  return when.map(([column, value]) => column.of(name).eq(value));
}

function columnsAt(columns: readonly AnyColumn[], { name }: Place): readonly AnyColumn[] {
  return columns[0].table === name ? columns : columns.map((column) => column.of(name));
}
