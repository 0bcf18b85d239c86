/**
 * Reads what has no kind of its own: rules, aggregates, casts, operators, text search, foreign data, event triggers,
 * publications and the rest, so that nothing is passed over (invariant O4).
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { canonicalText } from "./canonical_text.ts";
import { type CatalogDraft, compact } from "./catalog_draft.ts";
import { FIRST_USER_OID, isReadSchema } from "./catalog_sql.ts";
import { told } from "./moved_catalog.ts";
import { opaqueQueries } from "./opaque_sql.ts";

/** A thing without a kind. */
export interface OpaqueRow {
  readonly catalog: number;
  readonly oid: number;
  readonly definition: string | null;
  readonly facts: string | null;
  /** As `pg_identify_object` has it. */
  readonly type: string | null;
  readonly schema: string | null;
  readonly identity: string | null;
  /** The arguments of an aggregate, as `drop aggregate` wants them. */
  readonly aggregated: string | null;
}

/** What its name is made of. */
interface Named extends Pick<OpaqueRow, "schema" | "aggregated"> {
  readonly identity: string;
}

/** Everything without a kind. */
export function readOpaque(executor: Executor, serverVersion: number): Promise<OpaqueRow[]> {
  const parts = opaqueQueries(serverVersion).map(({ catalog, text }) =>
    `select ${catalog}::oid as catalog, part.oid, part.definition, part.facts from (${text}) as part
    where part.oid >= ${FIRST_USER_OID}`
  );
  return executor.query(sql.unsafe<OpaqueRow>(`select every.catalog, every.oid, every.definition, every.facts,
    named.type, named.schema, named.identity,
    case when named.type = 'aggregate' then (
      select quote_ident(p.proname) || '(' || coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), '*') || ')'
      from pg_proc p where p.oid = every.oid) end as aggregated
  from (${parts.join("\nunion all\n")}) as every
  cross join lateral pg_catalog.pg_identify_object(every.catalog, every.oid, 0) as named
  where (named.schema is null or ${isReadSchema("named.schema")}) and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = every.catalog and d.objid = every.oid and d.objsubid = 0 and d.deptype in ('e', 'i'))
  order by every.catalog, every.oid`));
}

/** Adds things without a kind to a catalog. */
export function addOpaque(draft: CatalogDraft, rows: readonly OpaqueRow[]): void {
  for (const row of rows) {
    const type = told(row.type);
    const what = WORDS[type] ?? type;
    const named = { ...row, identity: told(row.identity) };
    const name = nameOf(named);
    const definition = type === "rule" ? told(row.definition) : row.definition;
    draft.add(
      row.catalog,
      row.oid,
      compact({
        kind: "opaque" as const,
        what,
        schema: row.schema ?? undefined,
        name,
        definition: definition?.trim(),
        drop: what === "default privileges" ? row.facts ?? undefined : dropOf(what, identityOf(named)),
        grantedAs: grantedAs(what, identityOf(named)),
        alterOwner: alterOwner(what, identityOf(named)),
        hash: createHash("sha256").update(
          JSON.stringify([what, row.schema, name, canonicalText(definition ?? ""), row.facts]),
        ).digest("hex"),
      }),
    );
  }
}

/** What PostgreSQL calls otherwise than its commands do. */
const WORDS: Readonly<Record<string, string>> = {
  "foreign-data wrapper": "foreign data wrapper",
  "function": "window function",
  "default acl": "default privileges",
};

/** Its name as SQL, without its schema. */
function nameOf({ schema, identity, aggregated }: Named): string {
  if (aggregated !== null) return aggregated;
  if (schema === null) return identity;
  return identity.startsWith('"')
    ? identity.replace(/^"(?:[^"]|"")*"\./, "")
    : identity.replace(/^[^".]*\./, "");
}

/** Its name as SQL, with its schema. */
function identityOf(row: Named): string {
  const { identity, aggregated } = row;
  if (aggregated === null) return identity;
  return identity.slice(0, -nameOf({ ...row, aggregated: null }).length) + aggregated;
}

/** The statement that drops it, where there is one. */
function dropOf(what: string, identity: string): string | undefined {
  switch (what) {
    case "default privileges":
    case "subscription":
      return undefined;
    case "window function":
      return `drop function ${identity};`;
    case "user mapping":
      return `drop user mapping for ${identity.replace(/ on server /, " server ")};`;
    case "transform":
      return `drop transform ${identity.replace(/ on language /, " language ")};`;
    default:
      return `drop ${what} ${identity};`;
  }
}

/** What GRANT calls it, where privileges on it can be given. */
function grantedAs(what: string, identity: string): string | undefined {
  switch (what) {
    case "foreign table":
      return `table ${identity}`;
    case "server":
      return `foreign server ${identity}`;
    case "aggregate":
    case "window function":
      // Its arguments without what only aggregates have.
      return `function ${
        identity.replace(/\(\*\)$/, "()").replace("( ORDER BY ", "(").replace(" ORDER BY ", ", ")
      }`;
    case "foreign data wrapper":
    case "language":
    case "type":
      return `${what} ${identity}`;
    default:
      return undefined;
  }
}

/** What has no owner of its own, or none that can be set. */
const OWNERLESS: readonly string[] = [
  "access method",
  "cast",
  "default privileges",
  "rule",
  "text search parser",
  "text search template",
  "transform",
  "user mapping",
];

/** What sets its owner, but for the owner's name. */
function alterOwner(what: string, identity: string): string | undefined {
  if (OWNERLESS.includes(what)) return undefined;
  return `alter ${what === "window function" ? "function" : what} ${identity} owner to`;
}
