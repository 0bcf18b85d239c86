/**
 * Conditions on related rows, and how many there are, as parts of queries of the model they belong to.
 *
 * @module
 */
import { assertSql, type Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import { Column } from "../building/column.ts";
import { and } from "../building/condition.ts";
import { type Composition, operator, template } from "../building/composition.ts";
import { type Condition, Expression } from "../building/expression.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { type OutputColumn, outputOf } from "../building/selection.ts";
import { OwnSql } from "../building/traits.ts";
import { TO_SAFE_INTEGER } from "../definition/column_type.ts";
import { equalParts } from "./match.ts";
import { conditionsOnly, isBounded, selecting } from "./plain_query.ts";
import { reach } from "./reach.ts";
import { DefinitionObject } from "./definitions.ts";
import { Link, RelationValue } from "./relation_value.ts";
import type { DefinitionFor, RelationOf } from "./relation_types.ts";

const EXISTS = template("exists (", ")");
const NOT_EXISTS = operator("not exists (", ")");
const SCALAR = template("(", ")");
const ONE: OutputColumn = { property: "1", strings: ["1"], bare: true };
const COUNT: OutputColumn = { property: "count", strings: ["count(*)"], bare: true };
const SELECT_ONE = template("select 1 from (", ') as "~related" where ', "");
const SELECT_COUNT = template("select count(*) from (", ') as "~related" where ', "");

/** A relation of a model, or a path of relations that begins there: `linked(artist.albums, album.tracks)`. */
export type RelationOrPath<Owner extends string> = RelationOf<Owner> | DefinitionFor<Owner>;

/**
 * True for rows that have a related row.
 *
 * @param relation The relation, which may be narrowed, or a path of relations.
 * @param condition What is true of the related row besides.
 *
 * @example
 * ```ts
 * import { column, has, hasMany, model, relations } from "@lifeguard/core";
 * const Artist = model("artists", { id: column.identity().primaryKey() });
 * const Album = model("albums", {
 *   id: column.identity().primaryKey(),
 *   title: column.text(),
 *   artistId: column.integer().references(() => Artist.id),
 * });
 * const artist = relations(Artist, { albums: hasMany(Album, Album.artistId) });
 * const query = Artist.find().where(has(artist.albums, Album.title.eq("Engines")));
 * console.assert(query.toSQL().text === 'select "artists"."id" from "artists" where exists (' +
 *   'select 1 from "albums" where "albums"."title" = $1 and "albums"."artist_id" = "artists"."id")');
 * ```
 */
export function has<Owner extends string>(
  relation: RelationOrPath<Owner>,
  condition?: Sql,
): Condition<never, Owner> {
  return new Expression(EXISTS.of([related(relation, condition, "has()", [ONE, SELECT_ONE])]));
}

/**
 * True for rows that have no related row.
 *
 * @param relation The relation, which may be narrowed, or a path of relations.
 * @param condition What is true of a related row besides.
 */
export function doesntHave<Owner extends string>(
  relation: RelationOrPath<Owner>,
  condition?: Sql,
): Condition<never, Owner> {
  return new Expression(NOT_EXISTS.of([related(relation, condition, "doesntHave()", [ONE, SELECT_ONE])]));
}

/**
 * How many related rows a row has, to be selected, compared or ordered by.
 *
 * @param relation The relation, which may be narrowed, or a path of relations.
 * @param condition What is true of the related rows besides.
 *
 * @example
 * ```ts
 * import { column, countOf, hasMany, model, relations } from "@lifeguard/core";
 * const Artist = model("artists", { id: column.identity().primaryKey() });
 * const Album = model("albums", { id: column.identity().primaryKey(), artistId: column.integer() });
 * const artist = relations(Artist, { albums: hasMany(Album, Album.artistId) });
 * const query = Artist.find().select({ id: Artist.id, albums: countOf(artist.albums) });
 * console.assert(query.toSQL().text === 'select "artists"."id", (select count(*) from "albums" ' +
 *   'where "albums"."artist_id" = "artists"."id") as "albums" from "artists"');
 * ```
 */
export function countOf<Owner extends string>(
  relation: RelationOrPath<Owner>,
  condition?: Sql,
): Expression<number, never, Owner> {
  const composed = SCALAR.of([related(relation, condition, "countOf()", [COUNT, SELECT_COUNT])]);
  return new Expression(composed, { conversion: TO_SAFE_INTEGER, grouped: false });
}

/** The relation given, or the one that a path makes. */
function relationOf(given: RelationOrPath<string>, caller: string): RelationValue {
  if (given instanceof RelationValue) return given;
  const { definition } = given instanceof DefinitionObject ? given : { definition: undefined };
  if (definition?.path !== undefined) {
    const { owner, name } = definition.path;
    const link = new Link(definition, owner, { name, strict: false });
    return new RelationValue(link, definition.query, { name, executor: undefined });
  }
  throw new ValidationError(
    caller,
    definition === undefined
      ? "what it was given is no relation; give artist.albums or its like"
      : "what it was given belongs to no model yet; declare it with relations()",
  );
}

/** The statement of the related rows of the row around it. */
function related(
  given: RelationOrPath<string>,
  condition: Sql | undefined,
  caller: string,
  [output, outside]: readonly [OutputColumn, Composition],
): Sql {
  const { link, rows: query, settings } = relationOf(given, caller);
  if (isBounded(query)) {
    throw new ValidationError(
      link.subject,
      `${caller} was given it with a limit or an offset, which no condition has; leave these out`,
    );
  }
  let narrowed = conditionsOnly(query);
  if (condition !== undefined) {
    assertSql(condition, `the condition of ${caller}`);
    narrowed = narrowed.where(condition);
  }
  const relation = new RelationValue(link, narrowed, { name: settings.name, executor: undefined });
  if (!isShadowed(relation)) {
    return statementOf(selecting(reach(relation, (columns) => ownerIs(relation, columns)).query, output));
  }
  // The tables inside hide the one around them, so what they are narrowed by stays with them, and only their keys get out.
  const { query: inner, keyColumns } = reach(relation);
  const keys = keyColumns.map((column, index) =>
    new Column("~related", `${index}`, `${index}`, column.settings)
  );
  const composed = outside.of([statementOf(selectingKeys(inner, keyColumns)), ownerIs(relation, keys)]);
  return new OwnSql(composed.strings, composed.values, composed);
}

/** The condition that the key of a relation's row is that of the row around it. */
export function ownerIs({ link }: RelationValue, columns: readonly AnyColumn[]): Sql {
  const { from, when = [] } = link.first;
  const equal = equalParts(columns, from);
  if (when.length === 0) return equal;
  return and(equal, ...when.map(([column, value]) => column.eq(value)));
}

/** Whether a table on the way to the related rows has the name of the one the relation is of. */
export function isShadowed({ link: { route, owner } }: RelationValue): boolean {
  return route.some(({ table }) => table.name === owner.name);
}

function selectingKeys(query: SelectQuery, columns: readonly AnyColumn[]): SelectQuery {
  return query.withSelection("select", {
    outputs: columns.map((column, index) => ({
      ...outputOf(`${index}`, column),
      strings: column.strings,
      bare: false,
    })),
    fragments: columns,
    structure: undefined,
    signature: "keys",
  });
}

function statementOf(query: SelectQuery): Sql {
  return query.toSQL();
}
