/**
 * What related rows are loaded with.
 *
 * @module
 */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import type { AnyColumn } from "../building/column.ts";

/** What related rows are loaded with. */
export interface RelatedCall {
  /** What runs the statements. */
  readonly executor: Executor;
  /** Their options. */
  readonly options?: QueryOptions | undefined;
  /** Whether the rows were themselves sent for as a read; else related ones are not either, and come from the same server. */
  readonly readOnly?: boolean;
  /** Whether relations of the rows must not be loaded one by one later. */
  readonly strict?: boolean | undefined;
  /** The properties that hold columns in the rows they are loaded for. */
  readonly propertiesOf: (columns: readonly AnyColumn[]) => readonly string[];
}
