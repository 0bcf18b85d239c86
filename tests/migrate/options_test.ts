/** A slip of the pen in an option is a compile error, and refused with advice where types are not looked at. */
import assert from "node:assert/strict";
import * as migrate from "../../migrate/mod.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { test } from "../harness.ts";

test("every function of ./migrate refuses an option that it does not know, and says which it means", async () => {
  const empty = migrate.makeCatalog([], 18);
  const dir = new URL("./no-such-folder", import.meta.url);
  // Refused before anything is connected to.
  await using pool = new Pool("postgres://nobody@127.0.0.1:1/none");
  const slips: Readonly<Record<string, () => unknown>> = {
    // @ts-expect-error: the option is `schemas`.
    readCatalog: () => migrate.readCatalog(pool, { schema: ["app"] }),
    // @ts-expect-error: the option is `unknown`.
    diffCatalogs: () => migrate.diffCatalogs(empty, empty, { unknow: "drop" }),
    // @ts-expect-error: the option is `catalog`.
    lintSteps: () => migrate.lintSteps([], { serverVersion: 18, catalogue: empty }),
    // @ts-expect-error: the option is `before`.
    lintStatements: () => migrate.lintStatements([], { serverVersion: 18, befor: [] }),
    // @ts-expect-error: the option is `kind`.
    withScratch: () => migrate.withScratch({ pool, kinds: "pglite" }, () => Promise.resolve()),
    // @ts-expect-error: the option is `tables`.
    inferModels: () => migrate.inferModels(empty, { table: ["users"] }),
    // @ts-expect-error: the option is `again`.
    seed: () => migrate.seed(pool, { dir, agian: true }),
    // @ts-expect-error: the option is `rate`.
    backfill: () => migrate.backfill(pool, { name: "n", table: "t", run: () => sql`select 1`, rat: 1 }),
    // @ts-expect-error: the option is `lockTimeout`.
    Migrator: () => new migrate.Migrator(pool, { dir, lockTimeut: 1 }),
    // @ts-expect-error: the option is `outOfOrder`.
    migrate: () => migrate.migrate(pool, { dir, outOfOrdr: true }),
    // @ts-expect-error: the option is `steps`.
    "Migrator.down": () => new migrate.Migrator(pool, { dir }).down({ step: 1 }),
  };
  for (const [name, slip] of Object.entries(slips)) {
    await assert.rejects(
      async () => await slip(),
      (error) =>
        error instanceof ValidationError && /^Cannot use option .*did you mean "\w+"\?$/.test(error.message),
      name,
    );
  }
  // @ts-expect-error: "drop" or "keep".
  assert.throws(() => migrate.diffCatalogs(empty, empty, { unknown: "dorp" }), /give "keep" or "drop"/);
  // @ts-expect-error: the version decides what is rewritten.
  assert.throws(() => migrate.lintSteps([], {}), /give the server's major version/);
});
