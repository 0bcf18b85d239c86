/** A session of one's own, in which one may begin and end transactions oneself. */
import assert from "node:assert/strict";
import {
  type PostgresError,
  sql,
  TransactionAbortedError,
  TransactionClosedError,
} from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { assertServes, livePool, rejection } from "../live_pool.ts";

const LIVE = needs("primary");

test(
  "ReservedSession rejects the COMMIT of a failed transaction, with what failed as its cause",
  LIVE,
  async () => {
    await using live = await livePool({ max: 1 });
    const { pool } = live;
    await pool.execute(sql`create table t (n int)`);
    await using session = await pool.reserve();
    for (const commit of ["commit", " END work", "-- x\nCommit and no chain", "prepare transaction 'x'"]) {
      await session.execute(sql`begin`);
      await session.execute(sql`insert into t values (1)`);
      await rejection(session.query(sql`select 1 / 0`));
      await rejection(session.query(sql`select 1`));
      const error = await rejection<TransactionAbortedError>(
        (async () => await session.execute(sql.unsafe(commit)))(),
      );
      assert.ok(error instanceof TransactionAbortedError, String(error));
      assert.equal((error.cause as PostgresError).sqlState, "22012");
      assert.match(error.stack!, /reserved_session_test\.ts:\d+/);
    }
    assert.equal(await session.value(sql`select count(*)::int from t`), 0);
    // Without waiting in between, too.
    const outcomes = await Promise.allSettled([
      session.execute(sql`begin`),
      session.query(sql`select 1 / 0`),
      session.execute(sql`commit`),
      session.value(sql`select 5`),
    ]);
    assert.deepEqual(outcomes.map(({ status }) => status), [
      "fulfilled",
      "rejected",
      "rejected",
      "fulfilled",
    ]);
    assert.ok((outcomes[2] as PromiseRejectedResult).reason instanceof TransactionAbortedError);
  },
);

test(
  "ReservedSession takes ROLLBACK, and COMMIT of what has not failed, for what they are",
  LIVE,
  async () => {
    await using live = await livePool({ max: 1 });
    const { pool } = live;
    await pool.execute(sql`create table t (n int)`);
    await using session = await pool.reserve();
    await rejection(session.query(sql`select 1 / 0`));
    for (const end of [sql`rollback`, sql`abort`]) {
      await session.execute(sql`begin`);
      await rejection(session.query(sql`select 1 / 0`));
      await session.execute(end);
    }
    await session.execute(sql`begin`);
    await session.execute(sql`savepoint mine`);
    await rejection(session.query(sql`select 1 / 0`));
    await session.execute(sql`rollback to mine`);
    await session.execute(sql`insert into t values (7)`);
    await session.execute(sql`commit`);
    await session.release();
    assert.equal(await pool.value(sql`select n from t`), 7);
    assert.ok(await rejection(session.query(sql`select 1`)) instanceof TransactionClosedError);
    await session.release();
    await assertServes(live);
  },
);
