/**
 * `lifeguard migrate new`: an empty migration.
 *
 * @module
 */
import { MisuseError } from "../../program/misuse_error.ts";
import { EXIT_CODES } from "../../program/surroundings.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { wordFlag } from "./flag_values.ts";
import { writeMigrationFile } from "./migration_file.ts";

const SQL = `-- up


-- down

`;

const TS = `import type { MigrationTools, Schema } from "@lifeguard/core/migrate";

export function up(schema: Schema, { column }: MigrationTools): void {
  // schema.createTable("users", { id: column.identity().primaryKey(), email: column.text() });
}

// Without down() the way back is derived from up().
`;

/** Makes a file with the time as its version. */
export async function newCommand({ line, settings }: CommandContext): Promise<CommandResult> {
  const name = migrationName(line.args[0]);
  const kind = wordFlag(line, "type", { flag: "--type", words: ["sql", "ts"], usual: "sql" });
  const file = await writeMigrationFile({ dir: settings.dir, name, kind, text: kind === "sql" ? SQL : TS });
  return {
    code: EXIT_CODES.done,
    document: { version: file.version, path: file.path },
    text: `Made ${file.path}`,
  };
}

/** A name as files have it: \`Add users\` is \`add_users\`. */
export function migrationName(words: string): string {
  const name = words.trim().toLowerCase().replace(/[\s-]+/g, "_");
  if (/^[a-z0-9]\w{0,99}$/.test(name)) return name;
  throw new MisuseError(
    `Cannot name a migration ${
      JSON.stringify(words)
    }: it is no name; use 1 to 100 letters, digits and underscores`,
  );
}
