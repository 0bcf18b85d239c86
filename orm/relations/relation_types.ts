/**
 * What relations are to the compiler. A relation is a value of its own, looked at only where it is used; what it adds to
 * a row is found by lookup, so that the cost of a load does not depend on how many models there are.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import type { Query } from "../building/query.ts";
import type { SOURCE, Source } from "../building/source.ts";
import type { Anything, ColumnDefinitions, RowOf, Shown, ValuesOf } from "../definition/row_types.ts";
import type { GraphInputs, GraphValues } from "./graph_types.ts";

/** Whether a relation leads to any number of rows or to at most one. */
export type RelationKind = "many" | "one";

/** How related rows are read. */
export type LoadStrategy = "query" | "lateral" | "join";

/** The columns of no table. */
export type NoColumns = Readonly<Record<never, never>>;

/** What is known of a relation before it has a name and an owner: what `hasMany()` and its like make. */
export interface DefinitionTypes<
  Owner extends string,
  Kind extends RelationKind,
  Columns extends ColumnDefinitions,
  Target extends string,
  Null,
  Through extends ColumnDefinitions,
  OwnKey extends string = never,
  TheirKey extends string = never,
> {
  /** The name of the model that can have the relation; `never` when any can. */
  readonly owner: Owner;
  /** See {@link RelationKind}. */
  readonly kind: Kind;
  /** The related model's columns. */
  readonly columns: Columns;
  /** The related model's name. */
  readonly target: Target;
  /** `null` when there may be no related row. */
  readonly nullable: Null;
  /** The columns of the table in between, whose values a related row can have besides. */
  readonly through: Through;
  /** The properties of the foreign key that the model itself has. */
  readonly ownKey: OwnKey;
  /** The properties of the foreign key that the related model has. */
  readonly theirKey: TheirKey;
}

/** Any definition's types. */
export type AnyDefinitionTypes = DefinitionTypes<
  string,
  RelationKind,
  ColumnDefinitions,
  string,
  unknown,
  ColumnDefinitions,
  string,
  string
>;

/** A relation without a name: `hasMany(Album, Album.artistId)`. */
export interface RelationDefinition<Types> {
  /** See {@link DefinitionTypes}; no value at run time. */
  readonly "~definition": Types;
}

/** The definitions `relations()` takes: by name, of the model it is given. */
export interface RelationDefinitions<Owner extends string> {
  /** A relation by the name of the property it becomes. */
  readonly [name: string]: DefinitionFor<Owner>;
}

/** A definition that a model's relations can have; no more is looked at, which would cost the compiler dearly. */
export interface DefinitionFor<Owner extends string> {
  /** See {@link DefinitionTypes}; no value at run time. */
  readonly "~definition": {
    /** A foreign key that is not the related model's must be of the model the relations are of. */
    readonly owner: Owner;
  };
}

/** What does not change when a relation is narrowed. */
export interface RelationFacts<
  Owner extends string,
  OwnerColumns extends ColumnDefinitions,
  Args extends readonly unknown[],
  Types,
> {
  /** The name of the model it is of. */
  readonly owner: Owner;
  /** That model's columns. */
  readonly ownerColumns: OwnerColumns;
  /** The last arguments of calls that run something. */
  readonly args: Args;
  /** See {@link DefinitionTypes}. */
  readonly types: Types;
}

/** Any relation's facts. */
export type AnyFacts = RelationFacts<string, ColumnDefinitions, readonly unknown[], AnyDefinitionTypes>;

/** What a relation becomes in a row, by its kind. */
export interface RelationResults<Row, Null> {
  /** All of the related rows; empty when there are none. */
  readonly many: readonly Row[];
  /** The related row. */
  readonly one: Row | Null;
}

/** Any relation, as far as types are read from it. */
export interface AnyRelation {
  /** The property it becomes in a row; no value at run time. */
  readonly "~name": string;
  /** What that property holds; no value at run time. */
  readonly "~result": unknown;
  /** See {@link RelationFacts}; no value at run time. */
  readonly "~facts": AnyFacts;
}

