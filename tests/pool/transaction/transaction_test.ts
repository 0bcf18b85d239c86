import assert from "node:assert/strict";
import {
  ConfigError,
  ConnectionError,
  DeadlockError,
  PostgresError,
  SerializationError,
  sql,
  type Transaction,
  TransactionAbortedError,
  TransactionClosedError,
  UniqueViolationError,
  ValidationError,
} from "../../../pool/mod.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { needs, proxy } from "../../services/client.ts";
import { assertServes, kill, livePool, quickest, rejection, running, stopped } from "../live_pool.ts";

const LIVE = needs("primary");

/** A live pool with a table `t (n int)`. */
async function withTable(options: Parameters<typeof livePool>[0] = {}): ReturnType<typeof livePool> {
  const live = await livePool(options);
  await live.outside.execute(sql`create table t (n int)`);
  return live;
}

const insert = (n: number) => sql`insert into t values (${n})`;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the table holds, as others see it. */
async function rows({ outside }: Awaited<ReturnType<typeof livePool>>): Promise<number[]> {
  return (await outside.query<{ n: number }>(sql`select n from t order by n`)).map(({ n }) => n);
}

test("Pool.transaction() commits what it returns from and rolls back what throws", LIVE, async () => {
  await using live = await withTable();
  const { pool } = live;
  assert.equal(await pool.transaction(async (tx) => (await tx.execute(insert(1)), "done")), "done");
  const mine = new RangeError("mine");
  const stack = mine.stack;
  assert.equal(
    await rejection(pool.transaction(async (tx) => {
      await tx.execute(insert(2));
      throw mine;
    })),
    mine,
  );
  assert.equal(mine.stack, stack);
  assert.equal(await pool.transaction(() => 5), 5);
  assert.equal(await rejection(pool.transaction(() => Promise.reject(undefined))), undefined);
  assert.deepEqual(await rows(live), [1]);
  await assertServes(live);
});

test("Pool.transaction() really sets isolation, readOnly and deferrable", LIVE, async () => {
  await using live = await withTable();
  const { pool } = live;
  const settings = (tx: Transaction) =>
    tx.one<Record<string, string>>(sql`
      select current_setting('transaction_isolation') as isolation,
             current_setting('transaction_read_only') as "readOnly",
             current_setting('transaction_deferrable') as deferrable`);
  for (
    const isolation of ["read uncommitted", "read committed", "repeatable read", "serializable"] as const
  ) {
    assert.equal((await pool.transaction(settings, { isolation })).isolation, isolation);
  }
  assert.deepEqual(
    await pool.transaction(settings, { isolation: "serializable", readOnly: true, deferrable: true }),
    { isolation: "serializable", readOnly: "on", deferrable: "on" },
  );
  assert.deepEqual(await pool.transaction(settings, { readOnly: false, deferrable: false }), {
    isolation: "read committed",
    readOnly: "off",
    deferrable: "off",
  });
  const error = await rejection(pool.transaction((tx) => tx.execute(insert(1)), { readOnly: true }));
  assert.ok(error instanceof PostgresError);
  assert.equal(error.sqlState, "25006");
  assert.deepEqual(await pool.transaction(settings), {
    isolation: "read committed",
    readOnly: "off",
    deferrable: "off",
  });
  await assertServes(live);
});

test(
  "Pool.transaction() refuses options that are unknown or mean nothing before it begins",
  LIVE,
  async () => {
    await using live = await withTable();
    const { pool } = live;
    const bad: [Record<string, unknown>, RegExp][] = [
      [{ isolation: "snapshot" }, /isolation.*"snapshot".*serializable/],
      [{ isolation: "serializable; drop table t" }, /isolation/],
      [{ isolated: true }, /"isolated".*unknown.*isolation/],
      [{ retries: -1 }, /retries.*0 to 1000/],
      [{ retries: 1.5 }, /retries/],
      [{ readOnly: "false" }, /readOnly.*true or false/],
      [{ deferrable: 0 }, /deferrable.*true or false/],
      [{ signal: {} }, /signal.*AbortSignal/],
      [{ settings: { "app.tenant": undefined } }, /app\.tenant/],
    ];
    let calls = 0;
    for (const [options, message] of bad) {
      const error = await rejection(pool.transaction(() => void calls++, options));
      assert.ok(error instanceof ValidationError, String(error));
      assert.match(error.message, message);
    }
    // @ts-expect-error a transaction needs a function
    assert.match((await rejection<Error>(pool.transaction("begin"))).message, /give a function/);
    const nested = pool.transaction(async (tx) => {
      // @ts-expect-error so does a nested one
      await tx.transaction(5);
    });
    assert.match((await rejection<Error>(nested)).message, /give a function/);
    assert.equal(calls, 0);
    await assertServes(live);
  },
);

