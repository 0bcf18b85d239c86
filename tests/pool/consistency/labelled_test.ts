/** Labelled reads: what was visible at `version` is in the rows, and nothing later than `upper`. */
import assert from "node:assert/strict";
import { LABELLED, type LabelledRows } from "../../../pool/consistency/labelled.ts";
import { parseLsn } from "../../../pool/consistency/lsn.ts";
import { currentSession, TOKENS_ON } from "../../../pool/consistency/current_session.ts";
import { parseTimeline } from "../../../pool/consistency/timeline.ts";
import { Pool, type PoolOptions, sql } from "../../../pool/mod.ts";
import { ByteSource } from "../../../pool/wire/byte_source.ts";
import { compileRowReader } from "../../../pool/wire/session/row_reader.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs, server } from "../../services/client.ts";

/** Reads the bytes of raw rows as a caller would. */
function decode({ rows, fields, formats, registry }: LabelledRows<Uint8Array>): unknown[] {
  const reader = compileRowReader(
    fields.map((field, index) => ({
      field,
      codec: registry.get(field.type) ?? registry.text,
      format: formats[index],
    })),
  );
  return rows.map((row) => reader(new ByteSource(row), 0, row.length));
}

/** The upper end of the log inside a transaction: its commit's record comes later. */
const INSERTED = sql`select pg_current_wal_insert_lsn()::text`;

/** What a writer knows of each value it has written to the only row of `counter`. */
interface Written {
  /** Its commit is later than this. */
  readonly after: bigint;
  /** Its commit can be seen by everybody at this. */
  tick: bigint;
}

/** Counts up in a row, until it is told to stop; keeps between which positions each value was written. */
function writer(pool: Pool): { readonly written: Map<number, Written>; stop(): Promise<void> } {
  const written = new Map<number, Written>();
  let isStopped = false;
  const done = (async () => {
    while (!isStopped) {
      const { n, after } = await pool.transaction(async (tx) => {
        const n = await tx.value<number>(sql`update counter set n = n + 1 returning n`);
        return { n, after: parseLsn(await tx.value<string>(INSERTED)) };
      });
      written.set(n, { after, tick: currentSession(pool).token!.lsn });
    }
  })();
  return {
    written,
    stop: async () => {
      isStopped = true;
      await done;
    },
  };
}

function assertLabels(reads: readonly LabelledRows<{ n: number }>[], written: ReadonlyMap<number, Written>) {
  let judged = 0;
  for (const { rows: [{ n }], version, upper } of reads) {
    assert.ok(version <= upper, "version is after upper");
    const own = written.get(n);
    if (own !== undefined) assert.ok(own.after < upper, `row ${n} is later than its upper label`);
    for (const [later, { tick }] of written) {
      if (later <= n) continue;
      judged++;
      assert.ok(tick > version, `row ${n} was read at a version at which ${later} was visible`);
      break;
    }
  }
  return judged;
}

async function counter(options: PoolOptions = {}) {
  const database = await freshDatabase();
  const pool = new Pool({ url: database.url, max: 3, ...options });
  await pool.execute(sql`create table counter (n int not null)`);
  await pool.execute(sql`insert into counter values (0)`);
  pool[TOKENS_ON]();
  return {
    pool,
    async [Symbol.asyncDispose]() {
      await pool.close();
      await database.drop();
    },
  };
}

test("A labelled read on PGlite has its rows, where they are from, and between which positions", {
  sanitize: false,
}, async () => {
  await using pool = new Pool("pglite:");
  const read = await pool[LABELLED](sql`select 1 as one, ${"x"}::text as x`);
  assert.deepEqual(read.rows, [{ one: 1, x: "x" }]);
  assert.equal(read.server, "primary");
  assert.ok(read.version > 0n && read.version <= read.upper);
  assert.equal(parseTimeline(read.timeline)?.number, 1);
  assert.notEqual(parseTimeline(read.timeline)?.system, "0");
});

test(
  "Raw rows are the bytes of the rows, to be read by their fields and formats",
  needs("primary"),
  async () => {
    await using pool = new Pool({ url: server("primary").url, max: 1 });
    const statement =
      sql`select n, 'é' || n as t, null::int as nothing, array[n] as a from generate_series(1, 3) as n`;
    const raw = await pool[LABELLED]<Uint8Array>(statement, { raw: true });
    assert.ok(raw.rows.every((row) => row instanceof Uint8Array));
    assert.deepEqual(decode(raw), await pool.query(statement));
    const none = await pool[LABELLED]<Uint8Array>(sql`select 1 as n where false`, { raw: true });
    assert.deepEqual(none.rows, []);
    assert.deepEqual(none.fields.map(({ name }) => name), ["n"]);
  },
);

