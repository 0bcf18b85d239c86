/**
 * Relations between models.
 *
 * @module
 */
export { belongsTo, hasMany, hasOne, manyToMany } from "./definitions.ts";
export type { BelongsToOptions, HasOptions, KeyColumns, ThroughOptions } from "./definitions.ts";
export { relations } from "./relations.ts";
export type {
  AnyDefinitionTypes,
  AnyFacts,
  AnyRelation,
  DefinitionTypes,
  LoadStrategy,
  OwnerRow,
  Related,
  RelatedModel,
  Relation,
  RelationDefinition,
  RelationDefinitions,
  RelationFacts,
  RelationFrom,
  RelationKind,
  RelationOf,
  RelationResults,
  RelationSet,
} from "./relation_types.ts";
