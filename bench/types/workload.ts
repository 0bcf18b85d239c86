/**
 * What a compiler is given to measure types by: models of ten columns, each with a foreign key to the one before,
 * and for each a select with a condition, a join, an insert and a load of relations. Every answer is used in its
 * exact type, so that a client whose types say less does not pass.
 */

/** One client's way of writing it. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** What it leaves out, for the table. */
  readonly without?: string;
  /** The program, with so many models; of none it is what the client's own types cost. */
  source(models: number): string;
}

/** Numbers from 0 up to `count`. */
export function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
