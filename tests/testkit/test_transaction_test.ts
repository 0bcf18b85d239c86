/** One transaction as a pool, for any number of callers: what each may rely on, on both kinds of database. */
import assert from "node:assert/strict";
import type { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { UniqueViolationError } from "../../pool/wire/postgres_error.ts";
import { beginRollback, rollback, type TestTransaction } from "../../testkit/mod.ts";
import { randomIntegers, rounds, SEED } from "../random.ts";
import { testOnBoth, testOnServer } from "./databases.ts";

const CREATE = { migrate: [sql`create table notes (body text primary key, size int not null default 0)`] };

const bodies = async (db: Pool): Promise<string[]> =>
  (await db.query<{ body: string }>(sql`select body from notes order by body`)).map(({ body }) => body);

const add = (db: Pick<Pool, "execute">, body: string): Promise<number> =>
  db.execute(sql`insert into notes (body) values (${body})`);

testOnBoth("rollback() leaves nothing behind, whether the test passes or fails", CREATE, async (pool) => {
  const result = await rollback(pool, async (db) => {
    await add(db, "a");
    assert.deepEqual(await bodies(db), ["a"]);
    return 42;
  });
  assert.equal(result, 42);
  assert.deepEqual(await bodies(pool), []);
  const failure = new Error("the test failed");
  await assert.rejects(
    rollback(pool, async (db) => {
      await add(db, "a");
      throw failure;
    }),
    failure,
  );
  assert.deepEqual(await bodies(pool), []);
});

testOnBoth(
  "TestTransaction runs the calls of many callers at once, each undone by itself",
  CREATE,
  async (pool) => {
    await rollback(pool, async (db) => {
      const outcomes = await Promise.allSettled(
        ["a", "b", "a", "c", "b", "d"].map((body) => add(db, body)),
      );
      assert.deepEqual(outcomes.map(({ status }) => status === "fulfilled"), [
        true,
        true,
        false,
        true,
        false,
        true,
      ]);
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      assert.ok(failed?.reason instanceof UniqueViolationError);
      assert.match(
        failed.reason.stack ?? "",
        /test_transaction_test\.ts/,
        "the stack must reach the caller's line",
      );
      assert.deepEqual(await bodies(db), ["a", "b", "c", "d"]);
    });
  },
);

testOnBoth("TestTransaction.transaction() keeps concurrent transactions apart", CREATE, async (pool) => {
  await rollback(pool, async (db) => {
    const order: string[] = [];
    const transfer = (name: string, fails: boolean): Promise<void> =>
      db.transaction(async (tx) => {
        order.push(`begin ${name}`);
        await add(tx, `${name}1`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        await add(tx, `${name}2`);
        order.push(`end ${name}`);
        if (fails) throw new Error(name);
      });
    const outcomes = await Promise.allSettled([
      transfer("a", false),
      add(db, "alone"),
      transfer("b", true),
      transfer("c", false),
    ]);
    assert.deepEqual(outcomes.map(({ status }) => status), [
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    assert.deepEqual(order, ["begin a", "end a", "begin b", "end b", "begin c", "end c"]);
    assert.deepEqual(await bodies(db), ["a1", "a2", "alone", "c1", "c2"]);
  });
});

testOnBoth(
  "TestTransaction never waits for itself: calls inside a transaction of it run there",
  CREATE,
  async (pool) => {
    await rollback(pool, async (db) => {
      await db.transaction(async (tx) => {
        await add(tx, "a");
        await add(db, "b");
        assert.deepEqual(await bodies(db), ["a", "b"]);
        await assert.rejects(add(db, "a"), UniqueViolationError);
        await db.transaction(async (inner) => {
          await add(inner, "c");
          await Promise.all([add(db, "d"), add(tx, "e"), inner.transaction((deepest) => add(deepest, "f"))]);
        });
      });
      assert.deepEqual(await bodies(db), ["a", "b", "c", "d", "e", "f"]);
    });
  },
);

testOnServer(
  "TestTransaction gives up a call that waits for its own caller in vain, and goes on",
  CREATE,
  async (pool) => {
    await rollback(pool, async (db) => {
      const asked = Promise.withResolvers<void>();
      // Outside the transaction, and yet waited for by it: the one way to wait for oneself.
      const worker = asked.promise.then(() => add(db, "never"));
      await assert.rejects(
        db.transaction(async (tx) => {
          await add(tx, "a");
          asked.resolve();
          await worker;
        }),
        (error: Error) => {
          assert.equal(error.name, "PoolTimeoutError");
          assert.match(error.message, /within 200 ms/);
          assert.match(error.message, /the longest holder .* taken at .*test_transaction_test/);
          return true;
        },
      );
      await add(db, "b");
      assert.deepEqual(await bodies(db), ["b"], "who gave up must never run");
    }, { timeout: 200 });
  },
);

testOnBoth(
  "TestTransaction.transaction() runs what is to follow the commit, once, and only then",
  CREATE,
  async (pool) => {
    await rollback(pool, async (db) => {
      const told: string[] = [];
      await db.transaction(async (tx) => {
        tx.afterCommit(() => void told.push("outer"));
        await tx.transaction((nested) => nested.afterCommit(() => void told.push("nested")));
        await db.transaction((inner) => inner.afterCommit(() => void told.push("inner")));
        await tx.transaction((nested) => {
          nested.afterCommit(() => void told.push("never"));
          throw new Error("undone");
        }).catch(() => {});
        assert.deepEqual(told, []);
      });
      assert.deepEqual(told, ["outer", "nested", "inner"]);
    });
  },
);

testOnBoth(
  "TestTransaction.transaction() rejects when a failure was swallowed, as a commit does",
  CREATE,
  async (pool) => {
    await rollback(pool, async (db) => {
      await assert.rejects(
        db.transaction(async (tx) => {
          await add(tx, "a");
          await add(tx, "a").catch(() => {});
        }),
        { name: "TransactionAbortedError" },
      );
      assert.deepEqual(await bodies(db), []);
    });
  },
);

testOnBoth("TestTransaction streams, copies and batches as a pool does", CREATE, async (pool) => {
  await rollback(pool, async (db) => {
    assert.equal(
      await db.copyFrom(sql`copy notes (body, size) from stdin (format csv)`, ["a,1\n", "b,2\n"]),
      2,
    );
    const seen: string[] = [];
    for await (const { body } of db.stream(sql<{ body: string }>`select body from notes order by body`)) {
      seen.push(body);
      // On a pool another connection would do this while the stream is open.
      await db.execute(sql`update notes set size = size + 1 where body = ${body}`);
      if (body === "b") break;
    }
    assert.deepEqual(seen, ["a", "b"]);
    assert.equal(await new Response(db.copyTo(sql`copy notes to stdout (format csv)`)).text(), "a,2\nb,3\n");
    await assert.rejects(
      async () => {
        for await (const _ of db.stream(sql`select 1 / (size - 3) from notes order by body`)) continue;
      },
      { sqlState: "22012" },
    );
    await assert.rejects(
      db.batch([sql`insert into notes (body) values ('c')`, sql`insert into notes (body) values ('a')`]),
      UniqueViolationError,
    );
    const outcomes = await db.batch([
      sql`insert into notes (body) values ('d')`,
      sql`insert into notes (body) values ('a')`,
    ], { atomic: false });
    assert.deepEqual(outcomes.map(({ status }) => status), ["fulfilled", "rejected"]);
    assert.deepEqual(await bodies(db), ["a", "b", "d"]);
    assert.deepEqual(await db.batch([]), []);
  });
});

testOnServer("TestTransaction.withSettings() and withContext() leak nothing to the next caller", {
  migrate: [
    sql`create function set_who(context jsonb) returns void language plpgsql as $$
    begin perform set_config('app.who', context ->> 'subject', true); end $$`,
  ],
}, async (pool) => {
  const who = (db: Pick<Pool, "value">) => db.value(sql`select current_setting('app.who', true)`);
  await rollback(pool, async (db) => {
    const seen = await Promise.all([
      db.withSettings({ "app.who": "ada" }, who),
      who(db),
      db.withContext({ subject: "bob" }, who),
      who(db),
      db.withSettings(
        { "app.who": "eve", role: "app_user" },
        async (tx) => `${await who(tx)} as ${await tx.value(sql`select current_user::text`)}`,
      ),
      db.value(sql`select current_user::text`),
    ]);
    assert.deepEqual(seen, ["ada", "", "bob", "", "eve as app_user", "lifeguard"]);
    await assert.rejects(
      db.transaction((tx) => tx.execute(sql`create table no (n int)`), { readOnly: true }),
      { sqlState: "25006" },
    );
    assert.equal(await db.execute(sql`create table yes (n int)`), 0);
  }, { sessionContextFunction: "set_who" });
});

testOnServer(
  "TestTransaction refuses what one shared session cannot do, and use after its end",
  {},
  async (pool) => {
    let kept: TestTransaction | undefined;
    await rollback(pool, async (db) => {
      kept = db;
      for (const call of [() => db.reserve(), () => db.advisoryLock(), () => db.listen()]) {
        await assert.rejects(
          call,
          /^ValidationError: Cannot use a test's transaction: it cannot .* test this on testPool\(\)$/,
        );
      }
      await assert.rejects(db.query(sql`commit`), /transaction command in a transaction/);
      await assert.rejects(db.transaction(1 as never), { name: "ValidationError" });
      assert.equal(db.size, 1);
      assert.equal(db.stats().reserved, 1);
      await db.connect();
      await rollback(db, async (nested) => {
        assert.deepEqual(await Promise.all([1, 2].map((n) => nested.value(sql`select ${n}::int`))), [1, 2]);
      }, { timeout: 0 });
    });
    await assert.rejects(kept!.query(sql`select 1`), { name: "TransactionClosedError" });
    await assert.rejects(kept!.transaction(() => {}), { name: "TransactionClosedError" });
    assert.throws(() => kept!.stream(sql`select 1`), { name: "TransactionClosedError" });
    await assert.rejects(rollback({} as Pool, () => {}), /it is no pool/);
    await assert.rejects(rollback(pool, () => {}, { timeot: 1 } as never), /did you mean "timeout"/);
  },
);

testOnServer("rollback() ends with calls still waiting: they are refused", CREATE, async (pool) => {
  let waiting: Promise<unknown>[] = [];
  await rollback(pool, (db) => {
    waiting = ["a", "b", "c"].map((body) => add(db, body));
    for (const call of waiting) call.catch(() => {});
  });
  const outcomes = await Promise.allSettled(waiting);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") assert.equal(outcome.reason.name, "TransactionClosedError");
  }
  assert.equal(outcomes.at(-1)?.status, "rejected");
  assert.deepEqual(await bodies(pool), []);
});

testOnBoth("beginRollback() lasts until it is closed, and nests", CREATE, async (pool) => {
  await using outer = await beginRollback(pool);
  await add(outer, "a");
  {
    await using inner = await beginRollback(outer);
    await add(inner, "b");
    assert.deepEqual(await bodies(inner), ["a", "b"]);
  }
  assert.deepEqual(await bodies(outer), ["a"]);
  await outer.close();
  await outer.close();
  assert.deepEqual(await bodies(pool), []);
});

testOnServer("TestTransaction gives up a call whose signal aborts, waiting or running", {}, async (pool) => {
  await rollback(pool, async (db) => {
    const reason = new Error("no longer wanted");
    const abort = new AbortController();
    const running = db.query(sql`select pg_sleep(60)`, { signal: abort.signal });
    const waiting = db.query(sql`select 1`, { signal: abort.signal });
    setTimeout(() => abort.abort(reason), 20);
    await Promise.all([assert.rejects(running, reason), assert.rejects(waiting, reason)]);
    assert.equal(await db.value(sql`select 2`), 2);
  });
});

testOnServer(
  `TestTransaction keeps what succeeded and nothing else, in any order of callers (seed ${SEED})`,
  CREATE,
  async (pool) => {
    const random = randomIntegers(SEED);
    for (let round = 0; round < rounds(10, 200); round++) {
      await rollback(pool, async (db) => {
        const expected = new Set<string>();
        const act = async (
          on: Pick<Pool, "execute" | "transaction">,
          depth: number,
          name: string,
        ): Promise<void> => {
          const kind = random(4);
          if (kind === 0 || depth === 3) {
            await on.execute(sql`insert into notes (body) values (${name})`);
            expected.add(name);
          } else if (kind === 1) {
            await on.execute(sql`select 1 / 0`).catch(() => {});
            throw new Error("failed");
          } else {
            const kept = new Set(expected);
            const children: string[] = [];
            const fails = random(3) === 0;
            await on.transaction(async (tx) => {
              for (let child = 0; child < 1 + random(3); child++) {
                const childName = `${name}.${child}`;
                children.push(childName);
                const inner = random(2) === 0 ? db : tx;
                await inner.transaction((nested) => act(nested as never, depth + 1, childName)).catch(() => {
                  for (const kept of [...expected]) if (kept.startsWith(childName)) expected.delete(kept);
                });
                await new Promise((resolve) => setTimeout(resolve, random(2)));
              }
              if (fails) throw new Error("undone");
            }).catch((error) => {
              for (const body of [...expected]) {
                if (body.startsWith(`${name}.`) && !kept.has(body)) expected.delete(body);
              }
              throw error;
            });
          }
        };
        await Promise.allSettled(Array.from({ length: 6 }, (_, caller) => act(db, 0, `${caller}`)));
        assert.deepEqual(await bodies(db), [...expected].sort(), `round ${round}`);
      });
    }
  },
);