test("Pool.transaction() sends BEGIN with its first statement: two round trips in all", {
  ...needs("primary", "control"),
}, async () => {
  await using slow = await proxy("primary");
  await using live = await withTable({ through: (url) => slow.url(url), max: 1 });
  const { pool } = live;
  const settings = { "app.tenant": "7" };
  const once = () => pool.withSettings(settings, (tx) => tx.value(sql`select current_setting('app.tenant')`));
  assert.equal(await once(), "7");
  await slow.delay(60); // A round trip takes 120 ms at least.
  const took = await quickest(once, 350);
  await slow.heal();
  console.log(`A transaction of one statement over a line of 120 ms: ${took.toFixed(0)} ms`);
  assert.ok(took > 235 && took < 350, `two round trips of 120 ms took ${took} ms`);
});

test(
  "Transaction.transaction() nests as savepoints, one after the other and in one another",
  LIVE,
  async () => {
    await using live = await withTable();
    await live.pool.transaction(async (tx) => {
      await tx.execute(insert(1));
      await tx.transaction(async (nested) => {
        await nested.execute(insert(2));
        await nested.transaction((inner) => inner.execute(insert(3)));
        await rejection(nested.transaction(async (inner) => {
          await inner.execute(insert(4));
          throw new Error("only this");
        }));
      });
      const error = await rejection(tx.transaction(async (nested) => {
        await nested.execute(insert(5));
        await nested.transaction((inner) => inner.execute(insert(6)));
        await nested.execute(sql`select 1 / 0`);
      }));
      assert.equal((error as PostgresError).sqlState, "22012");
      assert.equal(await tx.transaction(() => "value"), "value");
      await tx.execute(insert(7));
    });
    assert.deepEqual(await rows(live), [1, 2, 3, 7]);
    await assertServes(live);
  },
);

test(
  "Transaction.transaction() called in parallel on one transaction runs one after the other",
  LIVE,
  async () => {
    await using live = await withTable();
    const outcomes = await live.pool.transaction((tx) =>
      Promise.allSettled([1, 2, 3, 4].map((n) =>
        tx.transaction(async (nested) => {
          await nested.execute(insert(n));
          await sleep(5);
          await nested.execute(insert(n * 10));
          if (n % 2 === 0) throw new Error("even");
        })
      ))
    );
    assert.deepEqual(outcomes.map(({ status }) => status), [
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
    ]);
    assert.deepEqual(await rows(live), [1, 3, 10, 30]);
  },
);

test("A statement beside a nested transaction is not rolled back with it", LIVE, async () => {
  await using live = await withTable();
  await live.pool.transaction(async (tx) => {
    await Promise.allSettled([
      tx.transaction(async (nested) => {
        await nested.execute(insert(1));
        await sleep(20);
        throw new Error("back");
      }),
      sleep(5).then(() => tx.execute(insert(2))),
      sleep(5).then(() => tx.copyFrom(sql`copy t from stdin`, "3\n")),
    ]);
    // Without a wait in between too, and unawaited ones before COMMIT.
    tx.transaction(async (nested) => {
      await nested.execute(insert(4));
      throw new Error("back");
    }).catch(() => {});
    void tx.execute(insert(5));
  });
  assert.deepEqual(await rows(live), [2, 3, 5]);
});

test("The outer transaction used inside a nested one works, and is a part of it", LIVE, async () => {
  await using live = await withTable();
  await live.pool.transaction(async (tx) => {
    await rejection(tx.transaction(async () => {
      await tx.execute(insert(1));
      await tx.transaction((inner) => inner.execute(insert(2)));
      throw new Error("back");
    }));
    await tx.transaction(async () => {
      await tx.execute(insert(3));
      await tx.transaction(async () => await tx.execute(insert(4)));
    });
  });
  assert.deepEqual(await rows(live), [3, 4]);
});

