/**
 * Which tables may be cached: the document that clients read, and noticing when it is out of date.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import type { SourceKind } from "../source/change_source.ts";
import { type CoveredTable, isCovered, judge, type RefusedTable } from "./covered_table.ts";
import { type CandidateOptions, changedTables, type Fingerprint, fingerprints } from "./fingerprints.ts";
import { tableFacts } from "./table_facts.ts";

/** The name of the document in a store. */
export const COVERAGE_DOCUMENT = "coverage";

/** The version of the document's form. */
const VERSION = 1;

/** What clients read. */
export interface CoverageDocument {
  /** The version of its form: 1. */
  readonly version: number;
  /** Where changes come from. */
  readonly source: SourceKind;
  /** What may be cached. */
  readonly tables: readonly CoveredTable[];
  /** What may not, though somebody wants it. */
  readonly refused: readonly RefusedTable[];
}

/** Which tables may be cached, at one moment. */
export class Coverage {
  /** The document's text. */
  readonly text: string;
  /** Names the text: what the watermark says. */
  readonly hash: string;
  readonly tables: readonly CoveredTable[];
  readonly refused: readonly RefusedTable[];
  readonly #fingerprints: readonly Fingerprint[];
  readonly #options: CandidateOptions;

  private constructor(
    options: CandidateOptions,
    found: readonly Fingerprint[],
    judged: readonly (CoveredTable | RefusedTable)[],
  ) {
    this.#options = options;
    this.#fingerprints = found;
    this.tables = judged.filter(isCovered);
    this.refused = judged.filter((table): table is RefusedTable => !isCovered(table));
    const document: CoverageDocument = {
      version: VERSION,
      source: options.source,
      tables: this.tables,
      refused: this.refused,
    };
    this.text = JSON.stringify(document);
    this.hash = createHash("md5").update(this.text).digest("hex").slice(0, 12);
  }

  /**
   * Asks the catalogs. What is asked first is the fingerprints, so that what changes meanwhile is noticed by the next
   * probe.
   */
  static async read(
    executor: Executor,
    options: CandidateOptions,
    signal: AbortSignal,
  ): Promise<Coverage> {
    return await Coverage.#of(
      executor,
      options,
      await fingerprints(executor, { ...options, signal }),
      signal,
    );
  }

  static async #of(
    executor: Executor,
    options: CandidateOptions,
    found: readonly Fingerprint[],
    signal: AbortSignal,
  ): Promise<Coverage> {
    const facts = await tableFacts(executor, found.map(({ oid }) => oid), {
      publication: options.source === "logical" ? options.publication : undefined,
      signal,
    });
    const judged = facts.map((table) => judge(table, options.source));
    return new Coverage(options, found, [...judged, ...await absent(executor, options.tables, signal)]);
  }

  /** The table of a name. */
  table(name: string): CoveredTable | undefined {
    return this.tables.find((table) => table.name === name);
  }

  /**
   * Looks whether any table is another than it was.
   *
   * @returns The tables that are, with what is covered now; undefined when nothing has changed.
   */
  async probe(
    executor: Executor,
    signal: AbortSignal,
  ): Promise<{ readonly changed: readonly string[]; readonly coverage: Coverage } | undefined> {
    const found = await fingerprints(executor, { ...this.#options, signal });
    const changed = changedTables(this.#fingerprints, found);
    if (changed.length === 0) return undefined;
    return { changed, coverage: await Coverage.#of(executor, this.#options, found, signal) };
  }
}

/** Of tables that are asked for by name, those that are not there. */
async function absent(
  executor: Executor,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly RefusedTable[]> {
  if (names.length === 0) return [];
  const rows = await executor.query(
    sql<{ name: string }>`select name from unnest(${names}::text[]) with ordinality as wanted(name, position)
where to_regclass(name) is null order by position`,
    { signal },
  );
  const reason = "it does not exist, or is in no schema of the search path; create it, or give its schema";
  return rows.map(({ name }) => ({ name, reason }));
}
