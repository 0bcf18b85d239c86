/** Files of migrations that are none, or hold what no run could live with. */
import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MigrationFileError } from "../../../migrate/files/file_errors.ts";
import { discoverMigrations } from "../../../migrate/files/migration.ts";
import { test } from "../../harness.ts";
import { migrationFolder, WITH_FOLDER } from "../running/migration_folder.ts";

const A = "20261123094500_a.sql";
const T = "20261123094500_a.ts";

async function refused(files: Record<string, string | Uint8Array>, words: RegExp): Promise<void> {
  await using folder = await migrationFolder({});
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder.dir, name), content);
  await assert.rejects(discoverMigrations(folder.dir), (error) => {
    assert.ok(error instanceof MigrationFileError, String(error));
    assert.match(error.message, words);
    return true;
  });
}

test("discoverMigrations() refuses what is no text in UTF-8, with the line", WITH_FOLDER, async () => {
  const bytes = (text: string, ...more: number[]): Uint8Array =>
    new Uint8Array([...new TextEncoder().encode(text), ...more]);
  const utf16 = new Uint8Array([0xff, 0xfe, ...[..."select 1"].flatMap((c) => [c.charCodeAt(0), 0])]);
  await refused({ [A]: utf16 }, /_a\.sql": it is UTF-16; save it as UTF-8/);
  await refused({ [A]: utf16.subarray(2) }, /_a\.sql:1": it holds a NUL, which no statement can/);
  await refused({ [A]: "select 1;\nselect 'a\0b'" }, /_a\.sql:2": it holds a NUL/);
  await refused({ [A]: bytes("select 'é';\nselect '", 0xe9, 0x27) }, /_a\.sql:2": it is no UTF-8/);
  await refused({ [T]: bytes("// ", 0xc3) }, /_a\.ts:1": it is no UTF-8/);
});

test(
  "discoverMigrations() refuses folders and links to nothing, and follows links",
  WITH_FOLDER,
  async () => {
    await using folder = await migrationFolder({ x: "create table a (i int)" });
    await symlink(join(folder.dir, "x"), join(folder.dir, A));
    assert.equal((await discoverMigrations(folder.dir))[0].name, "a");
    await folder.remove("x");
    await assert.rejects(
      discoverMigrations(folder.dir),
      /_a\.sql": it is gone, or a link to a file that is gone/,
    );
    await folder.remove(A);
    await symlink(A, join(folder.dir, A));
    await assert.rejects(discoverMigrations(folder.dir), /_a\.sql": it is a link that leads to itself/);
    await folder.remove(A);
    await mkdir(join(folder.dir, A));
    await assert.rejects(
      discoverMigrations(folder.dir),
      /_a\.sql": it is a folder; give the folder another name/,
    );
    await assert.rejects(discoverMigrations(join(folder.dir, "none")), /there is no such folder; make it/);
    await folder.write("file", "");
    await assert.rejects(
      discoverMigrations(join(folder.dir, "file")),
      /it is no folder; name the folder that/,
    );
  },
);

test("discoverMigrations() reads every kind of line end, and a byte order mark", WITH_FOLDER, async () => {
  const text = "-- up\ncreate table a (i int);\n-- down\ndrop table a;\n";
  const checksums = new Set<string>();
  for (const end of ["\n", "\r\n", "\r"]) {
    for (const mark of ["", "\ufeff"]) {
      await using folder = await migrationFolder({ [A]: mark + text.replaceAll("\n", end) });
      const [migration] = await discoverMigrations(folder.dir);
      const { up, down } = await migration.load();
      assert.deepEqual([up, down].map((some) => some?.map((one) => one.text)), [
        ["create table a (i int)"],
        ["drop table a"],
      ]);
      checksums.add(migration.checksum);
    }
  }
  assert.equal(checksums.size, 1);
});

test("discoverMigrations() refuses what takes from the runner what it needs", WITH_FOLDER, async () => {
  const statements: Record<string, RegExp> = {
    "create table a (i int);\ndiscard all": /:2:1": "discard all" would release the lock/,
    "select pg_catalog.pg_advisory_unlock_all()": /would release the lock .*pg_advisory_unlock\(\)/,
    "deallocate all": /the runner has prepared, too/,
    "DEALLOCATE PREPARE ALL": /the runner has prepared, too/,
    "set transaction isolation level serializable": /comes too late/,
    "set client_encoding = 'latin1'": /client_encoding 'latin1' would garble/,
    "set names 'win1252'": /names 'win1252' would garble/,
    "begin": /"begin" begins or ends a transaction/,
    "commit": /begins or ends a transaction/,
    "ROLLBACK": /begins or ends a transaction/,
    "prepare transaction 'x'": /begins or ends a transaction/,
    "\\connect other": /a command of psql/,
    "copy a from stdin": /needs data beside the statement/,
    "select 'x": /has no end/,
    "do $x$ begin end $y$": /has no end/,
    "create table t (\n a int,\n-- down\n b int);\nselect 1":
      /:3:1": "-- down" stands in the middle of the statement/,
  };
  for (const [text, words] of Object.entries(statements)) await refused({ [A]: text }, words);
  await using folder = await migrationFolder({
    [A]: "set client_encoding = 'UTF8'; set names 'utf-8'; set client_encoding to default; discard temp;\n" +
      "savepoint a; rollback to a; select 'pg_advisory_unlock_all'; set session characteristics as transaction read write",
  });
  assert.equal((await (await discoverMigrations(folder.dir))[0].load()).up.length, 8);
});

test("discoverMigrations() ends with its signal though an up() never does", WITH_FOLDER, async () => {
  await using folder = await migrationFolder({
    [T]: "export async function up() { await new Promise(() => {}); }",
  });
  const ending = new AbortController();
  setTimeout(() => ending.abort(new Error("Ctrl-C")), 100);
  await assert.rejects(discoverMigrations(folder.dir, { signal: ending.signal }), /Ctrl-C/);
});

test("discoverMigrations() says what an up() throws, and keeps nothing of it", WITH_FOLDER, async () => {
  await refused(
    {
      [T]: "export function up(schema) { schema.sql('create table a (i int)'); throw new Error('no more'); }",
    },
    /_a\.ts": its up\(\) throws "no more"; correct it/,
  );
  await refused({ [T]: "export function up() { throw undefined; }" }, /its up\(\) throws "undefined"/);
  await refused({ [T]: "export function up(schema) { schema.sql('commit'); }" }, /"commit" begins or ends/);
  await refused({ [T]: "export function up(schema) {" }, /_a\.ts": it cannot be loaded/);
  await refused({ [T]: "await Promise.reject(new Error('at once'));" }, /it cannot be loaded: at once/);
});
