/** Row-level security: what models declare, and that rows of one tenant are never seen by another. */
import assert from "node:assert/strict";
import {
  belongsTo,
  column,
  createTables,
  createTablesSQL,
  ensurePartitions,
  hasMany,
  model,
  policy,
  relations,
} from "../../../orm/mod.ts";
import type { Pool } from "../../../pool/pool.ts";
import { type Sql, sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import { randomIntegers, SEED } from "../../random.ts";
import { cachedDatabase } from "../cache/cached_database.ts";
import { testOnAll } from "./on_all.ts";

const TENANT = sql`current_setting('app.tenant', true)`;

const Note = model("notes", {
  id: column.identity().primaryKey(),
  tenant: column.text().default(sql`current_setting('app.tenant')`),
  body: column.text(),
}, {
  rowSecurity: "forced",
  policies: (t) => [
    policy("of tenant", { using: sql`${t.tenant} = ${TENANT}`, roles: ["app_user"] }),
    policy("none deleted", { command: "delete", using: sql`${t.body} <> ${"kept"}`, restrictive: true }),
  ],
});
const Remark = model("remarks", {
  id: column.identity().primaryKey(),
  noteId: column.integer().references(() => Note.id),
  text: column.text(),
}, {
  // Of another model: whoever sees the note sees its remarks.
  policies: (t) => [
    policy("of note", { using: () => sql`exists (select from ${Note} where ${Note.id} = ${t.noteId})` }),
  ],
});
const note = relations(Note, { remarks: hasMany(Remark, Remark.noteId) });
const remark = relations(Remark, { note: belongsTo(Note, Remark.noteId) });

async function prepare(pool: Pool): Promise<void> {
  await pool.execute(sql.unsafe(
    `do $$ begin create role app_user; exception when duplicate_object or unique_violation then null; end $$`,
  ));
  await createTables([Remark, Note], pool);
  await createTables([Remark, Note], pool, { ifNotExists: true });
  await pool.execute(sql`grant all on ${Note}, ${Remark} to app_user`);
  await pool.execute(
    sql`insert into ${Note} (tenant, body) select t, t || i from unnest(array['a', 'b', 'c']) t, generate_series(1, 4) i`,
  );
  await pool.execute(
    sql`insert into ${Remark} (note_id, text) select id, tenant from ${Note}, generate_series(1, 2)`,
  );
}

const as = (tenant: string): Record<string, string> => ({ role: "app_user", "app.tenant": tenant });

testOnAll(
  "policies let a tenant see, change and delete its own rows alone, through relations too",
  async (pool) => {
    await prepare(pool);
    const others = await Note.find().where({ tenant: "b" }).all(pool);
    await pool.withSettings(as("a"), async (tx) => {
      assert.deepEqual((await Note.find().orderBy(Note.id).all(tx)).map(({ body }) => body), [
        "a1",
        "a2",
        "a3",
        "a4",
      ]);
      assert.equal(await Note.findById(others[0].id, tx), undefined);
      assert.equal(await Remark.find().count(tx), 8);
      for (const strategy of ["query", "lateral"] as const) {
        const rows = await Note.find().with(note.remarks.by(strategy)).all(tx);
        assert.ok(
          rows.length === 4 && rows.every(({ remarks }) => remarks.length === 2 && remarks[0].text === "a"),
        );
        const back = await Remark.find().with(remark.note.by(strategy)).all(tx);
        assert.ok(back.length === 8 && back.every((row) => row.note.tenant === "a"));
      }
      assert.equal(
        await Note.update({ body: "mine" }).where(Note.id.in(others.map(({ id }) => id))).run(tx),
        0,
      );
      assert.equal(await Note.deleteById(others[1].id, tx), false);
      assert.equal((await Note.insert({ body: "kept" }, tx)).tenant, "a");
      assert.equal(await Note.delete().where({ body: "kept" }).run(tx), 0);
      await assert.rejects(
        tx.transaction((inner) => Note.insert({ tenant: "b", body: "intruder" }, inner)),
        /row-level security/,
      );
    });
    // Without a tenant nobody is seen; and nothing of one is left to the next.
    assert.equal(await pool.withSettings({ role: "app_user" }, (tx) => Note.find().count(tx)), 0);
    assert.equal(await Note.find().where({ tenant: "b" }).count(pool), 4);
    assert.deepEqual(
      await pool.query(
        sql`select relrowsecurity, relforcerowsecurity from pg_class where relname in ('notes', 'remarks') order by relname`,
      ),
      [{ relrowsecurity: true, relforcerowsecurity: true }, {
        relrowsecurity: true,
        relforcerowsecurity: false,
      }],
    );
    assert.deepEqual(
      await pool.query(
        sql`select policyname::text as name, permissive, roles::text[], cmd from pg_policies order by policyname`,
      ),
      [
        { name: "none deleted", permissive: "RESTRICTIVE", roles: ["public"], cmd: "DELETE" },
        { name: "of note", permissive: "PERMISSIVE", roles: ["public"], cmd: "ALL" },
        { name: "of tenant", permissive: "PERMISSIVE", roles: ["app_user"], cmd: "ALL" },
      ],
    );
  },
);

testOnAll(
  "policies keep many tenants apart that share few connections and pipeline their queries",
  async (pool) => {
    await prepare(pool);
    const below = randomIntegers(SEED);
    const seen = new Map<string, number>();
    await Promise.all(Array.from({ length: 60 }, async () => {
      const tenant = ["a", "b", "c"][below(3)];
      await pool.withSettings(as(tenant), async (tx) => {
        // All at once, so that they travel together.
        const [all, byId, rows, counted] = await Promise.all([
          Note.find().all(tx),
          Note.findById(1 + below(12), tx),
          Note.find().with(note.remarks).limit(3).all(tx),
          Remark.find().where({ text: tenant }).count(tx),
        ]);
        assert.ok(
          all.length === 4 && all.every((row) => row.tenant === tenant),
          `${tenant}: ${JSON.stringify(all)}`,
        );
        assert.ok(byId === undefined || byId.tenant === tenant);
        assert.ok(
          rows.every((row) => row.remarks.length === 2 && row.remarks.every(({ text }) => text === tenant)),
        );
        assert.equal(counted, 8);
      });
      seen.set(tenant, (seen.get(tenant) ?? 0) + 1);
    }));
    assert.ok(seen.size > 1, `of seed ${SEED}: ${[...seen]}`);
  },
);

testOnAll(
  "partitions of a table under row-level security cannot be asked past its policies",
  async (pool) => {
    const Entry = model("entries", { tenant: column.text(), at: column.date() }, {
      partitionBy: (t) => ({ range: [t.at] }),
      rowSecurity: "forced",
      policies: (t) => [policy("own", { using: sql`${t.tenant} = ${TENANT}` })],
    });
    await prepare(pool);
    await createTables([Entry], pool);
    const now = new Date("2026-11-23");
    const { created: [name] } = await ensurePartitions(pool, Entry, { every: "month", ahead: 0, now });
    await pool.execute(sql`grant select on ${Entry}, ${sql.identifier(name)} to app_user`);
    await Entry.insertMany(
      ["a", "b"].map((tenant) => ({ tenant, at: Temporal.PlainDate.from("2026-11-23") })),
      pool,
    );
    await pool.withSettings(as("a"), async (tx) => {
      assert.equal(await Entry.find().count(tx), 1);
      assert.deepEqual(await tx.query(sql`select * from ${sql.identifier(name)}`), []);
    });
    const forced = sql`select relforcerowsecurity from pg_class where oid = ${name}::text::regclass`;
    assert.equal(await pool.value(forced), true);
  },
);

test("policies hold for queries that say cached(): what one tenant was shown is kept for nobody", {
  timeout: 90_000,
}, async () => {
  await using database = await cachedDatabase({
    ddl: "create table heard (id int primary key)",
    tables: ["heard"],
  });
  const { pool, cache } = database;
  await prepare(pool);
  const query = Note.find().orderBy(Note.id).cached(60);
  for (let round = 0; round < 3; round++) {
    for (const tenant of ["a", "b"]) {
      const rows = await pool.withSettings(as(tenant), (tx) => query.all(tx));
      assert.ok(rows.length === 4 && rows.every((row) => row.tenant === tenant));
    }
    assert.equal((await query.all(pool)).length, 12);
    assert.equal((await pool.withSettings({ role: "app_user" }, (tx) => query.all(tx))).length, 0);
  }
  const { hits, nearHits } = cache.stats();
  assert.equal(hits + nearHits, 0);
});

test("policy() writes every part, and refuses what PostgreSQL takes no part of", () => {
  const texts = (statements: readonly Sql[]): string[] => statements.map((statement) => statement.text);
  const columns = { id: column.integer(), owner: column.text() };
  const Odd = model('o"dd', columns, {
    schema: "s",
    policies: (t) => [
      policy('p"', {
        command: "insert",
        check: sql`${t.owner} = ${"it's"}`,
        roles: ["public", 'r"', "current_user"],
      }),
      policy("q", { command: "update", using: sql`true`, check: () => sql`false`, restrictive: true }),
    ],
  });
  assert.deepEqual(texts(createTablesSQL([Odd])).slice(2), [
    'alter table "s"."o""dd" enable row level security',
    `create policy "p""" on "s"."o""dd" for insert to public, "r""", current_user with check ("o""dd"."owner" = 'it''s')`,
    'create policy "q" on "s"."o""dd" as restrictive for update using (true) with check (false)',
  ]);
  assert.deepEqual(
    texts(createTablesSQL([model("t", columns, { rowSecurity: "forced" })])).slice(1),
    ['alter table "t" enable row level security', 'alter table "t" force row level security'],
  );
  const refuses = (run: () => unknown, message: RegExp): void =>
    assert.throws(run, (error) => error instanceof ValidationError && message.test(error.message));
  refuses(() => policy("p", {}), /no condition/);
  refuses(() => policy("", { using: sql`true` }), /no name/);
  refuses(() => policy("p", { command: "insert", using: sql`true` }), /give "check" instead/);
  refuses(() => policy("p", { command: "select", check: sql`true` }), /give "using" alone/);
  refuses(() => policy("p", { using: sql`true`, roles: [] }), /give names/);
  // @ts-expect-error: a plain string is no SQL
  refuses(() => policy("p", { using: "true" }), /option "using" of policy "p"/);
  // @ts-expect-error: no command
  refuses(() => policy("p", { using: sql`true`, command: "merge" }), /its command is unknown/);
  // @ts-expect-error: an option that is none
  refuses(() => policy("p", { using: sql`true`, role: "x" }), /option "role" of policy "p"/);
  refuses(() => model("t", columns, { policies: () => [{}] as never }), /each with policy\(\)/);
  refuses(() => model("t", columns, { rowSecurity: "on" as never }), /use "enabled" or "forced"/);
  refuses(
    () => model("t", { id: column.integer().primaryKey() }, { rowSecurity: "enabled", cache: 10 }),
    /not the same to everybody; leave cache out/,
  );
});
