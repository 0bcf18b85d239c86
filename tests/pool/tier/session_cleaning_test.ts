/** What one user of a connection leaves behind, the next does not see. */
import assert from "node:assert/strict";
import { sql } from "../../../pool/mod.ts";
import { PostgresError } from "../../../pool/wire/postgres_error.ts";
import { beginsTransaction, touchesSession } from "../../../pool/tier/session_state.ts";
import { test } from "../../harness.ts";
import { needs, server } from "../../services/client.ts";
import { DIRT, LOCK, sessionState, WAYS } from "./abandonment.ts";
import { assertSound, openPool, rejection, until } from "./pools.ts";

for (const [way, leave] of Object.entries(WAYS)) {
  test(`The next user sees nothing of what ${way} left behind`, needs("primary"), async () => {
    await using outside = openPool({ max: 1 });
    await using pool = openPool({ max: 1 });
    const clean = await sessionState(pool);
    const pid = await pool.value(sql`select pg_backend_pid()`);
    const start = performance.now();
    await leave(pool, DIRT);
    assert.deepEqual(await sessionState(pool), clean);
    assert.ok(performance.now() - start < 3_000, "it was cleaned without delay");
    assert.equal(await pool.value(sql`select pg_backend_pid()`), pid, "the connection was kept");
    await pool.transaction(async (tx) => assert.deepEqual(await sessionState(tx), clean));
    // Nobody is kept out by a lock, and writing works.
    assert.equal(await outside.value(sql`select pg_try_advisory_xact_lock(${LOCK})`), true);
    assert.equal(await pool.value(sql`select txid_current() > 0`), true);
    await assertSound(pool, 1);
  });
}

test(
  "A transaction that a statement begins in disguise is ended before the next user",
  needs("primary"),
  async () => {
    await using outside = openPool({ max: 1 });
    await using pool = openPool({ max: 1 });
    await pool.execute(sql`/* comments /* nest */ in PostgreSQL */ begin`);
    await rejection(pool.query(sql`select 1 / 0`), PostgresError);
    const pid = await pool.value<number>(sql`select pg_backend_pid()`);
    const state = sql`select state from pg_stat_activity where pid = ${pid}`;
    await until("its transaction is over", async () => await outside.value(state) === "idle");
    await pool.execute(sql`/* a /* b */ c */ set work_mem = '7MB'`);
    assert.notEqual(await pool.value(sql`show work_mem`), "7MB");
    await assertSound(pool, 1);
  },
);

test("Statements are recognized behind whatever stands before them, in linear time", () => {
  for (const lead of ["", ";", " ; ;\n", "-- x\n", "/**/", "/* a * b */ /***/", "-- a\n/* b */;"]) {
    for (
      const command of [
        "set role x",
        "SET/**/role x",
        "reset all",
        "listen x",
        "Do $$$$",
        "prepare x as select 1",
      ]
    ) {
      assert.ok(touchesSession(lead + command), lead + command);
    }
    for (
      const command of ["set local role x", "select 1", "settle", "update t set n = 1", "select document"]
    ) {
      assert.ok(!touchesSession(lead + command), lead + command);
    }
    assert.ok(beginsTransaction(`${lead}BEGIN`) && !beginsTransaction(`${lead}beginning`));
  }
  const start = performance.now();
  assert.ok(!touchesSession("/**/".repeat(100_000) + "select 1"));
  assert.ok(touchesSession("/*".repeat(100_000)));
  assert.ok(performance.now() - start < 5_000);
});

test("A session's own settings in the URL survive being cleaned", needs("primary"), async () => {
  const url = `${server("primary").url}?options=-c%20work_mem%3D9MB`;
  await using pool = openPool({ url, max: 1 });
  await pool.execute(sql`set work_mem = '7MB'`);
  assert.equal(await pool.value(sql`show work_mem`), "9MB");
});