/** A relation of the model whose rows a query returns. */
export interface RelationOf<Owner extends string> {
  /** See {@link AnyRelation}. */
  readonly "~name": string;
  /** See {@link AnyRelation}. */
  readonly "~result": unknown;
  /** Only relations of the model that is queried can be loaded with its rows; no value at run time. */
  readonly "this relation is one of the model": Owner;
  /** What a graph takes under its name; no value at run time. */
  readonly "~graph": unknown;
  /** The properties of the foreign key that the model itself has; no value at run time. */
  readonly "~ownKey": string;
}

/** A row with what was loaded with it. */
export type Related<Row, Each extends RelationOf<string>> = Shown<
  Row & { readonly [Loaded in Each as Loaded["~name"]]: Loaded["~result"] }
>;

/** What a relation's keys are read from: a row of the model it is of, or a part of one. */
export type OwnerRow<Facts extends AnyFacts> = Partial<RowOf<Facts["ownerColumns"]>>;

/**
 * A relation: a value that can be narrowed like a query. Each call returns a new one.
 *
 * @example
 * ```ts
 * import { belongsTo, column, hasMany, model, Pool, relations, sql } from "@lifeguard/core";
 * const Artist = model("artists", { id: column.identity().primaryKey(), name: column.text() });
 * const Album = model("albums", {
 *   id: column.identity().primaryKey(),
 *   title: column.text(),
 *   artistId: column.integer().references(() => Artist.id),
 * });
 * const artist = relations(Artist, { albums: hasMany(Album, Album.artistId) });
 * const album = relations(Album, { artist: belongsTo(Artist, Album.artistId) });
 *
 * await using pool = new Pool("pglite:");
 * await pool.execute(sql`create table artists (id int generated by default as identity primary key, name text not null)`);
 * await pool.execute(sql`create table albums (
 *   id int generated by default as identity primary key, title text not null, artist_id int not null)`);
 * const ada = await Artist.insert({ name: "Ada" }, pool);
 * await Album.insert({ title: "Engines", artistId: ada.id }, pool);
 *
 * const [row] = await Artist.find().with(artist.albums.orderBy(Album.title).limit(3)).all(pool);
 * console.assert(row.albums[0].title === "Engines");
 * const [engines] = await Album.find().with(album.artist.only("name")).all(pool);
 * console.assert(engines.artist.name === "Ada");
 * ```
 */
export interface Relation<
  Facts extends AnyFacts,
  Name extends string,
  Row,
  Null,
  Nested extends RelationOf<string> = never,