test("A nested transaction nobody waited for cannot reach what comes after its parent", LIVE, async () => {
  await using live = await withTable({ max: 1 });
  const { pool } = live;
  const held = Promise.withResolvers<void>();
  const late = Promise.withResolvers<unknown>();
  await rejection(pool.transaction(async (tx) => {
    tx.transaction(async (nested) => {
      await nested.execute(insert(1));
      await held.promise;
      await nested.execute(insert(2));
    }).catch(late.resolve);
    await sleep(20);
    throw new Error("back");
  }));
  // The next user of the connection has a savepoint of the same name.
  await pool.transaction(async (tx) => {
    await tx.transaction(async (nested) => {
      await nested.execute(insert(3));
      held.resolve();
      assert.ok(await late.promise instanceof TransactionClosedError);
      await nested.execute(insert(4));
    });
    await tx.execute(insert(5));
  });
  assert.deepEqual(await rows(live), [3, 4, 5]);
});

test(
  "A nested transaction that outlives the parent it is nested in does not fail the outermost",
  LIVE,
  async () => {
    await using live = await withTable({ max: 1 });
    const late = Promise.withResolvers<unknown>();
    await live.pool.transaction(async (tx) => {
      await rejection(tx.transaction(async (nested) => {
        nested.transaction(async (inner) => {
          await inner.execute(insert(1));
          await sleep(30);
          await inner.execute(insert(2));
        }).catch(late.resolve);
        await sleep(10);
        throw new Error("back");
      }));
      await tx.execute(insert(3));
      assert.ok(await late.promise instanceof TransactionClosedError);
      await tx.execute(insert(4));
    });
    assert.deepEqual(await rows(live), [3, 4]);
  },
);

test(
  "Pool.transaction() waits for nested transactions and statements that were not awaited",
  LIVE,
  async () => {
    await using live = await withTable();
    await live.pool.transaction((tx) => {
      void tx.execute(insert(1));
      void tx.transaction(async (nested) => {
        await nested.execute(insert(2));
        await sleep(10);
        void nested.transaction((inner) => inner.execute(insert(3)));
        void tx.transaction((inner) => inner.execute(insert(4)));
      });
    });
    assert.deepEqual(await rows(live), [1, 2, 3, 4]);
    await assertServes(live);
  },
);

test(
  "Pool.transaction() rejects with the cause when a failed statement's error was swallowed",
  LIVE,
  async () => {
    await using live = await withTable();
    const { pool } = live;
    const error = await rejection<Error>(pool.transaction(async (tx) => {
      await tx.execute(insert(1));
      await tx.execute(sql`insert into t values (${"x"})`).catch(() => {}); // Never sent.
      await tx.execute(sql`select 1 / 0`).catch(() => {});
      await tx.execute(insert(2)).catch(() => {});
      return "looks fine";
    }));
    assert.ok(error instanceof TransactionAbortedError);
    assert.equal((error.cause as PostgresError).sqlState, "22012");
    await pool.transaction(async (tx) => {
      const inner = await rejection<Error>(tx.transaction(async (nested) => {
        await nested.execute(sql`select 1 / 0`).catch(() => {});
      }));
      assert.ok(inner instanceof TransactionAbortedError, String(inner));
      assert.equal((inner.cause as PostgresError).sqlState, "22012");
      await tx.execute(insert(3));
    });
    assert.deepEqual(await rows(live), [3]);
    await assertServes(live);
  },
);

test(
  "Pool.transaction() rejects with the constraint's error when it is violated at COMMIT",
  LIVE,
  async () => {
    await using live = await withTable();
    await live.outside.execute(
      sql`alter table t add constraint once unique (n) deferrable initially deferred`,
    );
    const error = await rejection(live.pool.transaction(async (tx) => {
      await tx.execute(insert(1));
      await tx.execute(insert(1));
    }));
    assert.ok(error instanceof UniqueViolationError);
    assert.equal(error.constraint, "once");
    assert.deepEqual(await rows(live), []);
    await assertServes(live);
  },
);

