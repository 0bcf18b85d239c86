/**
 * `lifeguard-reflector install` and `sql`: makes tables tell of their changes, or prints how.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { listed } from "../../pool/wire/configuration/setting.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { publicationSql, type PublishedTable } from "../install/publication.ts";
import { CASCADE_POLICIES, type CascadePolicy, installTriggers } from "../install/triggers.ts";
import { SOURCE_KINDS, type SourceKind } from "../source/change_source.ts";
import { MisuseError } from "../../program/misuse_error.ts";
import type { CommandContext } from "./program.ts";
import { EXIT_CODES, type ExitCode } from "../../program/surroundings.ts";

/** Installs what the sources need on the tables named. */
export async function installCommand(context: CommandContext): Promise<ExitCode> {
  const { surroundings } = context;
  const what = await install(context, (transaction) => transaction);
  surroundings.out(`Installed ${what.join("; ")}\n`);
  return EXIT_CODES.done;
}

/** Prints the SQL of {@link installCommand}. */
export async function sqlCommand(context: CommandContext): Promise<ExitCode> {
  const statements: string[] = [];
  await install(context, (transaction) => recording(transaction, statements));
  for (const statement of statements) {
    context.surroundings.out(`${statement.trim().replace(/;$/, "")};\n\n`);
  }
  return EXIT_CODES.done;
}

/** Does it all in one transaction, by an executor made of it. */
async function install(
  { line, configuration }: CommandContext,
  executorOf: (transaction: Executor) => Executor,
): Promise<readonly string[]> {
  const cascades = oneOf<CascadePolicy>("--cascades", line.own.cascades, CASCADE_POLICIES) ?? "require";
  const wanted = oneOf<SourceKind>("--for", line.own.for, SOURCE_KINDS);
  await using pool = new Pool({ ...configuration.database, max: 1 });
  const kinds = wanted === undefined ? await allowed(pool) : [wanted];
  const done: string[] = [];
  await pool.transaction(async (transaction) => {
    const executor = executorOf(transaction);
    if (kinds.includes("notify")) {
      const tables = await installTriggers(executor, { tables: line.tables, cascades });
      done.push(`triggers on ${tables.join(", ")}`);
    }
    if (kinds.includes("logical")) {
      const tables = await published(executor, configuration.publication, line.tables);
      await executor.execute(sql.unsafe(publicationSql(tables, configuration.publication)));
      done.push(
        `publication "${configuration.publication}" of ${
          tables.map(({ schema, table }) => `${schema}.${table}`).join(", ")
        }`,
      );
    }
  });
  return done;
}

function oneOf<Word extends string>(
  flag: string,
  value: string | boolean | undefined,
  words: readonly Word[],
): Word | undefined {
  if (value === undefined) return undefined;
  const found = words.find((word) => word === value);
  if (found === undefined) {
    throw new MisuseError(`Cannot use ${flag}: ${JSON.stringify(value)} is not known; give ${listed(words)}`);
  }
  return found;
}

/** Triggers always work; the publication only where WAL says what changed. */
async function allowed(pool: Pool): Promise<readonly SourceKind[]> {
  const level = await pool.value<string>(sql`select current_setting('wal_level')`);
  return level === "logical" ? SOURCE_KINDS : ["notify"];
}

/** The tables that are published already, and those named. */
async function published(
  executor: Executor,
  publication: string,
  names: readonly string[],
): Promise<readonly PublishedTable[]> {
  const absent = await executor.query<{ name: string }>(
    sql`select name from unnest(${names}::text[]) as name where to_regclass(name) is null`,
  );
  if (absent.length > 0) {
    throw new ValidationError(
      `table ${listed(absent.map(({ name }) => name))}`,
      "it does not exist, or is in no schema of the search path; create it first, or give its schema",
    );
  }
  const rows = await executor.query<{ schema: string; table: string }>(
    sql`select nspname as schema, relname as table
      from (
        select prrelid as relation from pg_publication_rel
        join pg_publication on pg_publication.oid = prpubid and pubname = ${publication}
        union
        select to_regclass(name)::oid from unnest(${names}::text[]) as name
      ) as followed
      join pg_class on pg_class.oid = relation
      join pg_namespace on pg_namespace.oid = relnamespace
      order by nspname, relname`,
  );
  return rows;
}

/** Asks, but only notes what would be done. */
function recording(executor: Executor, statements: string[]): Executor {
  return {
    query: executor.query.bind(executor),
    one: executor.one.bind(executor),
    maybeOne: executor.maybeOne.bind(executor),
    value: executor.value.bind(executor),
    execute(statement) {
      statements.push(statement.text);
      return Promise.resolve(0);
    },
  };
}
