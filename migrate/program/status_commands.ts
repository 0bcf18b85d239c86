/**
 * `lifeguard migrate status`, `validate` and `info`: what is, without changing anything.
 *
 * @module
 */
import { sql } from "../../pool/sql/sql.ts";
import { EXIT_CODES } from "../../program/surroundings.ts";
import { describeOwner, FIND_OWNER, ownerOf } from "../running/lock_owner.ts";
import type { MigrationStatus } from "../running/survey.ts";
import { hasFolder } from "./catalogs.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { makeMigrator } from "./migrator.ts";
import type { Tone } from "./terminal.ts";
import { counted, durationText, table } from "./text.ts";

const TONES: Readonly<Record<MigrationStatus["condition"], Tone>> = {
  "applied": "good",
  "pending": "warn",
  "changed": "bad",
  "missing": "bad",
  "out of order": "bad",
  "interrupted": "bad",
};

/** What each migration is; 1 when not all are applied. */
export async function statusCommand(context: CommandContext): Promise<CommandResult> {
  const statuses = await makeMigrator(context).status();
  const open = statuses.filter(({ condition }) => condition !== "applied");
  const rows = statuses.map((status) => [
    context.terminal.tone(TONES[status.condition], status.condition),
    `${status.version}_${status.name}`,
    detail(status),
  ]);
  const summary = statuses.length === 0
    ? "There are no migrations"
    : open.length === 0
    ? `${counted(statuses.length, "migration")}, all applied`
    : `${counted(statuses.length, "migration")}: ${conditionCounts(statuses)}`;
  return {
    code: open.length === 0 ? EXIT_CODES.done : EXIT_CODES.failed,
    document: { migrations: statuses },
    text: [...(rows.length === 0 ? [] : [table(rows)]), summary].join("\n"),
  };
}

/** Such as `3 applied, 1 pending`. */
function conditionCounts(statuses: readonly MigrationStatus[]): string {
  const counts = new Map<string, number>();
  for (const { condition } of statuses) counts.set(condition, (counts.get(condition) ?? 0) + 1);
  return [...counts].map(([condition, count]) => `${count} ${condition}`).join(", ");
}

function detail({ appliedAt, duration, isBaseline, progress }: MigrationStatus): string {
  if (progress !== undefined) return `stopped after ${counted(progress.done, "statement")}`;
  if (appliedAt === undefined) return "";
  return isBaseline || duration === undefined
    ? `${appliedAt}  baseline`
    : `${appliedAt}  ${durationText(duration)}`;
}

/** Whether the files are what was applied; 1 when not. */
export async function validateCommand(context: CommandContext): Promise<CommandResult> {
  const problems = await makeMigrator(context).validate();
  return {
    code: problems.length === 0 ? EXIT_CODES.done : EXIT_CODES.failed,
    document: {
      problems: problems.map(({ code, message, versions }) => ({ code, message, versions })),
    },
    text: problems.length === 0
      ? "The files are what was applied"
      : problems.map(({ message }) => context.terminal.tone("bad", message)).join("\n"),
  };
}

interface DatabaseFacts {
  readonly database: string;
  readonly user: string;
  readonly version: string;
  readonly address: string | null;
}

/** The database, the settings, who migrates, and how far it is. */
export async function infoCommand(context: CommandContext): Promise<CommandResult> {
  const { settings } = context;
  const pool = context.database();
  const facts = await pool.one(
    sql<DatabaseFacts>`select current_database()::text as database, current_user::text as user,
      current_setting('server_version') as version,
      host(inet_server_addr()) || ':' || inet_server_port() as address`,
  );
  const row = await pool.maybeOne(FIND_OWNER);
  const hasFiles = await hasFolder(context, "dir");
  const statuses = hasFiles ? await makeMigrator(context).status() : [];
  const applied = statuses.filter(({ appliedAt }) => appliedAt !== undefined);
  const last = applied.at(-1);
  const owner = row === undefined ? undefined : ownerOf(row);
  const { dir, models, seeds, backfills } = settings;
  const namedBy = settings.sources.get("databaseUrl");
  const rows = [
    ["database", `${facts.database} at ${facts.address ?? "a socket"}, as ${facts.user}`],
    ["named by", namedBy ?? "nobody: the pool's own settings"],
    ["server", `PostgreSQL ${facts.version}`],
    [
      "migrations",
      hasFiles
        ? `${dir}: ${applied.length} applied, ${statuses.length - applied.length} not`
        : `${dir}: there is no such folder`,
    ],
    ["last", last === undefined ? "none" : `${last.version}_${last.name}, ${last.appliedAt}`],
    ["migrating now", owner === undefined ? "nobody" : describeOwner(owner)],
    ["models", models],
    ["seeds", seeds],
    ["backfills", backfills],
  ];
  return {
    code: EXIT_CODES.done,
    document: {
      database: { ...facts, namedBy: namedBy ?? null },
      migrations: { dir, applied: applied.length, pending: statuses.length - applied.length },
      last: last ?? null,
      lockOwner: owner ?? null,
      settings: { dir, models, seeds, backfills },
    },
    text: table(rows),
  };
}
