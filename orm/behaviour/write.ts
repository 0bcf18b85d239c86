/**
 * What the parts of the ORM that write tell a model's behaviour of a call.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";

/** The values of one record, to be changed; nobody else has the object. */
export type Draft = Record<string, unknown>;

/** One record of a write. */
export interface Write {
  /** The values to insert or to update; left out for a delete. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** The whole row that is updated or deleted, as it was, where the caller has it. */
  readonly row?: Readonly<Record<string, unknown>>;
  /** Its primary key, where the caller gave it. */
  readonly key?: unknown;
}

/** What a call runs on. */
export interface Call {
  /** The pool, transaction or session. */
  readonly executor: Executor;
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the caller gave a list, so that issues are found by their index in it. Default false. */
  readonly many?: boolean;
}
