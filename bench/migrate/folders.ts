/** The same migrations in the form that each runner reads. */
import { join } from "node:path";
import { schemaSql, tinySql } from "./schema.ts";

/** The folders, by task and subject; removed at the end of a scope. */
export interface Folders extends AsyncDisposable {
  of(task: string, subject: string): string;
}

/** Writes them: one migration of so many tables, and so many tiny ones. */
export async function migrationFolders(tables: number, migrations: number): Promise<Folders> {
  const root = await Deno.makeTempDir({ prefix: "lifeguard-bench-migrate-" });
  const one = [schemaSql(tables)];
  const many = Array.from({ length: migrations }, (_, index) => [tinySql(index + 1)]);
  // The number at the end is how many there are.
  const name = (isMany: boolean, subject: string): string =>
    join(root, `${isMany ? "many" : "one"}-${subject}-${isMany ? migrations : 1}`);
  for (const [subject, write] of Object.entries(WRITERS)) {
    for (const isMany of [false, true]) {
      const folder = name(isMany, subject);
      await Deno.mkdir(folder);
      await write(folder, isMany ? many : one);
    }
  }
  return {
    of: (task, subject) => name(task === "tiny" || task === "nothing", subject),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

type Write = (folder: string, migrations: readonly (readonly string[])[]) => Promise<void>;

/** A version of fourteen digits. */
const versionOf = (index: number): string =>
  new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString().replaceAll(/\D/g, "").slice(0, 14);

const WRITERS: Readonly<Record<string, Write>> = {
  async lifeguard(folder, migrations) {
    for (const [index, statements] of migrations.entries()) {
      const text = `-- up\n${statements.join(";\n")};\n`;
      await Deno.writeTextFile(join(folder, `${versionOf(index)}_made.sql`), text);
    }
  },
  async drizzle(folder, migrations) {
    const entries = migrations.map((_, idx) => (
      {
        idx,
        version: "7",
        when: 1_767_225_600_000 + idx,
        tag: `${String(idx).padStart(4, "0")}_made`,
        breakpoints: true,
      }
    ));
    await Deno.mkdir(join(folder, "meta"));
    await Deno.writeTextFile(
      join(folder, "meta", "_journal.json"),
      JSON.stringify({ version: "7", dialect: "postgresql", entries }),
    );
    for (const [index, statements] of migrations.entries()) {
      const text = statements.map((statement) => `${statement};`).join("\n--> statement-breakpoint\n");
      await Deno.writeTextFile(join(folder, `${entries[index].tag}.sql`), text);
    }
  },
  async knex(folder, migrations) {
    for (const [index, statements] of migrations.entries()) {
      const text = `const statements = ${JSON.stringify(statements)};
exports.up = async (knex) => {
  for (const statement of statements) await knex.raw(statement);
};
exports.down = async () => {};
`;
      await Deno.writeTextFile(join(folder, `${versionOf(index)}_made.cjs`), text);
    }
  },
  async "node-pg-migrate"(folder, migrations) {
    for (const [index, statements] of migrations.entries()) {
      const text = `-- Up Migration\n${statements.join(";\n")};\n-- Down Migration\n`;
      await Deno.writeTextFile(join(folder, `${1_767_225_600_000 + index}_made.sql`), text);
    }
  },
};
