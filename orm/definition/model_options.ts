/**
 * What a model can be given besides its columns.
 *
 * @module
 */
import { BEHAVIOUR_OPTIONS, type BehaviourOptions } from "../behaviour/behaviour.ts";
import { CACHED_MODEL_OPTIONS, type CachedModelOptions } from "./cache_option.ts";
import type { ModelColumns } from "../model_types.ts";
import { LIFECYCLE_OPTIONS, type LifecycleOptions } from "./lifecycle.ts";
import type { ColumnDefinitions } from "./row_types.ts";
import { STRUCTURE_OPTIONS, type StructureOptions } from "./table_structure.ts";

/** What a model can be given besides its columns. */
export interface ModelOptions<Columns extends ColumnDefinitions, Name extends string = string>
  extends
    LifecycleOptions<ModelColumns<Columns, Name>>,
    BehaviourOptions<Columns>,
    CachedModelOptions,
    StructureOptions<ModelColumns<Columns, Name>> {
  /** The schema its table is in. Default: the connection's search path decides. */
  readonly schema?: string;
  /** The table's comment. */
  readonly comment?: string;
}

/** The names of the options. */
export const MODEL_OPTIONS: readonly string[] = [
  "schema",
  "comment",
  ...STRUCTURE_OPTIONS,
  ...LIFECYCLE_OPTIONS,
  ...BEHAVIOUR_OPTIONS,
  ...CACHED_MODEL_OPTIONS,
];
