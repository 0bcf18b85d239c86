import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { InferredFile } from "../../../migrate/infer/infer.ts";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { needsStore, openStore } from "../../app/store.ts";
import { test } from "../../harness.ts";
import { testVariable } from "../../variables.ts";
import { richSchema } from "../catalog/rich_schema.ts";
import { differences, inferGolden, SERVERS, withFiles, withSchema } from "./inferred.ts";
import { habitsSchema } from "./schemas/habits.ts";
import { librarySchema } from "./schemas/library.ts";
import { mixedKeysSchema } from "./schemas/mixed_keys.ts";
import { odditiesSchema } from "./schemas/oddities.ts";

const SCHEMAS = {
  library: { statements: librarySchema, golden: true },
  oddities: { statements: odditiesSchema, golden: true },
  habits: { statements: habitsSchema, golden: true },
  mixed_keys: { statements: mixedKeysSchema, golden: true },
  rich: { statements: richSchema, golden: false },
} as const;

/** Writes the goldens anew instead of comparing with them. */
const writesGoldens = await testVariable("LIFEGUARD_TEST_WRITE_GOLDENS") !== undefined;
const run = promisify(execFile);
const needsDeno = { allow: ["read", "write", "run", "env"], once: true, timeout: 300_000 } as const;

/** What the formatter says of a folder: nothing where all is well. */
async function formatted(folder: string, { width }: { readonly width: number }): Promise<void> {
  await run(process.execPath, ["fmt", "--check", "--line-width", String(width), folder]);
}

test("inferModels() makes source that compiles and is formatted", {
  ...needsDeno,
  ...SERVERS[0].need,
  ...SERVERS[1].need,
}, async () => {
  const wide: InferredFile[] = [];
  const narrow: InferredFile[] = [];
  for (const [name, { statements }] of Object.entries(SCHEMAS)) {
    for (const server of SERVERS) {
      await withSchema(server, statements(server.version), async (pool) => {
        const catalog = await readCatalog(pool);
        const named = ({ source }: InferredFile): InferredFile => ({
          path: `${name}_${server.version}.ts`,
          source,
        });
        wide.push(...inferGolden(catalog).files.map(named));
        narrow.push(...inferGolden(catalog, { width: 80 }).files.map(named));
      });
    }
  }
  await withFiles(narrow, (folder) => formatted(folder, { width: 80 }));
  await withFiles(wide, async (folder) => {
    await formatted(folder, { width: 110 });
    // All at once: the library is compiled with them.
    await run(process.execPath, ["check", "--quiet", folder]);
  });
});

for (const [name, { statements, golden }] of Object.entries(SCHEMAS)) {
  for (const server of SERVERS) {
    const of = `${name}, PostgreSQL ${server.version}`;

    test(`inferModels() makes models that make the same database (${of})`, {
      allow: ["read", "write"],
      timeout: 120_000,
      ...server.need,
    }, async () => {
      await withSchema(server, statements(server.version), async (pool) => {
        const catalog = await readCatalog(pool);
        await withFiles(inferGolden(catalog).files, async (_, load) => {
          assert.deepEqual(await differences(pool, await load(), catalog), []);
        });
        await withFiles(inferGolden(catalog, { files: "schema" }).files, async (_, load) => {
          assert.deepEqual(await differences(pool, await load(), catalog), []);
        });
      });
    });
  }

  const [newest] = SERVERS;
  if (!golden) continue;

  test(`inferModels() makes the source of the golden file (${name})`, {
    allow: ["read", "write"],
    ...newest.need,
  }, async () => {
    await withSchema(newest, statements(newest.version), async (pool) => {
      const { source } = inferGolden(await readCatalog(pool));
      const file = new URL(`./goldens/${name}.ts`, import.meta.url);
      if (writesGoldens) await writeFile(file, source);
      assert.equal(source, await readFile(file, "utf8"));
    });
  });
}

test(
  "inferModels() makes the same source of the same objects in another order",
  SERVERS[0].need,
  async () => {
    await withSchema(SERVERS[0], librarySchema(18), async (pool) => {
      const catalog = await readCatalog(pool);
      const reversed = { ...catalog, objects: new Map([...catalog.objects].reverse()) };
      assert.deepEqual(inferGolden(reversed), inferGolden(catalog));
    });
  },
);

test("inferModels() makes models of the tables and schemas that are named", SERVERS[0].need, async () => {
  await withSchema(SERVERS[0], odditiesSchema(18), async (pool) => {
    const catalog = await readCatalog(pool);
    const some = inferGolden(catalog, { tables: ["users", "app.users"] }).source;
    assert.deepEqual([...some.matchAll(/= model\("(\w+)"/g)].map(([, name]) => name), ["users", "users"]);
    assert.ok(!some.includes("create type"), "types that nobody uses are left out");
    const apart = inferGolden(catalog, { schemas: ["Sales Dept"] }).source;
    assert.deepEqual([...apart.matchAll(/= model\("(\w+)"/g)].map(([, name]) => name), ["Users"]);
    assert.throws(() => inferGolden(catalog, { tables: ["users", "Users"] }), {
      name: "ValidationError",
      message: /the table "Users".*the database has none of this name/,
    });
    assert.throws(() => inferGolden(catalog, { schemas: ["nowhere"] }), /the schema "nowhere"/);
    const { notes } = inferGolden(catalog, { tables: ["app.users"] });
    assert.ok(
      notes.some((note) =>
        note.endsWith(
          "refers to public.users, which is not inferred: where this is compared, that must be there",
        )
      ),
      notes.join("\n"),
    );
  });
});

test("inferModels() says what has no form", SERVERS[0].need, async () => {
  const statements = [`create table p (a "char")`, `create table c () inherits (p)`];
  await withSchema(SERVERS[0], statements, async (pool) => {
    const { source, notes } = inferGolden(await readCatalog(pool));
    assert.deepEqual(notes, [
      'table:public.p, column "a": the type "char" has no function of its own; its values are taken for strings',
      "table:public.c has no model and is declared: it inherits from another table",
    ]);
    assert.match(source, /\/\/ The type "char" has no function of its own/);
    assert.match(
      source,
      /\/\/ table:public\.c has no model and is declared: it inherits from another table\n/,
    );
  });
});

test("inferModels() makes the music store's models", {
  allow: ["read", "write", "env"],
  timeout: 120_000,
  ...needsStore("server"),
}, async () => {
  await using store = await openStore("server");
  const catalog = await readCatalog(store.pool);
  const { source, notes, files } = inferGolden(catalog);
  assert.deepEqual(notes, []);
  for (
    const expected of [
      "  reportsTo: column.integer().nullable().references((): Column<number> => Employee.employeeId),",
      "  supportRep: belongsTo(Employee, Customer.supportRepId),",
      "  parent: belongsTo(Employee, Employee.reportsTo),",
      "  children: hasMany(Employee, Employee.reportsTo),",
      "  tracks: manyToMany(Track, {\n    through: PlaylistTrack,\n    from: PlaylistTrack.playlistId,\n",
    ]
  ) assert.ok(source.includes(expected), expected);
  await withFiles(files, async (_, load) => {
    assert.deepEqual(await differences(store.pool, await load(), catalog), []);
  });
});
