/**
 * What a table's rows are taken in turn by: the columns of its primary key, in its order.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";

/** A table and its key. */
export interface BatchKey {
  /** The table, quoted, with its schema. */
  readonly table: Sql;
  /** Its name for people. */
  readonly name: string;
  readonly columns: readonly KeyColumn[];
  /** How many rows PostgreSQL believes it has; undefined where nobody looked yet. */
  readonly estimate: number | undefined;
}

/** A column of a key. */
export interface KeyColumn {
  readonly name: string;
  /** Its type as SQL. */
  readonly type: string;
}

interface FoundColumn {
  readonly name: string;
  readonly type: string;
  readonly schema: string;
  readonly table: string;
  readonly estimate: number;
}

/** What to_regclass() says of a text that is no name: invalid_name, syntax_error. */
const NO_NAME: readonly string[] = ["42602", "42601"];

/** Finds a table by its name as SQL has it, such as `users` or `public."Users"`, and its primary key. */
export async function batchKey(db: Executor, table: string, signal?: AbortSignal): Promise<BatchKey> {
  const found = await db.query(
    sql<
      FoundColumn
    >`select a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type, n.nspname::text as schema,
        c.relname::text as table, c.reltuples::float8 as estimate
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      left join pg_index i on i.indrelid = c.oid and i.indisprimary
      left join lateral unnest(i.indkey) with ordinality k(attnum, place) on k.place <= i.indnkeyatts
      left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
      where c.oid = to_regclass(${table}) and c.relkind in ('r', 'p')
      order by k.place`,
    signal === undefined ? {} : { signal },
  ).catch((error: unknown) => {
    if (error instanceof PostgresError && NO_NAME.includes(error.sqlState)) return [];
    throw error;
  });
  if (found.length === 0) {
    throw new ValidationError(
      `table "${table}"`,
      "there is no such table; give its name as in SQL, such as public.users",
    );
  }
  const [{ schema, table: name, estimate }] = found;
  if (found[0].name === null) {
    throw new ValidationError(
      `table "${table}"`,
      "it has no primary key to take its rows in turn by; add one, or change the rows in one statement",
    );
  }
  return {
    table: sql.identifier(schema, name),
    name: `${schema}.${name}`,
    columns: found.map(({ name, type }) => ({ name, type })),
    estimate: estimate < 0 ? undefined : estimate,
  };
}

/** Rows behind a position, up to another: `("id") > ($1::bigint) and ("id") <= ($2::bigint)`. */
export function keyBetween(
  key: BatchKey,
  { after, through }: { readonly after?: readonly string[]; readonly through?: readonly string[] },
): Sql {
  const columns = sql.join(key.columns.map(({ name }) => sql.identifier(name)));
  const bounds = [
    ...(after === undefined ? [] : [sql`(${columns}) > (${position(key, after)})`]),
    ...(through === undefined ? [] : [sql`(${columns}) <= (${position(key, through)})`]),
  ];
  return bounds.length === 0 ? sql`true` : sql.join(bounds, sql` and `);
}

/** Values of a key as they are kept: text. */
function position(key: BatchKey, values: readonly string[]): Sql {
  return sql.join(key.columns.map(({ type }, at) => sql`cast(${values[at]}::text as ${sql.unsafe(type)})`));
}

/** The key's values as text, for a select list. */
export function positionOf(key: BatchKey): Sql {
  return sql`array[${sql.join(key.columns.map(({ name }) => sql`${sql.identifier(name)}::text`))}]`;
}

/** The key's order. */
export function keyOrder(key: BatchKey): Sql {
  return sql.join(key.columns.map(({ name }) => sql.identifier(name)));
}