> {
  /** See {@link AnyRelation}; no value at run time. */
  readonly "~name": Name;
  /** See {@link AnyRelation}; no value at run time. */
  readonly "~result": RelationResults<Row, Null>[Facts["types"]["kind"]];
  /** See {@link AnyRelation}; no value at run time. */
  readonly "~facts": Facts;
  /** See {@link RelationOf}; no value at run time. */
  readonly "this relation is one of the model": Facts["owner"];
  /** See {@link RelationOf}; no value at run time. */
  readonly "~graph": GraphInputs<
    GraphValues<Facts["types"]["columns"], Facts["types"]["theirKey"], Nested>
  >[Facts["types"]["kind"]];
  /** See {@link RelationOf}; no value at run time. */
  readonly "~ownKey": Facts["types"]["ownKey"];
  /**
   * Keeps related rows that satisfy a condition. Of a relation to one row there may then be none.
   *
   * @param condition A condition on the related model's columns, or an object of values they are equal to.
   */
  where<Property extends keyof Facts["types"]["columns"] = never>(
    condition: Sql | Pick<ValuesOf<Facts["types"]["columns"]>, Property>,
  ): Relation<Facts, Name, Row, null, Nested>;
  /** Orders the related rows of each row. */
  orderBy(...orders: readonly Sql[]): Relation<Facts, Name, Row, Null, Nested>;
  /**
   * Bounds the number of related rows of each row.
   *
   * @param count How many at most, for each row.
   */
  limit(count: number): Relation<Facts, Name, Row, Null, Nested>;
  /**
   * Leaves out the first related rows of each row.
   *
   * @param count How many, for each row.
   */
  offset(count: number): Relation<Facts, Name, Row, null, Nested>;
  /**
   * Selects some of the related model's columns.
   *
   * @param properties The columns' properties.
   */
  only<Property extends keyof Row & keyof Facts["types"]["columns"] & string>(
    ...properties: readonly Property[]
  ): Relation<Facts, Name, Shown<Pick<Row, Property>>, Null, Nested>;
  /**
   * Gives related rows columns of the table in between, in a relation through one.
   *
   * @param properties Their properties.
   */
  pivot<Property extends keyof Facts["types"]["through"] & string>(
    ...properties: readonly Property[]
  ): Relation<Facts, Name, Shown<Row & Pick<RowOf<Facts["types"]["through"]>, Property>>, Null, Nested>;
  /**
   * Loads relations of the related rows with them.
   *
   * @param relations Relations of the related model.
   */
  with<Relations extends readonly RelationOf<Facts["types"]["target"]>[]>(
    ...relations: Relations
  ): Relation<Facts, Name, Related<Row, Relations[number]>, Null, Nested | Relations[number]>;
  /**
   * Gives it another name in rows, so that it can be loaded twice, narrowed differently.
   *
   * @param name The property it becomes.
   */
  as<const Other extends string>(name: Other): Relation<Facts, Other, Row, Null, Nested>;
  /**
   * Chooses how it is loaded: by a statement of its own (`"query"`, the default), inside the statement of the rows it
   * belongs to (`"lateral"`), or, of a relation to one row, by a join (`"join"`).
   *
   * @param strategy See {@link LoadStrategy}.
   */
  by(strategy: LoadStrategy): Relation<Facts, Name, Row, Null, Nested>;
  /** Includes soft-deleted rows. */
  withTrashed(): Relation<Facts, Name, Row, Null, Nested>;
  /** Leaves out the related model's default scope. */
  unscoped(): Relation<Facts, Name, Row, Null, Nested>;
  /**
   * The related rows of rows already read. What is asked for in one tick travels as one statement.
   *
   * @param rows Rows of the model.
   * @param executor What to run on; may be left out where the model is bound.
   * @returns For each row what the relation holds, in the order of the rows.
   */
  of(
    rows: readonly OwnerRow<Facts>[],
    ...executor: Facts["args"]
  ): Promise<readonly RelationResults<Row, Null>[Facts["types"]["kind"]][]>;
  /**
   * The related rows of a row already read. What is asked for in one tick travels as one statement.
   *
   * @param row A row of the model.
   * @param executor What to run on; may be left out where the model is bound.
   */
  of(
    row: OwnerRow<Facts>,
    ...executor: Facts["args"]
  ): Promise<RelationResults<Row, Null>[Facts["types"]["kind"]]>;
  /**
   * A query of a row's related rows, to be narrowed, counted, paged.
   *
   * @param row A row of the model.
   */
  query(
    row: OwnerRow<Facts>,
  ): Query<Facts["types"]["columns"], Row, Facts["args"], Facts["types"]["target"]>;
}

/** A model's relations by name. */
export type RelationSet<
  Owner extends string,
  OwnerColumns extends ColumnDefinitions,
  Args extends readonly unknown[],
  Definitions extends RelationDefinitions<Owner>,
> =
  & {
    readonly [Name in keyof Definitions & string]: RelationFrom<
      RelationFacts<Owner, OwnerColumns, Args, Definitions[Name]["~definition"]>,
      Name
    >;
  }
  & Anything;

/** The relation that a definition makes under a name. */
export type RelationFrom<Facts, Name extends string> = Facts extends AnyFacts
  ? Relation<Facts, Name, RowOf<Facts["types"]["columns"]>, Facts["types"]["nullable"]>
  : never;

/** A model as relations take it: no more is looked at, which would cost the compiler dearly. */
export interface RelatedModel<Name extends string, Columns extends ColumnDefinitions, Args = unknown> {
  /** Its rows' types; no value at run time. */
  readonly "~types": {
    /** Its name. */
    readonly from: Name;
  };
  /** Its columns; no value at run time. */
  readonly "~columns"?: Columns;
  /** The last arguments of its calls; no value at run time. */
  readonly "~args"?: Args;
  /** What it is at run time. */
  readonly [SOURCE]: Source;
}
