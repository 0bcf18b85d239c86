/**
 * What a run would send, for a person to read.
 *
 * @module
 */
import type { LoadedMigration, Migration } from "../files/migration.ts";
import { fullName } from "./migration_errors.ts";
import type { Direction } from "./progress_events.ts";
import { cutIntoUnits } from "./units.ts";

/** A migration that would be run. */
export interface PlannedMigration {
  /** Fourteen digits. */
  readonly version: string;
  /** The rest of its file's name. */
  readonly name: string;
  /** Which way it goes. */
  readonly direction: Direction;
  /** The statements that are left to be run. */
  readonly statements: readonly string[];
  /** What the way down does not bring back. */
  readonly losses: readonly string[];
  /** The statements with the transactions around them. */
  readonly sql: string;
}

/** The text of a migration from its statement `done` on. */
export function planMigration(
  migration: Migration,
  loaded: LoadedMigration,
  { direction, done }: { readonly direction: Direction; readonly done: number },
): PlannedMigration {
  const statements = (direction === "up" ? loaded.up : loaded.down) ?? [];
  const losses = direction === "down" ? loaded.losses : [];
  const parts = [`-- ${fullName(migration)}: ${direction}${done > 0 ? `, from statement ${done + 1}` : ""}`];
  for (const loss of losses) parts.push(`-- not brought back: ${loss}`);
  for (const unit of cutIntoUnits(statements, done, migration.transaction)) {
    const texts = unit.statements.map(({ text }) => `${text};`);
    parts.push(unit.transaction ? ["begin;", ...texts, "commit;"].join("\n") : texts.join("\n"));
  }
  if (direction === "up" && loaded.data !== undefined) parts.push("-- then its data() is run");
  return {
    version: migration.version,
    name: migration.name,
    direction,
    statements: statements.slice(done).map(({ text }) => text),
    losses,
    sql: `${parts.join("\n")}\n`,
  };
}