test("A transaction refuses every use after its end with TransactionClosedError", LIVE, async () => {
  await using live = await withTable({ max: 1 });
  const { pool } = live;
  let kept!: Transaction;
  let inner!: Transaction;
  await pool.transaction(async (tx) => {
    kept = tx;
    await tx.transaction((nested) => void (inner = nested));
    await rejection(inner.execute(insert(1)));
  });
  for (const tx of [kept, inner]) {
    const calls: (() => unknown)[] = [
      () => tx.query(sql`select 1`),
      () => tx.one(sql`select 1`),
      () => tx.execute(insert(1)),
      () => tx.stream(sql`select 1`),
      () => tx.copyFrom(sql`copy t from stdin`, "1\n"),
      () => tx.copyTo(sql`copy t to stdout`),
      () => tx.transaction(() => {}),
      () => tx.advisoryLock(1),
      () => tx.resultSets(sql`select 1`),
      () => tx.afterCommit(() => {}),
    ];
    for (const call of calls) {
      const error = await rejection(Promise.resolve().then(call));
      assert.ok(error instanceof TransactionClosedError, `${call}: ${error}`);
    }
  }
  assert.deepEqual(await rows(live), []);
  await assertServes(live);
});

test(
  "Streams and COPYs left open end with their transaction and never reach the next user",
  LIVE,
  async () => {
    await using live = await withTable({ max: 1 });
    const { pool } = live;
    const many = sql<{ n: number }>`select n from generate_series(1, 100000) n`;
    let open!: AsyncIterableIterator<{ n: number }>;
    let unread!: AsyncIterableIterator<{ n: number }>;
    let copy!: ReadableStream<Uint8Array>;
    await pool.transaction(async (tx) => {
      await tx.execute(insert(1));
      unread = tx.stream(many);
      copy = tx.copyTo(sql`copy t to stdout`);
      open = tx.stream(many, { batchSize: 2 });
      assert.deepEqual(await open.next(), { done: false, value: { n: 1 } });
    });
    await pool.transaction(async (tx) => {
      await tx.execute(insert(2));
      assert.ok(await rejection(open.next()) instanceof TransactionClosedError);
      assert.equal((await open.next()).done, true);
      assert.ok(await rejection(unread.next()) instanceof TransactionClosedError);
      assert.ok(await rejection(new Response(copy).text()) instanceof TransactionClosedError);
      await tx.execute(insert(3));
    });
    assert.deepEqual(await rows(live), [1, 2, 3]);
    // A COPY that is under way cannot be ended without failing the transaction; nothing hangs.
    const error = await rejection<Error>(
      pool.transaction(async (tx) => {
        await tx.execute(insert(4));
        await tx.copyTo(sql`copy (select generate_series(1, 2000000000)) to stdout`).getReader().read();
      }),
      15_000,
    );
    assert.ok(error instanceof TransactionAbortedError, String(error));
    assert.deepEqual(await rows(live), [1, 2, 3]);
    await assertServes(live);
  },
);

test("Pool.transaction() runs the whole function again after a serialization failure", LIVE, async () => {
  await using live = await withTable();
  await live.outside.execute(insert(0));
  const attempts = [0, 0];
  const met = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const callbacks: number[] = [];
  const add = (me: 0 | 1) =>
    live.pool.transaction(async (tx) => {
      const attempt = ++attempts[me];
      tx.afterCommit(() => void callbacks.push(me));
      const sum = await tx.value<number>(sql`select sum(n)::int from t`);
      if (attempt === 1) {
        met[me].resolve();
        await met[1 - me].promise;
      }
      await tx.execute(insert(sum + 1));
    }, { isolation: "serializable", retries: 5 });
  await Promise.all([add(0), add(1)]);
  assert.deepEqual(await rows(live), [0, 1, 2]);
  assert.equal(attempts[0] + attempts[1], 3);
  assert.deepEqual(callbacks.toSorted(), [0, 1]);
  // Without retries, the error comes.
  const [first, second] = await Promise.allSettled([0, 1].map(() =>
    live.pool.transaction(async (tx) => {
      const sum = await tx.value<number>(sql`select sum(n)::int from t`);
      await sleep(100);
      await tx.execute(insert(sum));
    }, { isolation: "serializable" })
  ));
  const failed = [first, second].filter((outcome) => outcome.status === "rejected");
  assert.equal(failed.length, 1);
  assert.ok(failed[0].reason instanceof SerializationError);
  assert.equal(failed[0].reason.retryable, true);
  await assertServes(live);
});

