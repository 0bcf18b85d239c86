/**
 * The error of relations that were to be loaded with the rows they belong to.
 *
 * @module
 */
import { LifeguardError } from "../../pool/wire/errors.ts";

/** A relation was loaded by itself where that is not allowed: of strict rows, or of one row after the other. */
export class LazyLoadError extends LifeguardError {
  /** "LAZY_LOAD": the heading to read in `docs/errors.md`. */
  readonly code = "LAZY_LOAD";
  /** The relation and its model. */
  readonly relation: string;

  /** Creates the error of a relation. */
  constructor(relation: string, problem: string, advice: string) {
    super(`Cannot load ${relation} by itself: ${problem}; ${advice}`);
    this.relation = relation;
  }
}
