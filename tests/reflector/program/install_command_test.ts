import assert from "node:assert/strict";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { installCommand, sqlCommand } from "../../../reflector/program/install_command.ts";
import { runProgram } from "../../../reflector/program/program.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { type FakeSurroundings, fakeSurroundings } from "./fake_surroundings.ts";

const never = (): Promise<never> => Promise.reject(new Error("not this command"));

async function run(url: string, ...args: string[]): Promise<FakeSurroundings & { readonly code: number }> {
  const surroundings = fakeSurroundings([...args, "--database-url", url]);
  const code = await runProgram(surroundings, {
    run: never,
    audit: never,
    install: installCommand,
    sql: sqlCommand,
  });
  return Object.assign(surroundings, { code });
}

interface Installed {
  readonly triggers: string[];
  readonly published: string[];
}

async function installed(pool: Pool): Promise<Installed> {
  const triggers = await pool.query<{ name: string }>(
    sql`select distinct tgrelid::regclass::text as name from pg_trigger where tgname like 'lifeguard_%' order by 1`,
  );
  const published = await pool.query<{ name: string }>(
    sql`select tablename::text as name from pg_publication_tables where pubname = 'lifeguard' order by 1`,
  );
  return { triggers: triggers.map(({ name }) => name), published: published.map(({ name }) => name) };
}

const SCHEMA = sql`create table users (id int primary key, email text unique)`;
const ALBUMS = sql`create table albums (id int primary key, owner int references users on delete cascade)`;

test(
  "installCommand() installs triggers and the publication, and adds tables to them",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    await pool.execute(SCHEMA);
    await pool.execute(sql`create table tags (id int primary key)`);
    const first = await run(database.url, "install", "users");
    assert.deepEqual([first.code, first.written.err], [0, ""]);
    assert.equal(
      first.written.out,
      'Installed triggers on public.users; publication "lifeguard" of public.users\n',
    );
    assert.deepEqual(await installed(pool), { triggers: ["users"], published: ["users"] });
    const second = await run(database.url, "install", "public.tags", "--for", "logical");
    assert.equal(second.code, 0, second.written.err);
    assert.deepEqual(await installed(pool), { triggers: ["users"], published: ["tags", "users"] });
  },
);

test("sqlCommand() prints what installCommand() does, and does nothing", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  await pool.execute(SCHEMA);
  const printed = await run(database.url, "sql", "users");
  assert.deepEqual([printed.code, printed.written.err], [0, ""]);
  assert.deepEqual(await installed(pool), { triggers: [], published: [] });
  for (const statement of printed.written.out.split(";\n\n").filter((text) => text !== "")) {
    await pool.execute(sql.unsafe(statement));
  }
  assert.deepEqual(await installed(pool), { triggers: ["users"], published: ["users"] });
});

test("installCommand() refuses with advice, and does all or nothing", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  await pool.execute(SCHEMA);
  await pool.execute(ALBUMS);
  const absent = await run(database.url, "install", "users", "nowhere", "--for", "logical");
  assert.equal(absent.code, 1);
  assert.match(
    absent.written.err,
    /table "nowhere".* it does not exist, or is in no schema of the search path/,
  );
  const cascades = await run(database.url, "install", "users");
  assert.equal(cascades.code, 1);
  assert.match(cascades.written.err, /"public\.albums" change with its rows by a foreign key's action/);
  const word = await run(database.url, "install", "users", "--cascades", "all");
  assert.equal(word.code, 2);
  assert.equal(
    word.written.err,
    'Cannot use --cascades: "all" is not known; give "require", "include" or "ignore"\n',
  );
  assert.deepEqual(await installed(pool), { triggers: [], published: [] });
  const included = await run(database.url, "install", "users", "--cascades", "include");
  assert.equal(included.code, 0, included.written.err);
  assert.deepEqual((await installed(pool)).triggers, ["albums", "users"]);
});