test("Pool.transaction() runs the whole function again after a deadlock", LIVE, async () => {
  await using live = await withTable();
  await live.outside.execute(sql`insert into t values (1), (2)`);
  const attempts = [0, 0];
  const met = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const update = (me: 0 | 1) =>
    live.pool.transaction(async (tx) => {
      const attempt = ++attempts[me];
      await tx.execute(sql`set local deadlock_timeout = '20ms'`);
      await tx.execute(sql`update t set n = n where n = ${me + 1}`);
      if (attempt === 1) {
        met[me].resolve();
        await met[1 - me].promise;
      }
      // Swallowed, it is known at COMMIT.
      await tx.execute(sql`update t set n = n where n = ${2 - me}`).catch((error) => {
        assert.ok(error instanceof DeadlockError);
      });
    }, { retries: 3 });
  await Promise.all([update(0), update(1)]);
  assert.equal(attempts[0] + attempts[1], 3);
  await assertServes(live);
});

test(
  "Transaction.afterCommit() and afterRollback(), called from inside a nested transaction, are of that one",
  LIVE,
  async () => {
    await using live = await withTable();
    const calls: string[] = [];
    await live.pool.transaction(async (tx) => {
      await rejection(tx.transaction(async () => {
        await tx.execute(insert(1));
        tx.afterRollback(() => void calls.push("undone"));
        tx.afterCommit(() => void calls.push("never"));
        throw new Error("back");
      }));
      assert.deepEqual(calls, ["undone"]);
      await tx.transaction(() => tx.afterCommit(() => void calls.push("committed")));
    });
    assert.deepEqual(calls, ["undone", "committed"]);
    assert.deepEqual(await rows(live), []);
  },
);

