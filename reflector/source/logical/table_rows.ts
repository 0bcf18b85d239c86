/**
 * What one transaction has changed in one table.
 *
 * Invariant: no more keys are held than {@link MOST_ROWS} rows have; beyond that the table has changed as a whole, and
 * none is held (R10).
 *
 * @module
 */

/** More rows than these of one transaction are told as one change of the table. */
export const MOST_ROWS = 1_000;

/** What one transaction has changed in one table. */
export class TableRows {
  readonly table: string;
  #ids: string[] = [];
  #lookups: Map<string, string[]> | undefined;
  #rows = 0;
  #reason: string | undefined;

  /** Nothing has changed yet. */
  constructor(table: string) {
    this.table = table;
  }

  /** Key texts of rows, perhaps more than once. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  /** By lookup columns: texts of values that rows have or had. */
  get lookups(): ReadonlyMap<string, readonly string[]> {
    return this.#lookups ?? NO_LOOKUPS;
  }

  /** Why the whole table has changed, if so. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** How many texts are held. */
  get held(): number {
    return this.#ids.length * (1 + (this.#lookups?.size ?? 0));
  }

  /** Counts a row; returns false where it needs not be read, since the whole table has changed. */
  count(): boolean {
    if (this.#reason !== undefined) return false;
    if (++this.#rows <= MOST_ROWS) return true;
    this.give(`more than ${MOST_ROWS} rows changed in one transaction`);
    return false;
  }

  addId(id: string): void {
    this.#ids.push(id);
  }

  addLookup(name: string, id: string): void {
    this.#lookups ??= new Map();
    const ids = this.#lookups.get(name);
    if (ids === undefined) this.#lookups.set(name, [id]);
    else ids.push(id);
  }

  /** The whole table has changed. */
  give(reason: string): void {
    this.#reason ??= reason;
    this.#ids = [];
    this.#lookups = undefined;
  }
}

const NO_LOOKUPS: ReadonlyMap<string, readonly string[]> = new Map();
