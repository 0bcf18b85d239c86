/**
 * The SQL of the triggers that tell the reflector of changes, as text: nothing here asks a server.
 *
 * One statement is one notification, made from its transition tables:
 *
 *     {"table":"public.users","op":"update","ids":["1","2"],"lookups":{"email":["a@b.c"]}}
 *     {"table":"public.users","op":"update","all":true}
 *
 * The second form is sent for TRUNCATE, for more than {@link MOST_ROWS} rows, for what would not fit into a
 * notification, and for whatever the first could not be made from: a column that has been renamed since, for example.
 *
 * ## What a user's transaction depends on
 *
 * - Nothing a trigger does may fail it: what builds the message is inside a block that catches everything, and falls
 *   back to the table as a whole.
 * - A transaction that has notified cannot be prepared, and COMMIT fails when the notification queue is full. So a
 *   session with `lifeguard.outbox = on`, and everyone while the queue is half full, writes the message into the table
 *   `lifeguard_reflector.outbox` instead, which the reflector notifies with every canary.
 * - Functions run with the rights of their owner (`security definer`) and a fixed search path: who may write a table
 *   needs no right of the schema `lifeguard_reflector`.
 * - `enable always`: they fire where `session_replication_role` is `replica`, too.
 *
 * Triggers of a partitioned table fire for statements that name it; each partition has its own for those that name it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { idTextSql } from "../../orm/cache/protocol/key_text.ts";
import { tableText } from "../../orm/cache/protocol/keys.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";

/** The schema of functions and of the outbox; not the name of a role, whose tables would be made in it. */
export const TRIGGER_SCHEMA = "lifeguard_reflector";
/** The channel of notifications. */
export const CHANNEL = "lifeguard";
/** More rows than these of one statement are told as one change of the table (R10). */
export const MOST_ROWS = 1_000;
/** A notification has to be shorter than 8,000 bytes: https://www.postgresql.org/docs/18/sql-notify.html */
export const MOST_BYTES = 7_900;
/** The version of what the triggers do; others are refused by the coverage. */
export const TRIGGER_VERSION = 1;

/** Says that what {@link setupSql} makes is there, and of this version. */
export const SETUP_COMMENT: string = `Tells the reflector; version ${TRIGGER_VERSION}`;

/** The events of a table, each with a trigger of its own: transition tables allow no more. */
export const TRIGGER_EVENTS = ["insert", "update", "delete", "truncate"] as const;

/** An event of a table. */
export type TriggerEvent = typeof TRIGGER_EVENTS[number];

/** A table as its triggers know it. */
export interface TriggerTable {
  /** Its schema, as the catalog has it. */
  readonly schema: string;
  /** Its name, as the catalog has it. */
  readonly table: string;
  /** The columns of its primary key, in order. */
  readonly key: readonly string[];
  /** Lists of columns by whose values rows are looked up. */
  readonly lookups: readonly (readonly string[])[];
}

/** What a trigger carries as its argument, so that the catalog says what is installed. */
export interface TriggerArgument {
  readonly version: number;
  /** `schema.table`, as in keys. */
  readonly table: string;
  readonly key: readonly string[];
  readonly lookups: readonly (readonly string[])[];
}

/** The name of an event's trigger. */
export function triggerName(event: TriggerEvent): string {
  return `lifeguard_${event}`;
}

/** What the triggers of a table carry as their argument. */
export function triggerArgument({ schema, table, key, lookups }: TriggerTable): string {
  const argument: TriggerArgument = {
    version: TRIGGER_VERSION,
    table: tableText(schema, table),
    key,
    lookups,
  };
  return JSON.stringify(argument);
}

/** The schema, the outbox and the function that tells. May be run again. */
export function setupSql(): readonly string[] {
  const schema = quoteIdentifier(TRIGGER_SCHEMA);
  return [
    `create schema if not exists ${schema}`,
    `create table if not exists ${schema}.outbox (
  id bigint generated always as identity primary key,
  message text not null
)`,
    `create or replace function ${schema}.tell(message text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $lifeguard$
begin
  if coalesce(current_setting('lifeguard.outbox', true), '') = 'on' or pg_notification_queue_usage() > 0.5 then
    insert into ${schema}.outbox (message) values (tell.message);
  else
    perform pg_notify('${CHANNEL}', tell.message);
  end if;
end
$lifeguard$`,
    // Whoever calls these makes everybody hear what was told, no more; what would not fit was not told by a trigger.
    `create or replace function ${schema}.drain(most integer, room double precision) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $lifeguard$
  with gone as (
    delete from ${schema}.outbox where pg_notification_queue_usage() < room
      and id in (select id from ${schema}.outbox order by id limit most) returning message
  )
  select count(pg_notify('${CHANNEL}', message)) from gone where octet_length(message) <= ${MOST_BYTES}
$lifeguard$`,
    `create or replace function ${schema}.is_drained() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $lifeguard$
  select not exists (select from ${schema}.outbox)
$lifeguard$`,
    `comment on function ${schema}.tell(text) is ${literal(SETUP_COMMENT)}`,
    // Tables may have other owners than this function, and anyone may notify anyway.
    `grant usage on schema ${schema} to public`,
    `grant execute on function ${schema}.tell(text), ${schema}.drain(integer, double precision), ${schema}.is_drained() to public`,
  ];
}

