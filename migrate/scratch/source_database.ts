/**
 * What a scratch database takes from the database it stands for.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { sql } from "../../pool/sql/sql.ts";
import { quoteLiteral } from "../../orm/building/inlined.ts";

/** What is known of a database. */
export interface SourceDatabase {
  /** Such as 180004. */
  readonly versionNumber: number;
  /** Whether it is a PGlite. */
  readonly isEmbedded: boolean;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** `c` for libc, `i` for ICU, `b` for the built-in one. */
  readonly provider: string;
  /** The locale of a provider other than libc. */
  readonly locale: string | undefined;
  readonly rules: string | undefined;
  /** The schema in which unqualified names are created; `undefined` when there is none. */
  readonly currentSchema: string | undefined;
  /** Its extensions, each after those it needs, with their schemas where these are no system's. */
  readonly extensions: readonly { readonly name: string; readonly schema: string | undefined }[];
}

interface DatabaseRow {
  readonly version_number: number;
  readonly version: string;
  readonly encoding: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly current_schema: string | null;
}

/** Reads what a scratch database takes from a database. */
export async function sourceDatabase(
  pool: Executor,
  signal: AbortSignal | undefined,
): Promise<SourceDatabase> {
  const [found, extensions] = await Promise.all([
    pool.one(
      sql<DatabaseRow>`
        select current_setting('server_version_num')::int as version_number, version() as version,
          pg_catalog.pg_encoding_to_char(d.encoding)::text as encoding, to_jsonb(d) as row,
          current_schema()::text as current_schema
        from pg_catalog.pg_database d where d.datname = current_database()`,
      { signal },
    ),
    pool.query(
      sql<{ name: string; schema: string }>`
        select e.extname::text as name, n.nspname::text as schema
        from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
        where e.extname <> 'plpgsql' order by e.oid`,
      { signal },
    ),
  ]);
  const text = (name: string): string | undefined => {
    const value = found.row[name];
    return typeof value === "string" ? value : undefined;
  };
  return {
    versionNumber: found.version_number,
    isEmbedded: /emscripten|wasm/i.test(found.version),
    encoding: found.encoding,
    collate: text("datcollate") ?? "C",
    ctype: text("datctype") ?? "C",
    provider: text("datlocprovider") ?? "c",
    // One column since 17, before it ICU's own; none before 15.
    locale: text("datlocale") ?? text("daticulocale"),
    rules: text("daticurules"),
    currentSchema: found.current_schema ?? undefined,
    extensions: extensions.map(({ name, schema }) => ({
      name,
      schema: /^(pg_|public$)/.test(schema) ? undefined : schema,
    })),
  };
}

/** The statement that creates a database like another. */
export function createDatabaseText(name: string, source: SourceDatabase): string {
  const { encoding, collate, ctype, provider, locale, rules } = source;
  const parts = [
    `create database ${quoteIdentifier(name)} template template0 encoding ${quoteLiteral(encoding)}`,
    `lc_collate ${quoteLiteral(collate)} lc_ctype ${quoteLiteral(ctype)}`,
  ];
  if (provider !== "c" && locale !== undefined) {
    const [word, option] = provider === "i" ? ["icu", "icu_locale"] : ["builtin", "builtin_locale"];
    parts.push(`locale_provider ${word} ${option} ${quoteLiteral(locale)}`);
    if (rules !== undefined) parts.push(`icu_rules ${quoteLiteral(rules)}`);
  }
  return parts.join(" ");
}
