/**
 * Reads what a database has.
 *
 * Everything is asked for in one transaction, all of it sent at once and answered from one snapshot, with settings under
 * which PostgreSQL writes equal things as equal text: an empty `search_path`, so that names come with their schemas, and
 * a time zone and formats that are not the session's. Addresses (OIDs) stay in here. What is dropped while its definition is
 * asked for makes the reader begin again.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { assertOptions } from "../../pool/query_options.ts";
import type { Transaction } from "../../pool/session_executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import type { TransactionOptions } from "../../pool/transaction/transaction_options.ts";
import { CatalogDraft } from "./catalog_draft.ts";
import { readUnmoved } from "./moved_catalog.ts";
import type { Catalog } from "./objects.ts";
import { columnsByTable, readColumns, readNotNulls } from "./read_columns.ts";
import { addConstraints, readConstraints } from "./read_constraints.ts";
import { addIndexes, indexParts, readCollationNames, readIndexes, readOpclasses } from "./read_indexes.ts";
import { addOpaque, readOpaque } from "./read_opaque.ts";
import { addPrivileges, columnGrants, readColumnPrivileges, readPrivileges } from "./read_privileges.ts";
import { addRelations, readInherits, readRelations } from "./read_relations.ts";
import {
  addFunctions,
  addPolicies,
  addStatistics,
  addTriggers,
  readFunctions,
  readPolicies,
  readStatistics,
  readTriggers,
} from "./read_routines.ts";
import { addSettings, readSettings } from "./read_settings.ts";
import { addSequences, identitiesOf, readSequences } from "./read_sequences.ts";
import {
  addExtensions,
  addSchemas,
  readComments,
  readDepends,
  readExtensions,
  readSchemas,
} from "./read_surroundings.ts";
import { addCollations, addTypes, readCollations, readTypes } from "./read_types.ts";
import { selectObjects } from "./select_objects.ts";

/** What a catalog is read from: a pool, in a transaction of its own. */
export interface CatalogSource {
  /** Runs a function in a transaction. */
  transaction<T>(work: (tx: Transaction) => Promise<T> | T, options?: TransactionOptions): Promise<T>;
}

/** How a catalog is read. */
export interface ReadCatalogOptions {
  /** Only what is in these schemas, beside extensions. Default: all but the system's and our own `lifeguard_…`. */
  readonly schemas?: readonly string[];
  /**
   * Only these tables and views, written `users` or `app.users`, with what belongs to them and what they need that is no
   * other table. Default: all.
   */
  readonly tables?: readonly string[];
  /** Gives up. */
  readonly signal?: AbortSignal;
}

const OPTIONS = ["schemas", "tables", "signal"] satisfies (keyof ReadCatalogOptions)[];

/** Under which the same thing is the same text in every session. */
const SETTINGS = {
  search_path: "",
  TimeZone: "UTC",
  DateStyle: "ISO, YMD",
  IntervalStyle: "postgres",
  extra_float_digits: 1,
  quote_all_identifiers: false,
} as const;

/**
 * Reads the catalogs of a database.
 *
 * @param source The database.
 * @param options What is read.
 * @returns Everything it has, from one snapshot.
 * @throws {PostgresError} When the server refuses a question.
 *
 * @example
 * ```ts
 * import { Pool, sql } from "@lifeguard/core";
 * import { readCatalog } from "@lifeguard/core/migrate";
 * await using pool = new Pool("pglite:");
 * await pool.execute(sql`create table users (id bigint primary key)`);
 * const catalog = await readCatalog(pool);
 * console.assert(catalog.objects.has("constraint:public.users.users_pkey"));
 * ```
 */
export async function readCatalog(
  source: CatalogSource,
  options: ReadCatalogOptions = {},
): Promise<Catalog> {
  assertOptions(options, OPTIONS);
  const { signal, ...selection } = options;
  const read = () =>
    source.transaction(async (tx) => {
      const version = await tx.value<number>(sql`select current_setting('server_version_num')::int4 / 10000`);
      return selectObjects((await readDraft(tx, version)).finish(version), selection);
    }, {
      isolation: "repeatable read",
      readOnly: true,
      settings: SETTINGS,
      ...(signal === undefined ? {} : { signal }),
    });
  return await readUnmoved(read, signal);
}

/**
 * Reads everything, in a transaction that is as {@link readCatalog} makes it.
 *
 * @param executor The transaction.
 * @param version The server's major version.
 * @returns Every object, with what belongs to it.
 */
export async function readDraft(executor: Executor, version: number): Promise<CatalogDraft> {
  const [
    depends,
    comments,
    schemas,
    extensions,
    collations,
    types,
    relations,
    inherits,
    columns,
    notNulls,
    constraints,
    indexes,
    opclasses,
    collationNames,
    sequences,
    functions,
    triggers,
    policies,
    statistics,
    opaque,
    privileges,
    columnPrivileges,
    settings,
  ] = await Promise.all([
    readDepends(executor),
    readComments(executor),
    readSchemas(executor),
    readExtensions(executor),
    readCollations(executor),
    readTypes(executor, version),
    readRelations(executor),
    readInherits(executor),
    readColumns(executor),
    readNotNulls(executor, version),
    readConstraints(executor, version),
    readIndexes(executor, version),
    readOpclasses(executor),
    readCollationNames(executor),
    readSequences(executor),
    readFunctions(executor),
    readTriggers(executor),
    readPolicies(executor),
    readStatistics(executor),
    readOpaque(executor, version),
    readPrivileges(executor, version),
    readColumnPrivileges(executor),
    readSettings(executor, version),
  ]);
  const draft = new CatalogDraft(depends, comments);
  addSchemas(draft, schemas);
  addExtensions(draft, extensions);
  addCollations(draft, collations);
  addTypes(draft, types);
  const identities = identitiesOf(sequences);
  addRelations(draft, relations, {
    columns: columnsByTable(draft, columns, { notNulls, identities, grants: columnGrants(columnPrivileges) }),
    inherits,
  });
  addSequences(draft, sequences);
  const parts = indexParts(indexes, { columns, opclasses, collations: collationNames });
  addConstraints(draft, constraints, parts);
  addIndexes(draft, indexes, {
    parts,
    ofConstraints: new Set(constraints.filter(({ type }) => type !== "f").map(({ index }) => index)),
  });
  addFunctions(draft, functions);
  addTriggers(draft, triggers);
  addPolicies(draft, policies);
  addStatistics(draft, statistics);
  addOpaque(draft, opaque);
  addPrivileges(draft, privileges);
  addSettings(draft, settings);
  return draft;
}
