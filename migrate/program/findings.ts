/**
 * What the lint found, for people.
 *
 * @module
 */
import { sql } from "../../pool/sql/sql.ts";
import type { Executor } from "../../pool/executor.ts";
import { objectKey } from "../catalog/object_key.ts";
import type { Catalog, ObjectKey } from "../catalog/objects.ts";
import type { Finding, Severity } from "../lint/lint.ts";
import type { Terminal, Tone } from "./terminal.ts";

const TONES: Readonly<Record<Severity, Tone>> = { danger: "bad", warning: "warn", note: "faint" };

/** Findings, each with its statement's first line and what to do instead. */
export function findingsText(
  findings: readonly Finding[],
  { terminal, subject }: { readonly terminal: Terminal; readonly subject: (step: number) => string },
): string {
  return findings.map(({ severity, rule, message, advice, step }) =>
    `${terminal.tone(TONES[severity], severity)} ${rule}: ${subject(step)}\n  ${message}\n  ${
      terminal.tone("faint", advice)
    }`
  ).join("\n");
}

/** A statement in one short line. */
export function firstLine(statement: string, length = 100): string {
  const line = statement.replace(/\s+/g, " ").trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

interface TableSize {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
}

/** How many rows the tables have by PostgreSQL's estimate; a table nobody has looked at yet is left out. */
export async function tableSizes(db: Executor, catalog: Catalog): Promise<ReadonlyMap<ObjectKey, number>> {
  const rows = await db.query(
    sql<TableSize>`select n.nspname::text as schema, c.relname::text as name, c.reltuples::float8 as rows
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm') and c.reltuples >= 0`,
  );
  const known = new Map(rows.map(({ schema, name, rows }) => [JSON.stringify([schema, name]), rows]));
  const sizes = new Map<ObjectKey, number>();
  for (const object of catalog.objects.values()) {
    if (object.kind !== "table" && object.kind !== "materialized view") continue;
    const size = known.get(JSON.stringify([object.schema, object.name]));
    if (size !== undefined) sizes.set(objectKey(object), size);
  }
  return sizes;
}
