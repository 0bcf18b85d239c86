/**
 * Relations between models.
 *
 * @module
 */
export { belongsTo, hasMany, hasOne, manyToMany } from "./definitions.ts";
export type {
  BelongsToOptions,
  Has,
  HasOptions,
  RelationKey,
  RelationKeyColumn,
  ThroughOptions,
} from "./definitions.ts";
export { countOf, doesntHave, has, type RelationOrPath } from "./conditions.ts";
export { type Graph, graph } from "./graph.ts";
export type { GraphInputs, GraphValues } from "./graph_types.ts";
export { LazyLoadError } from "./lazy_load_error.ts";
export { type EndOf, type KindOf, type Linked, linked } from "./linked.ts";
export { detectRepeatedLoads } from "./n_plus_one.ts";
export type { RepeatedLoad, RepeatedLoadOptions } from "./n_plus_one.ts";
export { relations, type RelationsOptions } from "./relations.ts";
export type {
  AnyDefinitionTypes,
  AnyFacts,
  AnyRelation,
  DefinitionFor,
  DefinitionTypes,
  LoadStrategy,
  NoColumns as NoRelatedColumns,
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
