/** Finding migrations in a folder, and telling whether they changed. */
import assert from "node:assert/strict";
import { MigrationFileError, MigrationNameError } from "../../../migrate/files/file_errors.ts";
import { discoverMigrations, type Migration } from "../../../migrate/files/migration.ts";
import { parseSqlFile } from "../../../migrate/files/sql_file.ts";
import { test } from "../../harness.ts";
import { migrationFolder, WITH_FOLDER } from "../running/migration_folder.ts";

const NAME = "20261123094500_add_users.sql";

async function checksum(text: string, name: string = NAME): Promise<string> {
  await using folder = await migrationFolder({ [name]: text });
  return (await discoverMigrations(folder.dir))[0].checksum;
}

test(
  "discoverMigrations() finds migrations in their order and leaves alone what is none",
  WITH_FOLDER,
  async () => {
    await using folder = await migrationFolder({
      "20261123094600_add_notes.ts":
        "export function up(schema: { sql(text: string): void }) { schema.sql('select 1'); }",
      [NAME]: "select 1",
      "README.md": "",
      ".hidden.sql": "",
      "_shared.ts": "",
    });
    const found = await discoverMigrations(folder.dir);
    const about = (
      { version, name, kind, transaction }: Migration,
    ): unknown[] => [version, name, kind, transaction];
    assert.deepEqual(found.map(about), [
      ["20261123094500", "add_users", "sql", true],
      ["20261123094600", "add_notes", "ts", true],
    ]);
    assert.match(found[0].checksum, /^[\da-f]{64}$/);
  },
);

test("discoverMigrations() shows the names it cannot put in order", WITH_FOLDER, async () => {
  for (
    const name of [
      "add_users.sql",
      "2026112309450_add_users.sql",
      "20261323094500_add_users.sql",
      "20260230094500_add_users.sql",
      "20261123094500.sql",
      "20261123094500_add users.ts",
      "20261123094500_add_users.test.ts",
    ]
  ) {
    await using folder = await migrationFolder({ [NAME]: "", [name]: "" });
    await assert.rejects(discoverMigrations(folder.dir), (error) => {
      assert.ok(error instanceof MigrationNameError);
      assert.deepEqual(error.names, [name]);
      assert.ok(error.message.startsWith(`Cannot order the migrations: "${name}" is not named by a time`));
      return true;
    });
  }
  await using folder = await migrationFolder({ [NAME]: "", "20261123094500_other.sql": "" });
  await assert.rejects(
    discoverMigrations(folder.dir),
    /"20261123094500_add_users.sql", "20261123094500_other.sql" have one version, 20261123094500; /,
  );
  await assert.rejects(discoverMigrations(`${folder.dir}/none`), /there is no such folder; make it/);
});

test("A migration's checksum ignores comments and blanks, and nothing else", WITH_FOLDER, async () => {
  const text = "-- up\ncreate table users (id int, name text default E'a'\n'b');\n-- down\ndrop table users;";
  const same = await checksum(text);
  for (
    const other of [
      "-- Why.\n-- up\ncreate  table users\n(id int,name text default E'a'\n  -- on\n  'b')\n;\n\n-- down /* no */\n-- down\ndrop table users",
      text.replaceAll("\n", "\r\n"),
      `\ufeff${text}`,
      text.replace("users (", "users /* who /* signed */ up */ ("),
      text.replace(";", ";;"),
    ]
  ) assert.equal(await checksum(other), same, other);
  for (
    const other of [
      text.replace("create", "CREATE"),
      text.replace("'b'", "'b '"),
      text.replace("id int", "id integer"),
      text.replace("drop table users", "drop table users cascade"),
      text.replace("users (", '"users" ('),
      text.replace("-- down\n", ""),
      `-- transaction: off\n${text}`,
      `${text};select 1`,
    ]
  ) assert.notEqual(await checksum(other), same, other);
});

test("A migration in TypeScript has the checksum of the SQL that it writes", WITH_FOLDER, async () => {
  const name = "20261123094500_add_users.ts";
  const module = (up: string): string =>
    `export function up(schema: { sql(text: string): void }) { ${up} }\nexport function down() {}\n`;
  const same = await checksum(module("schema.sql('create table users (id int)')"), name);
  assert.equal(await checksum(module("/* why */ schema.sql(`create table users\n(id int)`);"), name), same);
  assert.notEqual(await checksum(module("schema.sql('create table users (id bigint)')"), name), same);
});

test("Files that are no migrations are refused with the place and what to change", WITH_FOLDER, async () => {
  const refused: readonly (readonly [string, string, RegExp])[] = [
    [
      NAME,
      "select 1;\nbegin;\n",
      /add_users\.sql:2:1": "begin" begins or ends a transaction, which is the runner's/,
    ],
    [NAME, "select 1;\n  commit", /:2:3": "commit" begins or ends/],
    [NAME, "select 1;\nrollback;", /:2:1": "rollback" begins or ends/],
    [NAME, "create index concurrently on users (id)", /:1:1": the index .* has no name.*; give it a name/],
    [NAME, "\\i other.sql", /:1:1": "\\i" is a command of psql/],
    [NAME, "select 1;\n-- up\nselect 2;", /:1:1": a statement stands above "-- up"; move it/],
    [NAME, "-- up\nselect 1;\n-- up\n", /:3:1": "-- up" is there twice; keep one/],
    [
      NAME,
      "-- transaction: no\nselect 1",
      /:1:1": "-- transaction: no" means nothing; write "-- transaction: off"/,
    ],
    [NAME, "select 1;\n-- transaction: off\n", /:2:1": .* is below a statement .*move it to the top/],
    ["20261123094500_a.ts", "export const down = 1;", /it exports no function "up"/],
    [
      "20261123094500_b.ts",
      "export function up() {}\nexport const down = 1;",
      /its "down" is of type number/,
    ],
    [
      "20261123094500_c.ts",
      "export function up() {}\nexport const dwon = 1;",
      /it exports "dwon"; a migration exports/,
    ],
    [
      "20261123094500_d.ts",
      "export function up() { throw new Error('oh'); }",
      /its up\(\) throws "oh"; correct it/,
    ],
    ["20261123094500_e.ts", "export function up( {", /it cannot be loaded: /],
  ];
  for (const [name, text, message] of refused) {
    await using folder = await migrationFolder({ [name]: text });
    await assert.rejects(discoverMigrations(folder.dir), (error) => {
      assert.ok(error instanceof MigrationFileError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});

test("parseSqlFile() finds sections only where they are comments", () => {
  const text = "select $$\n-- down\n$$; select '\n-- up\n'; /*\n-- down\n*/ rollback to savepoint a; -- down";
  const { up, down } = parseSqlFile("a.sql", text);
  assert.equal(up.length, 3);
  assert.equal(down, undefined);
  const other = parseSqlFile("b.sql", "--UP\nselect 1;\n  -- Down  \n");
  assert.deepEqual([other.up.length, other.down?.length], [1, undefined]);
});
