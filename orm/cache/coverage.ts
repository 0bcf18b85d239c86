/**
 * Which tables the reflector hears the changes of, as it says in a document of the store. Nothing of another table is
 * kept.
 *
 * @module
 */

/** What is covered. */
export interface Coverage {
  /** What the watermark calls this list. */
  readonly version: string;
  /** By `schema.table`. */
  readonly tables: ReadonlyMap<string, TableCoverage>;
  /** Why tables are not covered, where the reflector knows. */
  readonly refused: ReadonlyMap<string, string>;
}

/** How the changes of a table are told. */
export interface TableCoverage {
  /** The columns of the primary key by which rows are voided, joined by `+`. */
  readonly key: string;
  /** The lookups that are voided with them, as their columns' names joined by `+`. */
  readonly lookups: ReadonlySet<string>;
}

/** Nothing. */
export const NO_COVERAGE: Coverage = { version: "", tables: new Map(), refused: new Map() };

/** What the reflector writes. */
interface CoverageDocument {
  readonly tables: readonly {
    readonly name: string;
    readonly key: readonly string[];
    readonly lookups?: readonly (readonly string[])[];
  }[];
  readonly refused?: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Reads the document.
 *
 * @param text The document.
 * @param version What the watermark calls it.
 */
export function readCoverage(text: string, version: string): Coverage {
  const { tables, refused = [] } = JSON.parse(text) as CoverageDocument;
  return {
    version,
    tables: new Map(tables.map(({ name, key, lookups = [] }) => [
      name,
      { key: key.join("+"), lookups: new Set(lookups.map((columns) => columns.join("+"))) },
    ])),
    refused: new Map(refused.map(({ name, reason }) => [name, reason])),
  };
}
