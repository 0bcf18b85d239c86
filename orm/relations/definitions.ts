/**
 * What a relation is before it has a name: which model it leads to, and by which columns.
 *
 * @module
 */
import { assertSql, type Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import type { SelectQuery } from "../building/select_query.ts";
import type { ColumnSettings } from "../definition/column_settings.ts";
import type { ColumnDefinitions } from "../definition/row_types.ts";
import { type Table, tableOf, unknownColumn } from "../definition/table.ts";
import type { DefinitionTypes, NoColumns, RelatedModel, RelationDefinition } from "./relation_types.ts";
import { columnsIn, type Hop, referredTo } from "./route.ts";

/** A column of a model, or the columns of its key. */
export type RelationKey<From extends string, Null = unknown, Property extends string = string> =
  | RelationKeyColumn<From, Null, Property>
  | readonly RelationKeyColumn<From, Null, Property>[];

/** A column, as far as relations look at its type: comparing no more costs the compiler less. */
export interface RelationKeyColumn<From extends string, Null = unknown, Property extends string = string> {
  /** See {@link ExpressionTypes}; no value at run time. */
  readonly "~types": {
    /** Whether it may be null. */
    readonly nullable: Null;
    /** Its table. */
    readonly from: From;
  };
  /** Its property; no value at run time. */
  readonly "~ordered": Property;
  /** Its settings, which only a column has. */
  readonly settings: ColumnSettings;
}

/** How `hasMany()` and `hasOne()` may be made. */
export interface HasOptions<Owner extends string> {
  /** The columns the foreign key refers to. Default: what it `references()`, else the primary key. */
  readonly key?: RelationKey<Owner>;
  /** What is true of every related row: `Comment.subjectType.eq("post")`. */
  readonly where?: Sql;
}

/** How `belongsTo()` may be made. */
export interface BelongsToOptions<Target extends string> {
  /** The columns the foreign key refers to. Default: what it `references()`, else the primary key. */
  readonly key?: RelationKey<Target>;
  /** The values of columns of the rows that have the relation: `{ subjectType: "post" }`. Others have null. */
  readonly when?: Readonly<Record<string, unknown>>;
}

/** How `manyToMany()` goes through a table. */
export interface ThroughOptions<
  Owner extends string,
  Target extends string,
  Through extends string,
  Columns extends ColumnDefinitions,
> {
  /** The model of the table in between. */
  readonly through: RelatedModel<Through, Columns>;
  /** Its foreign key to the model that has the relation. */
  readonly from: RelationKey<NoInfer<Through>>;
  /** Its foreign key to the related model. */
  readonly to: RelationKey<NoInfer<Through>>;
  /** The columns `from` refers to. Default: what it `references()`, else the primary key. */
  readonly fromKey?: RelationKey<Owner>;
  /** The columns `to` refers to. Default: what it `references()`, else the primary key. */
  readonly toKey?: RelationKey<Target>;
  /** What is true of every row in between. */
  readonly where?: Sql;
}

/** A definition at run time. */
export interface Definition {
  /** Which table has the foreign key: the model's own, the related one's, one in between; or it is a path of others. */
  readonly keyOf: "owner" | "related" | "between" | "path";
  /** Whether it leads to any number of rows. */
  readonly many: boolean;
  /** Whether there must be a related row. */
  readonly required: boolean;
  /** The query of every related row, unnarrowed. */
  readonly query: SelectQuery;
  /** How it gets there; called late, so that the models' foreign keys may refer to each other. */
  readonly route: (owner: Table, subject: string) => readonly Hop[];
  /** The table in between whose columns a related row can have besides. */
  readonly through?: Table;
  /** Whether a related row is to be found once although more than one way leads to it. */
  readonly distinct?: boolean;
  /** Where a path begins, and what errors call it: it can be used before it is declared. */
  readonly path?: { readonly owner: Table; readonly name: string };
}

/** What `hasMany()` and its like made, at run time. */
export class DefinitionObject {
  /** See {@link Definition}. */
  readonly definition: Definition;

  constructor(definition: Definition) {
    this.definition = definition;
    Object.freeze(this);
  }
}

/** Any model, as relations take it. */
type AnyTarget = RelatedModel<string, ColumnDefinitions>;

/** What there is many of, or one. */
export type Has<
  Kind extends "many" | "one",
  Target extends string,
  Columns extends ColumnDefinitions,
  Owner extends string,
  ForeignKey extends string,
> = RelationDefinition<
  DefinitionTypes<Owner, Kind, Columns, Target, null, NoColumns, never, ForeignKey>
>;

/**
 * Any number of rows whose foreign key refers to the model's row.
 *
 * @param target The related model.
 * @param foreignKey Its foreign key: a column, or the columns of a key of several.
 * @param options See {@link HasOptions}.
 */
export function hasMany<
  Target extends string,
  Columns extends ColumnDefinitions,
  ForeignKey extends string,
  Owner extends string = never,
>(
  target: RelatedModel<Target, Columns>,
  foreignKey: RelationKey<NoInfer<Target>, unknown, ForeignKey>,
  options: HasOptions<Owner> = {},
): Has<"many", Target, Columns, Owner, ForeignKey> {
  return has(true, target, foreignKey, options);
}

/**
 * At most one row whose foreign key refers to the model's row: its foreign key is unique.
 *
 * @param target The related model.
 * @param foreignKey Its foreign key: a column, or the columns of a key of several.
 * @param options See {@link HasOptions}.
 */
export function hasOne<
  Target extends string,
  Columns extends ColumnDefinitions,
  ForeignKey extends string,
  Owner extends string = never,
>(
  target: RelatedModel<Target, Columns>,
  foreignKey: RelationKey<NoInfer<Target>, unknown, ForeignKey>,
  options: HasOptions<Owner> = {},
): Has<"one", Target, Columns, Owner, ForeignKey> {
  return has(false, target, foreignKey, options);
}

/**
 * The row that the model's foreign key refers to.
 *
 * @param target The related model.
 * @param foreignKey The foreign key of the model that has the relation: a column, or the columns of a key of several.
 * @param options See {@link BelongsToOptions}.
 */
export function belongsTo<
  Target extends string,
  Columns extends ColumnDefinitions,
  Owner extends string,
  Null,
  ForeignKey extends string,
>(
  target: RelatedModel<Target, Columns>,
  foreignKey: RelationKey<Owner, Null, ForeignKey>,
  options: BelongsToOptions<NoInfer<Target>> & { readonly when: Readonly<Record<string, unknown>> },
): RelationDefinition<DefinitionTypes<Owner, "one", Columns, Target, null, NoColumns, ForeignKey>>;
/** The row that the model's foreign key refers to; never null when no column of it can be. */
export function belongsTo<
  Target extends string,
  Columns extends ColumnDefinitions,
  Owner extends string,
  Null,
  ForeignKey extends string,
>(
  target: RelatedModel<Target, Columns>,
  foreignKey: RelationKey<Owner, Null, ForeignKey>,
  options?: BelongsToOptions<NoInfer<Target>>,
): RelationDefinition<DefinitionTypes<Owner, "one", Columns, Target, Null, NoColumns, ForeignKey>>;
export function belongsTo(
  target: AnyTarget,
  foreignKey: unknown,
  { key, when }: BelongsToOptions<string> = {},
): never {
  const columns = Array.isArray(foreignKey) ? foreignKey as readonly AnyColumn[] : [foreignKey as AnyColumn];
  return made({
    keyOf: "owner",
    many: false,
    required: when === undefined && columns.every((column) => column?.settings?.nullable !== true),
    query: everyRow(target),
    route(owner, subject) {
      const table = tableOf(target);
      const from = columnsIn(foreignKey, owner, subject);
      const to = referredTo(from, table, { key, subject });
      return [{
        table,
        from,
        to,
        conditions: [],
        ...(when === undefined ? {} : { when: valuesOf(owner, when) }),
      }];
    },
  });
}

/**
 * Any number of rows, found through a table of pairs.
 *
 * @param target The related model.
 * @param options The table in between, and its foreign keys.
 */
export function manyToMany<
  Target extends string,
  Columns extends ColumnDefinitions,
  Through extends string,
  Between extends ColumnDefinitions,
  Owner extends string = never,
>(
  target: RelatedModel<Target, Columns>,
  options: ThroughOptions<Owner, NoInfer<Target>, Through, Between>,
): RelationDefinition<DefinitionTypes<Owner, "many", Columns, Target, null, Between>> {
  const { through, from, to, fromKey, toKey, where } = options ?? {};
  const between = tableOf(through);
  if (where !== undefined) assertSql(where, `the condition of manyToMany() through "${between.name}"`);
  return made({
    keyOf: "between",
    many: true,
    required: false,
    query: everyRow(target),
    through: between,
    route(owner, subject) {
      const table = tableOf(target);
      const [first, second] = [columnsIn(from, between, subject), columnsIn(to, between, subject)];
      const conditions = [between.present, where].filter((condition) => condition !== undefined);
      return [
        { table: between, from: referredTo(first, owner, { key: fromKey, subject }), to: first, conditions },
        { table, from: second, to: referredTo(second, table, { key: toKey, subject }), conditions: [] },
      ];
    },
  });
}

function has(
  many: boolean,
  target: AnyTarget,
  foreignKey: unknown,
  { key, where }: HasOptions<string>,
): never {
  if (where !== undefined) assertSql(where, `the condition of ${many ? "hasMany" : "hasOne"}()`);
  const query = everyRow(target);
  return made({
    keyOf: "related",
    many,
    required: false,
    query: where === undefined ? query : query.where(where),
    route(owner, subject) {
      const table = tableOf(target);
      const to = columnsIn(foreignKey, table, subject);
      return [{ table, from: referredTo(to, owner, { key, subject }), to, conditions: [] }];
    },
  });
}

/** A definition as the compiler is told it is. */
export function made(definition: Definition): never {
  return new DefinitionObject(definition) as unknown as never;
}

function everyRow(target: AnyTarget): SelectQuery {
  tableOf(target);
  return (target as unknown as { find(): SelectQuery }).find();
}

function valuesOf(owner: Table, when: Readonly<Record<string, unknown>>): NonNullable<Hop["when"]> {
  if (typeof when !== "object" || when === null) {
    throw new ValidationError(
      "the option when of belongsTo()",
      `it is ${kindOf(when)}; give an object of values`,
    );
  }
  return Object.entries(when).map(([property, value]) => {
    const column = owner.columns.get(property);
    if (column === undefined) throw unknownColumn(owner, property);
    return [column, value] as const;
  });
}