/** The function and the triggers of a table and of its partitions. May be run again; needs {@link setupSql}. */
export function installSql(table: TriggerTable): readonly string[] {
  const relation = relationSql(table);
  const call = `${functionSql(table)}(${literal(triggerArgument(table))})`;
  const name = tableText(table.schema, table.table);
  return [
    functionText(table),
    `revoke all on function ${functionSql(table)}() from public`,
    `comment on function ${functionSql(table)}() is ${
      literal(`Tells the reflector what has changed in ${name}`)
    }`,
    `do $lifeguard$
declare
  relation regclass;
begin
  for relation in
    select ${literal(relation)}::regclass
    union
    select tree.relid from pg_catalog.pg_partition_tree(${literal(relation)}::regclass) as tree
    join pg_catalog.pg_class on pg_class.oid = tree.relid and pg_class.relkind in ('r', 'p')
  loop
${TRIGGER_EVENTS.map((event) => triggerText(event, call)).join("\n")}
  end loop;
end
$lifeguard$`,
  ];
}

/** Takes the triggers of a table and of its partitions away, and their function. */
export function removeSql(table: Pick<TriggerTable, "schema" | "table">): string {
  return `drop function if exists ${functionSql(table)}() cascade`;
}

/** Takes everything away. */
export function teardownSql(): string {
  return `drop schema if exists ${quoteIdentifier(TRIGGER_SCHEMA)} cascade`;
}

function relationSql({ schema, table }: Pick<TriggerTable, "schema" | "table">): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/** Names are short in PostgreSQL: two long ones must not become the same. */
function functionSql({ schema, table }: Pick<TriggerTable, "schema" | "table">): string {
  const digest = createHash("md5").update(tableText(schema, table)).digest("hex").slice(0, 16);
  return `${quoteIdentifier(TRIGGER_SCHEMA)}.${quoteIdentifier(`changed_${digest}`)}`;
}

function triggerText(event: TriggerEvent, call: string): string {
  const name = quoteIdentifier(triggerName(event));
  const rows = {
    insert: " referencing new table as lifeguard_new",
    update: " referencing old table as lifeguard_old new table as lifeguard_new",
    delete: " referencing old table as lifeguard_old",
    truncate: "",
  }[event];
  const create =
    `create or replace trigger ${name} after ${event} on %s${rows} for each statement execute function `;
  return `    execute format(${literal(create)}, relation) || ${literal(call)};
    execute format(${literal(`alter table %s enable always trigger ${name}`)}, relation);`;
}

function functionText(table: TriggerTable): string {
  const name = tableText(table.schema, table.table);
  const schema = quoteIdentifier(TRIGGER_SCHEMA);
  return `create or replace function ${functionSql(table)}() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $lifeguard$
#variable_conflict use_column
declare
  said text;
  many bigint;
begin
  begin
    if tg_op = 'INSERT' then
${branch(table, ["lifeguard_new"])}
    elsif tg_op = 'UPDATE' then
${branch(table, ["lifeguard_new", "lifeguard_old"])}
    elsif tg_op = 'DELETE' then
${branch(table, ["lifeguard_old"])}
    end if;
  exception when others then
    -- Whatever it is, it must not fail the statement: the table as a whole is told.
    said := null;
  end;
  if said is null or octet_length(said) > ${MOST_BYTES} then
    said := json_build_object('table', ${literal(name)}, 'op', lower(tg_op), 'all', true);
  end if;
  perform ${schema}.tell(said);
  return null;
end
$lifeguard$`;
}

/** What a statement of one kind says, from its transition tables. */
function branch(table: TriggerTable, rows: readonly string[]): string {
  const lookups = table.lookups.flatMap((columns) => [
    literal(columns.join("+")),
    texts(columns, rows),
  ]);
  return `      select count(*) into many from (select from ${rows[0]} limit ${MOST_ROWS + 1}) as few;
      if many = 0 then
        return null;
      elsif many <= ${MOST_ROWS} then
        said := json_build_object('table', ${literal(tableText(table.schema, table.table))},
          'op', lower(tg_op), 'ids', ${texts(table.key, rows)}${
    lookups.length === 0 ? "" : `,\n          'lookups', json_build_object(${lookups.join(", ")})`
  });
      end if;`;
}

/** The texts of columns, each once. */
function texts(columns: readonly string[], rows: readonly string[]): string {
  const text = idTextSql(columns.map((column) => `row.${quoteIdentifier(column)}`));
  const each = rows.map((name) => `select ${text} as id from ${name} as row`).join(" union all ");
  return `(select coalesce(json_agg(distinct found.id), '[]') from (${each}) as found where found.id is not null)`;
}

/** A text as SQL, whatever `standard_conforming_strings` says. */
function literal(text: string): string {
  const quoted = text.replaceAll("'", "''");
  return text.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`;
}