test(
  "Transaction.afterRollback() runs for what was undone, the last first, before the error is told",
  LIVE,
  async () => {
    const errors: string[] = [];
    await using live = await withTable({ logger: { error: (message) => void errors.push(message) } });
    const { pool } = live;
    const calls: string[] = [];
    const note = (text: string) => () => void calls.push(text);
    await pool.transaction(async (tx) => {
      tx.afterRollback(note("never"));
      await rejection(tx.transaction(async (nested) => {
        nested.afterRollback(note("nested"));
        nested.afterRollback(() => {
          throw new Error("mine");
        });
        await nested.transaction((inner) => inner.afterRollback(note("inner")));
        await rejection(nested.transaction((inner) => {
          inner.afterRollback(note("innermost"));
          throw new Error("back");
        }));
        assert.deepEqual(calls, ["innermost"]);
        throw new Error("back");
      }));
      assert.deepEqual(calls, ["innermost", "inner", "nested"]);
      await tx.execute(insert(1));
    });
    assert.deepEqual(await rows(live), [1]);
    assert.match(errors[0], /mine/);
    calls.length = 0;
    const ends: ((tx: Transaction) => Promise<unknown> | void)[] = [
      () => {
        throw new Error("back");
      },
      (tx) => tx.execute(sql`select 1 / 0`),
      (tx) => tx.execute(sql`select 1 / 0`).catch(() => {}),
      (tx) => tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`),
    ];
    for (const end of ends) {
      await rejection(pool.transaction(async (tx) => {
        tx.afterRollback(note("outer"));
        await tx.transaction((nested) => nested.afterRollback(note("released")));
        await end(tx);
      }));
      assert.deepEqual(calls.splice(0), ["released", "outer"]);
    }
  },
);

test(
  "Transaction.afterCommit() runs in order after COMMIT, and never for what was rolled back",
  LIVE,
  async () => {
    const errors: string[] = [];
    await using live = await withTable({ logger: { error: (message) => void errors.push(message) } });
    const { pool } = live;
    const calls: string[] = [];
    await pool.transaction(async (tx) => {
      await tx.execute(insert(1));
      tx.afterCommit(async () => {
        await sleep(10);
        calls.push(`first sees ${await rows(live)}`);
      });
      tx.afterCommit(() => {
        throw new Error("mine");
      });
      await tx.transaction(async (nested) => {
        nested.afterCommit(() => void calls.push("nested"));
        await rejection(nested.transaction((inner) => {
          inner.afterCommit(() => void calls.push("rolled back"));
          throw new Error("back");
        }));
      });
      tx.afterCommit(() => void calls.push(`last, with ${pool.stats().reserved} reserved`));
      assert.deepEqual(calls, []);
    });
    assert.deepEqual(calls, ["first sees 1", "nested", "last, with 0 reserved"]);
    assert.equal(errors.length, 1);
    assert.match(errors[0], /after a commit.*mine/);
    await rejection(pool.transaction((tx) => {
      tx.afterCommit(() => void calls.push("rolled back"));
      throw new Error("back");
    }));
    await rejection(pool.transaction(async (tx) => {
      tx.afterCommit(() => void calls.push("rolled back"));
      await tx.execute(sql`select 1 / 0`).catch(() => {});
    }));
    assert.equal(calls.length, 3);
  },
);

test(
  "Pool.transaction() given up by its signal rolls back, cancels on the server and settles at once",
  LIVE,
  async () => {
    await using live = await withTable();
    const { pool, outside } = live;
    const abort = new AbortController();
    let inside: unknown;
    const gone = rejection(pool.transaction(async (tx) => {
      await tx.execute(insert(1));
      await tx.execute(sql`select pg_sleep(20) /* mark 71 */`).catch((error) => inside = error);
      await tx.execute(insert(2)).catch(() => {});
    }, { signal: abort.signal }));
    await running(outside, "mark 71");
    const start = awakeTime();
    abort.abort(new RangeError("enough"));
    assert.equal((await gone as Error).message, "enough");
    assert.ok(awakeTime() - start < 1_500, `it took ${awakeTime() - start} ms`);
    await stopped(outside, "mark 71");
    assert.equal((inside as Error).message, "enough");
    await assertServes(live);
    assert.deepEqual(await rows(live), []);
  },
);

test(
  "Pool.transaction() given up while its function waits for something else settles at once",
  LIVE,
  async () => {
    await using live = await withTable({ max: 1 });
    const { pool } = live;
    const abort = new AbortController();
    const settled = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    const gone = rejection(
      pool.transaction(async (tx) => {
        await tx.execute(insert(1));
        setTimeout(() => abort.abort(new RangeError("enough")), 10);
        await settled.promise;
        late.resolve(await rejection(tx.execute(insert(2))));
      }, { signal: abort.signal }),
      1_500,
    );
    assert.equal((await gone as Error).message, "enough");
    settled.resolve();
    await pool.execute(insert(3));
    assert.ok(await late.promise instanceof TransactionClosedError);
    const already = rejection<Error>(
      pool.transaction(() => assert.fail("it began"), { signal: abort.signal }),
    );
    assert.equal((await already).message, "enough");
    assert.deepEqual(await rows(live), [3]);
    await assertServes(live);
  },
);

test("Pool.transaction() settles by its signal though the server says nothing any more", {
  ...needs("primary", "control"),
}, async () => {
  await using hole = await proxy("primary");
  await using live = await withTable({ through: (url) => hole.url(url), connectTimeout: 2_000 });
  const { pool } = live;
  await pool.query(sql`select 1`);
  const start = awakeTime();
  const gone = rejection<Error>(
    pool.transaction(async (tx) => {
      await tx.execute(insert(1));
      await hole.blackHole();
      await tx.execute(insert(2));
    }, { signal: AbortSignal.timeout(500) }),
  );
  assert.equal((await gone).name, "TimeoutError");
  const took = awakeTime() - start;
  assert.ok(took < 2_000, `it took ${took} ms`);
  const timed = awakeTime();
  await hole.heal();
  await assertServes(live);
  assert.ok(awakeTime() - timed < 8_000);
  assert.deepEqual(await rows(live), []);
});

test("Pool.transaction() whose connection is killed rejects, and only a COMMIT's outcome is unknown", {
  ...needs("primary", "control"),
}, async () => {
  await using line = await proxy("primary");
  await using live = await withTable({ through: (url) => line.url(url) });
  const { pool, outside } = live;
  const killed = await rejection<ConnectionError>(pool.transaction(async (tx) => {
    await tx.execute(insert(1));
    await kill(outside, await tx.value<number>(sql`select pg_backend_pid()`));
    await tx.execute(insert(2));
  }));
  assert.ok(killed instanceof ConnectionError, String(killed));
  assert.equal(killed.outcomeUnknown, false);
  assert.equal(killed.sqlState, "57P01");
  const swallowed = await rejection<ConnectionError>(pool.transaction(async (tx) => {
    await tx.execute(insert(1));
    await kill(outside, await tx.value<number>(sql`select pg_backend_pid()`));
    await tx.execute(insert(2)).catch(() => {});
  }));
  assert.ok(swallowed instanceof ConnectionError, String(swallowed));
  assert.equal(swallowed.outcomeUnknown, false);
  const lost = rejection<ConnectionError>(pool.transaction(async (tx) => {
    await tx.execute(insert(3));
    await line.delay(300);
    setTimeout(() => line.cut(), 100);
  }));
  assert.ok(await lost instanceof ConnectionError, String(await lost));
  assert.equal((await lost).outcomeUnknown, true);
  assert.match((await lost).message, /may have taken effect/);
  await line.heal();
  await assertServes(live);
  assert.ok(!(await rows(live)).includes(1));
});

test(
  "A statement of a transaction that times out is cancelled, and a nested one can contain it",
  LIVE,
  async () => {
    await using live = await withTable();
    const { pool } = live;
    await pool.transaction(async (tx) => {
      await tx.execute(insert(1));
      const error = await rejection<{ code: string }>(
        tx.transaction((nested) => nested.execute(sql`select pg_sleep(5)`, { timeout: 50 })),
        1_000,
      );
      assert.equal(error.code, "QUERY_TIMEOUT");
      await tx.execute(insert(2));
    });
    const error = await rejection<{ code: string }>(
      pool.transaction(async (tx) => {
        await tx.execute(insert(3));
        await tx.execute(sql`select pg_sleep(5)`, { timeout: 50 });
      }),
      1_000,
    );
    assert.equal(error.code, "QUERY_TIMEOUT");
    assert.deepEqual(await rows(live), [1, 2]);
    await assertServes(live);
  },
);

test("Commands that begin or end transactions are refused where they would mislead", LIVE, async () => {
  await using live = await withTable({ max: 1 });
  const { pool } = live;
  for (const begin of [sql`begin`, sql` /* x */ Start  Transaction`, sql`-- y\nBEGIN work`]) {
    const error = await rejection<Error>(pool.execute(begin));
    assert.ok(error instanceof ValidationError);
    assert.match(error.message, /pool\.transaction\(\)/);
  }
  await pool.transaction(async (tx) => {
    for (
      const word of [
        "commit",
        "END",
        "rollback",
        "abort",
        "begin",
        "prepare transaction 'x'",
        "/* x */;--y\n commit",
      ]
    ) {
      const error = await rejection<Error>(tx.execute(sql.unsafe(word)));
      assert.ok(error instanceof ValidationError, word);
      assert.match(error.message, /throw to roll back/);
    }
    await tx.execute(insert(1));
    await tx.execute(sql`savepoint mine`);
    await tx.execute(insert(2));
    await tx.execute(sql`rollback to mine`);
    await tx.execute(sql`rollback work to savepoint mine`);
  });
  assert.deepEqual(await rows(live), [1]);
  await using session = await pool.reserve();
  await session.execute(sql`begin`);
  await session.execute(insert(3));
  await session.execute(sql`commit`);
  await session.execute(sql`begin`);
  await session.execute(insert(4));
  await session.release();
  assert.deepEqual(await rows(live), [1, 3]);
  await assertServes(live);
});

test("ConfigError of a missing context function names it", LIVE, async () => {
  await using live = await withTable({ sessionContextFunction: "app.nowhere" });
  const error = await rejection(live.pool.withContext({ tenant: 1 }, (tx) => tx.execute(insert(1))));
  assert.ok(error instanceof ConfigError, String(error));
  assert.match(error.message, /sessionContextFunction.*app\.nowhere.*jsonb/);
  await assertServes(live);
});