for (const isolation of ["read committed", "serializable"]) {
  test(`Labels hold beside writes, where sessions default to ${isolation}`, needs("primary"), async () => {
    await using own = await counter({
      options: `-c default_transaction_isolation=${isolation.replace(" ", "\\ ")}`,
    });
    const { pool } = own;
    const { written, stop } = writer(pool);
    const reads: LabelledRows<{ n: number }>[] = [];
    while (reads.length < 1_500) {
      reads.push(
        ...await Promise.all(
          Array.from({ length: 5 }, () => pool[LABELLED]<{ n: number }>(sql`select n from counter`)),
        ),
      );
    }
    await stop();
    const judged = assertLabels(reads, written);
    console.log(`  ${reads.length} reads beside ${written.size} writes, ${judged} judged`);
    assert.ok(judged > 100);
  });
}

test(
  "Labels hold when columns change under a read, which then has the new ones",
  needs("primary"),
  async () => {
    await using own = await counter({ max: 2 });
    const { pool } = own;
    await using outside = new Pool({ url: server("primary").url });
    void outside;
    const { written, stop } = writer(pool);
    const reads: LabelledRows<{ n: number }>[] = [];
    const isRunning = { value: true };
    const ddl = (async () => {
      for (let round = 0; isRunning.value; round++) {
        await pool.execute(
          round % 2 === 0
            ? sql`alter table counter add column extra text default 'new'`
            : sql`alter table counter drop column extra`,
        );
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    for (let round = 0; round < 300; round++) {
      const raw = await pool[LABELLED]<Uint8Array>(sql`select * from counter`, { raw: true });
      const [row] = decode(raw) as { n: number; extra?: string }[];
      assert.equal("extra" in row, raw.fields.length === 2);
      reads.push({ ...raw, rows: [row] });
    }
    isRunning.value = false;
    await ddl;
    await stop();
    assert.ok(reads.some(({ rows: [row] }) => "extra" in row));
    assert.ok(assertLabels(reads, written) > 10);
  },
);

test("Labels hold when connections are killed and statements dropped under a read", {
  ...needs("primary"),
}, async () => {
  await using own = await counter({ max: 3 });
  const { pool } = own;
  await pool.execute(sql`
    create function lose_statements() returns void language plpgsql as $$ begin execute 'deallocate all'; end $$`);
  const database = await pool.value<string>(sql`select current_database()`);
  await using outside = new Pool({ url: server("primary").url, max: 1 });
  const writing = new Pool({ url: server("primary").url, max: 1, database });
  writing[TOKENS_ON]();
  const { written, stop } = writer(writing);
  const me = await writing.value<number>(sql`select pg_backend_pid()`);
  const reads: LabelledRows<{ n: number }>[] = [];
  for (let round = 0; round < 60; round++) {
    const reading = Array.from(
      { length: 6 },
      () => pool[LABELLED]<{ n: number }>(sql`select n from counter`),
    );
    const trouble = round % 3 === 0
      ? outside.query(sql`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = ${database} and pid <> ${me} order by random() limit 1`)
      : pool.query(sql`select lose_statements()`, { readOnly: true });
    const outcomes = await Promise.allSettled(reading);
    await trouble.catch(() => {});
    for (const outcome of outcomes) if (outcome.status === "fulfilled") reads.push(outcome.value);
  }
  await stop();
  await writing.close();
  const judged = assertLabels(reads, written);
  console.log(`  ${reads.length} of 360 reads answered, ${judged} judged`);
  assert.ok(reads.length > 200 && judged > 20);
});

test("A labelled read can be given up", needs("primary"), async () => {
  await using pool = new Pool({ url: server("primary").url, max: 1 });
  const abort = new AbortController();
  const read = pool[LABELLED](sql`select pg_sleep(30)`, { signal: abort.signal });
  setTimeout(() => abort.abort(new Error("enough")), 50);
  await assert.rejects(read, /enough/);
  await assert.rejects(pool[LABELLED](sql`select pg_sleep(30)`, { timeout: 50 }), /50 ms/);
  assert.equal((await pool[LABELLED]<{ n: number }>(sql`select 1 as n`)).rows[0].n, 1);
});
