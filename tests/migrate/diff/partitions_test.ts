import assert from "node:assert/strict";
import { describeObject } from "../../../migrate/catalog/object_key.ts";
import type { Catalog } from "../../../migrate/catalog/objects.ts";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { type Diff, diffCatalogs, type DiffOptions } from "../../../migrate/diff/diff.ts";
import { writeStep } from "../../../migrate/steps/write_step.ts";
import { column, createTables, ensurePartitions, model } from "../../../orm/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

const EVERY_OPTION: readonly DiffOptions[] = [
  {},
  { unknown: "drop" },
  { unknown: "drop", replaceTables: true },
  { known: new Set(["table:public.events"]) },
];

const NOW = new Date("2026-03-15T00:00:00Z");

async function apply(pool: Pool, { steps }: Diff, { serverVersion }: Catalog): Promise<void> {
  for (const step of steps) {
    for (const { text } of writeStep(step, serverVersion)) await pool.execute(sql.unsafe(text));
  }
}

/** What a database has in the end. */
async function catalogOf(statements: readonly string[], name: "primary" | "pg15"): Promise<Catalog> {
  await using database = await freshDatabase({ server: name });
  await using pool = new Pool(database.url);
  for (const statement of statements) await pool.execute(sql.unsafe(statement));
  return await readCatalog(pool);
}

const refusals = ({ findings }: Diff): string[] =>
  findings.filter(({ severity }) => severity === "refused").map(({ message }) => message);

for (const name of ["primary", "pg15"] as const) {
  test(
    `diffCatalogs() never drops partitions that a program made, with any option, but with their table (${name})`,
    needs(name),
    async () => {
      const columns = { id: column.bigint(), at: column.timestamptz(), note: column.text().nullable() };
      const Event = model("events", columns, {
        partitionBy: (t) => ({ range: [t.at] }),
        rowSecurity: "enabled",
      });
      const Longer = model("events", { ...columns, more: column.text().default("none") }, {
        partitionBy: (t) => ({ range: [t.at] }),
        rowSecurity: "enabled",
      });
      await using database = await freshDatabase({ server: name });
      await using pool = new Pool(database.url);
      await using wanted = await freshDatabase({ server: name });
      await using goal = new Pool(wanted.url);
      await createTables([Event], pool);
      await createTables([Longer], goal);
      const { created } = await ensurePartitions(pool, Event, { every: "month", ahead: 1, now: NOW });
      assert.equal(created.length, 2);
      await pool.execute(sql`insert into events values (1, ${NOW}, 'kept')`);
      await pool.execute(sql.unsafe(`create index own on "${created[0]}" (note)`));
      const to = await readCatalog(goal);
      for (const each of EVERY_OPTION) {
        const diff = diffCatalogs(await readCatalog(pool), to, each);
        assert.deepEqual(diff.steps.map(({ kind }) => kind), ["column"], JSON.stringify(each));
        assert.deepEqual(diff.unknown.map(describeObject).filter((what) => what.startsWith("table")), []);
        assert.deepEqual(diff.candidates, []);
      }
      await apply(pool, diffCatalogs(await readCatalog(pool), to, { unknown: "drop" }), to);
      assert.deepEqual(await pool.query(sql`select id, note, more from events`), [{
        id: 1n,
        note: "kept",
        more: "none",
      }]);
      // Known to migrations it goes; and with its table, if that does.
      const from = await readCatalog(pool);
      const known = new Set([...from.objects.keys()].filter((key) => !key.endsWith(`.${created[0]}`)));
      const dropped = diffCatalogs(from, to, { known });
      assert.deepEqual(dropped.steps.map((step) => step.kind === "drop" ? step.object.name : step.kind), [
        created[1],
      ]);
      const all = diffCatalogs(from, await catalogOf([], name), { known: new Set(["table:public.events"]) });
      assert.deepEqual(refusals(all), []);
      await apply(pool, all, from);
      assert.equal((await readCatalog(pool)).objects.has("table:public.events"), false);
    },
  );

  test(
    `diffCatalogs() refuses another type of a column by which rows are split (${name})`,
    needs(name),
    async () => {
      const schema = (type: string, at: string): readonly string[] => [
        `create table t (a ${type}, at ${at}, "at 2" integer, b text default 'x') partition by range ("at 2")`,
        "create table t_1 partition of t for values from (0) to (9) partition by list (a)",
        "create table t_1_1 partition of t_1 for values in ('1')",
        "create index on t (a)",
      ];
      const from = await catalogOf(schema("integer", "date"), name);
      const to = await catalogOf(schema("bigint", "timestamptz"), name);
      const known: DiffOptions = { known: new Set(from.objects.keys()) };
      const diff = diffCatalogs(from, to, known);
      assert.deepEqual(refusals(diff), [
        'Cannot change the type of column "a" of table public.t: the rows of table public.t_1 are split by it; ' +
        "create another table, copy the rows and rename it",
      ]);
      await using database = await freshDatabase({ server: name });
      await using pool = new Pool(database.url);
      for (const statement of schema("integer", "date")) await pool.execute(sql.unsafe(statement));
      await apply(pool, diff, to);
      // The other column, of which the name is part of a key's, has changed.
      assert.deepEqual(diffCatalogs(await readCatalog(pool), to, known).steps, []);
      const again = diffCatalogs(await readCatalog(pool), to, { ...known, replaceTables: true });
      assert.deepEqual(refusals(again), []);
      await apply(pool, again, to);
      assert.deepEqual(diffCatalogs(await readCatalog(pool), to, known).findings, []);
    },
  );
}
