import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Exchange } from "../../../../pool/wire/session/exchange.ts";
import { ConnectionError, DecodeError, ValidationError } from "../../../../pool/wire/errors.ts";
import { PostgresError } from "../../../../pool/wire/postgres_error.ts";
import type { Session } from "../../../../pool/wire/session/session.ts";
import type { SessionListener } from "../../../../pool/wire/session/session_options.ts";
import { awakeTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import { needs, server } from "../../../services/client.ts";
import { knowledge, rowsOf, submit } from "./fake_backend.ts";
import { connectTo, countWrites, freshSchema, writesOf } from "./server_session.ts";

/** Whether an error is the server's, with this SQLSTATE. */
const postgres = (sqlState: string) => (error: unknown): true => {
  assert.ok(error instanceof PostgresError, String(error));
  assert.equal(error.sqlState, sqlState, String(error));
  return true;
};

/** The types of the messages in one write. */
function messageTypes(bytes: Uint8Array): string[] {
  const types: string[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let offset = 0; offset < bytes.length; offset += 1 + view.getInt32(offset + 1)) {
    types.push(String.fromCharCode(bytes[offset]));
  }
  return types;
}

/** The names of the statements that the server holds for a session. */
async function prepared(session: Session): Promise<string[]> {
  const rows = await rowsOf(
    session,
    "select statement as text from pg_prepared_statements order by prepare_time",
  );
  return rows.map((row) => String(row.text));
}

for (const name of ["primary", "pg15"] as const) {
  /** A test with a session with an empty schema of its own. */
  const onServer = (
    title: string,
    body: (session: Session, url: string) => Promise<void>,
    options: { timeout?: number; prepare?: "always" | "never"; statementCacheSize?: number } = {},
  ): void => {
    test(`${title} (${name})`, { ...needs(name), timeout: options.timeout ?? 15_000 }, async () => {
      await using schema = await freshSchema(name);
      const { prepare = "always", statementCacheSize = 100 } = options;
      await using connected = await connectTo(schema.url, {
        shared: knowledge({ prepare, statementCacheSize }),
      });
      await body(connected.session, schema.url);
    });
  };

  // --- results -------------------------------------------------------------------------------------------------------

  onServer("QueryExchange returns rows, tags and nulls", async (session) => {
    await rowsOf(session, "create table t(id int primary key, name text)");
    const insert = await submit(session, "insert into t values ($1, $2), ($3, $4)", [1, "one", 2, null])
      .promise;
    assert.equal(insert.tag, "INSERT 0 2");
    assert.deepEqual(insert.rows, []);
    assert.deepEqual(await rowsOf(session, "select * from t order by id"), [
      { id: 1, name: "one" },
      { id: 2, name: null },
    ]);
    assert.equal((await submit(session, "update t set name = $1", ["x"]).promise).tag, "UPDATE 2");
  });

  onServer("QueryExchange takes empty statements, no columns, no rows and many columns", async (session) => {
    for (const text of ["", " ", "-- nothing", ";"]) {
      const result = await submit(session, text).promise;
      assert.deepEqual([result.rows, result.tag], [[], ""]);
    }
    assert.deepEqual(await rowsOf(session, "select from generate_series(1, 3)"), [{}, {}, {}]);
    assert.deepEqual(await rowsOf(session, "select 1 as n where false"), []);
    const columns = Array.from({ length: 1_600 }, (_, index) => `${index}::int as c${index}`).join();
    const [wide] = await rowsOf(session, `select ${columns}`);
    assert.equal(Object.keys(wide).length, 1_600);
    assert.equal(wide.c1599, 1_599);
  });

  onServer(
    "QueryExchange keeps columns with odd names and refuses two of one name before anything runs",
    async (session) => {
      const [row] = await rowsOf(
        session,
        `select 1 as "__proto__", 2 as "constructor", 3 as "a""b\\", 4 as "ünï", 5 as "?column?"`,
      );
      assert.deepEqual(Object.keys(row), ["__proto__", "constructor", 'a"b\\', "ünï", "?column?"]);
      assert.equal(Object.getPrototypeOf(row), Object.prototype);
      assert.equal(Object.getOwnPropertyDescriptor(row, "__proto__")!.value, 1);
      await rowsOf(session, "create table t(id int)");
      await assert.rejects(
        rowsOf(session, "insert into t values (1) returning id, id"),
        (error: unknown) => error instanceof ValidationError && /two are named "id"/.test(error.message),
      );
      assert.deepEqual(await rowsOf(session, "select count(*)::int as n from t"), [{ n: 0 }]);
    },
  );

  onServer("QueryExchange carries large rows and parameters", async (session) => {
    const text = "ä".repeat(4_000_000);
    const [row] = await rowsOf(session, "select $1::text as v, length($1::text) as n", [text]);
    assert.equal(row.n, 4_000_000);
    assert.equal(row.v === text, true);
    const bytes = new Uint8Array(8_000_000).fill(7);
    const [back] = await rowsOf(session, "select $1::bytea as v", [bytes]);
    assert.equal((back.v as Uint8Array).length, bytes.length);
  });

  onServer(
    "QueryExchange refuses a message beyond the limit, and only then the connection is lost",
    async (_, url) => {
      await using connected = await connectTo(url, { maxMessageSize: 100_000 });
      const { session } = connected;
      assert.equal((await rowsOf(session, "select repeat('x', 90000) as v"))[0].v, "x".repeat(90_000));
      await assert.rejects(rowsOf(session, "select repeat('x', 110000) as v"), (error: unknown) => {
        assert.ok(error instanceof ConnectionError);
        assert.match(error.message, /DataRow.*limit of 100000.*maxMessageSize/);
        return true;
      });
      assert.equal(session.state, "closed");
    },
  );

  // --- parameters ----------------------------------------------------------------------------------------------------

  onServer("QueryExchange refuses values that cannot be sent and stays usable", async (session) => {
    await rowsOf(session, "create table t(id int, v text)");
    const insert = "insert into t values ($1, $2)";
    const refused: readonly (readonly [values: unknown[], message: RegExp])[] = [
      [[1], /1 were given, its text has 2 placeholders/],
      [[1, "a", 3], /3 were given/],
      [[1, undefined], /parameter \$2 of type text: .*null/],
      [["secret-text", "a"], /parameter \$1 of type int4/],
      [[2 ** 31, "a"], /parameter \$1 of type int4/],
      [[1.5, "a"], /parameter \$1 of type int4/],
      [[1, "a\0b"], /parameter \$2 of type text: .*(NUL|\\0|zero)/i],
      [[1, { secret: 1 }], /parameter \$2 of type text/],
      [[Symbol("s"), "a"], /parameter \$1 of type int4/],
    ];
    for (const round of ["unprepared", "prepared"]) {
      for (const [values, message] of refused) {
        let error: unknown;
        const writes = await writesOf(async () => {
          error = await submit(session, insert, values).promise.catch((problem) => problem);
        });
        assert.ok(error instanceof ValidationError, `${round}: ${error}`);
        assert.match(error.message, message);
        assert.doesNotMatch(inspect(error), /secret/);
        // Its statement may be described again, in case the table has changed meanwhile.
        assert.ok(!writes.flatMap(messageTypes).includes("B"), `${round}: it was sent`);
      }
      assert.equal((await submit(session, insert, [1, "fine"]).promise).tag, "INSERT 0 1");
    }
    assert.deepEqual(await rowsOf(session, "select count(*)::int as n from t"), [{ n: 2 }]);
    assert.equal(session.state, "ready");
  });

  onServer("QueryExchange refuses one value and sends its neighbours of the same tick", async (session) => {
    const results = await Promise.allSettled(
      [1, "x", 3, undefined, 5].map((value) => rowsOf(session, "select $1::int as n", [value])),
    );
    assert.deepEqual(results.map((one) => one.status === "fulfilled" ? one.value[0].n : "refused"), [
      1,
      "refused",
      3,
      "refused",
      5,
    ]);
  });

  onServer("QueryExchange survives a text with more placeholders than can be told", async (session) => {
    const placeholders = Array.from({ length: 65_537 }, (_, index) => `($${index + 1}::int)`).join();
    await assert.rejects(
      rowsOf(session, `select sum(v) as n from (values ${placeholders}) as t(v)`, [1]),
      /1 were given, its text has 65537 placeholders/,
    );
    await assert.rejects(rowsOf(session, "select $2::int", [1]), /42P18|1 were given/);
    assert.deepEqual(await rowsOf(session, "select 1 as n"), [{ n: 1 }]);
  });

  onServer("QueryExchange refuses NUL in a text, several commands, and COPY with data", async (session) => {
    await assert.rejects(rowsOf(session, "select 1\0; drop table t"), ValidationError);
    await assert.rejects(rowsOf(session, "select 1; select 2"), postgres("42601"));
    await rowsOf(session, "create table t(id int)");
    for (const text of ["copy t from stdin", " COPY t (id)\n to STDOUT"]) {
      await assert.rejects(rowsOf(session, text), (error: unknown) => {
        assert.ok(error instanceof ValidationError);
        assert.match(error.message, /copyFrom\(\) or copyTo\(\)/);
        return true;
      });
    }
    assert.equal(session.state, "ready");
    // Hidden behind a comment it costs the connection, but nothing hangs.
    await assert.rejects(rowsOf(session, "/* hidden */ copy t from stdin"), /copyFrom\(\)/);
    assert.equal(session.state, "closed");
  });

  onServer("QueryExchange keeps what a value's own toJSON() does out of its message", async (session) => {
    const inner: Promise<unknown>[] = [];
    const value = {
      toJSON: () => {
        inner.push(rowsOf(session, "select 2 as n"));
        return { a: 1 };
      },
    };
    await rowsOf(session, "select $1::jsonb as v", [0]);
    const outer = await Promise.all([1, 2].map(() => rowsOf(session, "select $1::jsonb as v", [value])));
    assert.deepEqual(outer, [[{ v: { a: 1 } }], [{ v: { a: 1 } }]]);
    assert.ok(inner.length >= 2);
    for (const rows of await Promise.all(inner)) assert.deepEqual(rows, [{ n: 2 }]);
    const circular: Record<string, unknown> = { canary: "canary" };
    circular.self = circular;
    const throwing = {
      toJSON: () => {
        throw new Error("the user's own");
      },
    };
    for (const bad of [circular, { big: 1n }, throwing]) {
      await assert.rejects(rowsOf(session, "select $1::jsonb as v", [bad]));
      assert.deepEqual(await rowsOf(session, "select 1 as n"), [{ n: 1 }]);
    }
  });

  onServer(
    "Session learns types it does not know, in the midst of a pipeline and in a transaction",
    async (session, url) => {
      await rowsOf(session, "create type mood as enum ('sad', 'ok')");
      await rowsOf(session, "create domain small as int check (value < 10)");
      await rowsOf(session, "create type pair as (a int, m mood)");
      const read = (from: Session, mood: string): Promise<Record<string, unknown>[]> =>
        rowsOf(from, "select $1::mood as m, array[$1::mood] as ms, 3::small as s, row(1, $1)::pair as p", [
          mood,
        ]);
      const expected = (m: string): unknown => [{ m, ms: [m], s: 3, p: { a: 1, m } }];
      for (const prepare of ["always", "never"] as const) {
        await using fresh = await connectTo(url, { shared: knowledge({ prepare }) });
        const results = await Promise.allSettled([
          rowsOf(fresh.session, "select 1 as n"),
          ...["sad", "ok", "canary"].map((mood) => read(fresh.session, mood)),
          rowsOf(fresh.session, "select 2 as n", [], { readOnly: true }),
        ]);
        assert.deepEqual(results.map((one) => one.status === "fulfilled" ? one.value : one.reason.sqlState), [
          [{ n: 1 }],
          expected("sad"),
          expected("ok"),
          "22P02",
          [{ n: 2 }],
        ]);
        await using another = await connectTo(url, { shared: knowledge({ prepare, planCacheSize: 1 }) });
        await rowsOf(another.session, "begin");
        assert.deepEqual(await read(another.session, "ok"), expected("ok"));
        assert.equal(another.session.transactionStatus, "T");
        await rowsOf(another.session, "rollback");
      }
    },
  );

  // --- statements ----------------------------------------------------------------------------------------------------

  onServer("Session prepares a text once and holds no more statements than it may", async (session) => {
    for (let round = 0; round < 3; round++) await rowsOf(session, "select 1 as once");
    assert.equal((await prepared(session)).filter((text) => text.includes("once")).length, 1);
    for (let index = 0; index < 20; index++) {
      await rowsOf(session, `select ${index} as n`);
      await rowsOf(session, "select 1 as often");
    }
    const texts = await prepared(session);
    assert.ok(texts.length <= 6, `${texts.length} are held`);
    assert.ok(texts.includes("select 1 as often"), "the most used one went");
    assert.ok(texts.includes("select 19 as n"));
    assert.ok(session.statements.size <= 5);
  }, { statementCacheSize: 5 });

  onServer("Session prepares many texts at once beyond its limit", async (session) => {
    const texts = Array.from({ length: 60 }, (_, index) => `select ${index % 30} as n`);
    const rows = await Promise.all(texts.map((text) => rowsOf(session, text)));
    assert.deepEqual(rows, texts.map((_, index) => [{ n: index % 30 }]));
    assert.ok((await prepared(session)).length <= 6);
  }, { statementCacheSize: 5 });

  onServer("Session keeps no statement by name when told so", async (session) => {
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(await rowsOf(session, "select $1::int as n", [round]), [{ n: round }]);
    }
    const reads = await Promise.allSettled([
      rowsOf(session, "select $1::int as n", [1], { readOnly: true }),
      rowsOf(session, "select 1 / $1::int as n", [0], { readOnly: true }),
      rowsOf(session, "select $1::int as n", [3], { readOnly: true }),
    ]);
    assert.deepEqual(reads.map((one) => one.status), ["fulfilled", "rejected", "fulfilled"]);
    assert.deepEqual((await prepared(session)).filter((text) => text !== ""), []);
  }, { prepare: "never" });

  onServer(
    "Session prepares a changed or lost statement again outside a transaction",
    async (session, url) => {
      await using other = await connectTo(url);
      const ddl = (text: string): Promise<unknown> => rowsOf(other.session, text);
      await ddl("create table t(id int, v text)");
      await ddl("insert into t values (1, '7')");
      const read = (): Promise<Record<string, unknown>[]> => rowsOf(session, "select * from t");
      assert.deepEqual(await read(), [{ id: 1, v: "7" }]);
      await ddl("alter table t add column extra int default 9");
      assert.deepEqual(await read(), [{ id: 1, v: "7", extra: 9 }]);
      await ddl("alter table t alter column v type int using v::int");
      assert.deepEqual(await read(), [{ id: 1, v: 7, extra: 9 }]);
      await ddl("alter table t drop column extra");
      assert.deepEqual(await read(), [{ id: 1, v: 7 }]);
      await rowsOf(session, "deallocate all");
      assert.deepEqual(await read(), [{ id: 1, v: 7 }]);
      await rowsOf(session, "discard all");
      assert.deepEqual(
        await Promise.all([read(), read(), read()]),
        Array.from({ length: 3 }, () => [{ id: 1, v: 7 }]),
      );
      assert.deepEqual(await rowsOf(session, "insert into t values ($1, $2) returning v", [2, 8]), [{
        v: 8,
      }]);
      await ddl("alter table t alter column v type text using 'text ' || v");
      // Types just learned are not doubted for a moment.
      await new Promise((resolve) => setTimeout(resolve, 120));
      assert.deepEqual(await rowsOf(session, "insert into t values ($1, $2) returning v", [3, "x"]), [{
        v: "x",
      }]);
    },
  );

  onServer(
    "Session reports a changed or lost statement inside a transaction and recovers after it",
    async (session, url) => {
      await using other = await connectTo(url);
      await rowsOf(other.session, "create table t(id int)");
      const read = (): Promise<Record<string, unknown>[]> => rowsOf(session, "select * from t");
      await read();
      await rowsOf(session, "begin");
      await rowsOf(other.session, "alter table t add column extra int");
      await assert.rejects(read(), postgres("0A000"));
      assert.equal(session.transactionStatus, "E");
      await assert.rejects(rowsOf(session, "select 1"), postgres("25P02"));
      await rowsOf(session, "rollback");
      assert.deepEqual(await read(), []);
      await rowsOf(session, "begin");
      await rowsOf(session, "deallocate all");
      await assert.rejects(read(), postgres("26000"));
      await rowsOf(session, "rollback");
      assert.deepEqual(await read(), []);
      assert.equal(session.transactionStatus, "I");
    },
  );

  onServer(
    "Session reads rows by the columns of now where another connection learned the old ones",
    async (first, url) => {
      const { shared } = first;
      await rowsOf(first, "create table t(id int, v int)");
      await rowsOf(first, "insert into t values (1, 65)");
      const read = (session: Session): Promise<Record<string, unknown>[]> =>
        rowsOf(session, "select * from t");
      const write = (session: Session): Promise<Record<string, unknown>[]> =>
        rowsOf(session, "insert into t(id) values (2) returning *");
      await read(first);
      await write(first);
      const changes: readonly (readonly [ddl: string, row: unknown])[] = [
        ["alter table t alter column v type text using v::text", { id: 1, v: "65" }],
        ["alter table t alter column v type float8 using v::float8", { id: 1, v: 65 }],
        [
          `do $$ begin
            create type mood as enum ('65');
            alter table t alter column v type mood using v::int::text::mood;
          end $$`,
          { id: 1, v: "65" },
        ],
        ["alter table t rename column v to w", { id: 1, w: "65" }],
        ["alter table t add column x int", { id: 1, w: "65", x: null }],
        ["alter table t drop column w", { id: 1, x: null }],
        ["alter table t drop column x", { id: 1 }],
        ["alter table t add column v int", { id: 1, v: null }],
      ];
      for (const [ddl, row] of changes) {
        await using other = await connectTo(url, { shared });
        await rowsOf(first, ddl);
        await using fresh = await connectTo(url, { shared });
        assert.equal((await write(fresh.session)).length, 1, ddl);
        assert.deepEqual((await read(other.session))[0], row, ddl);
        assert.deepEqual((await read(first))[0], row, ddl);
      }
      const [{ n }] = await rowsOf(first, "select count(*)::int as n from t where id = 2");
      assert.equal(n, 1 + changes.length, "a write was repeated");
    },
  );

  onServer("Session looks at the types again before it refuses a value for good", async (session, url) => {
    await rowsOf(session, "create table t(id int)");
    const insert = (value: unknown): Promise<unknown> =>
      rowsOf(session, "insert into t values ($1)", [value]);
    await insert(1);
    await using other = await connectTo(url);
    await rowsOf(other.session, "alter table t alter column id type bigint");
    const plan = session.shared.plans.get("insert into t values ($1)")!;
    Object.defineProperty(plan, "learned", { value: -10_000 });
    await insert(2 ** 40);
    await assert.rejects(insert("x"), /parameter \$1 of type int8/);
    assert.deepEqual(await rowsOf(other.session, "select max(id) as n from t"), [{ n: BigInt(2 ** 40) }]);
  });

  // --- pipelines -----------------------------------------------------------------------------------------------------

  onServer("Session sends the requests of one tick in one write", async (session) => {
    await rowsOf(session, "select $1::int as n", [0]);
    for (const readOnly of [false, true]) {
      const writes = await countWrites(async () => {
        const rows = await Promise.all(
          Array.from({ length: 100 }, (_, n) => rowsOf(session, "select $1::int as n", [n], { readOnly })),
        );
        assert.deepEqual(rows, Array.from({ length: 100 }, (_, n) => [{ n }]));
      });
      assert.equal(writes, 1);
    }
    const deeper = await countWrites(async () => {
      await Promise.all(Array.from({ length: 50 }, async (_, n) => {
        for (let hop = 0; hop < n % 4; hop++) await Promise.resolve();
        await rowsOf(session, "select $1::int as n", [n]);
      }));
    });
    assert.equal(deeper, 1, "what follows within a few microtasks belongs to the same tick");
  });

  for (const readOnly of [false, true]) {
    const kind = readOnly ? "reads that share a Sync" : "statements";
    onServer(
      `Session gives an error at any place of a pipeline of 100 ${kind} to its caller only`,
      async (session) => {
        const divide = "select 100 / $1::int as n, $2::int as tag";
        await rowsOf(session, divide, [1, 0]);
        for (let place = 0; place < 100; place++) {
          const results = await Promise.allSettled(
            Array.from(
              { length: 100 },
              (_, tag) => rowsOf(session, divide, [tag === place ? 0 : 1, tag], { readOnly }),
            ),
          );
          for (const [tag, one] of results.entries()) {
            if (tag === place) {
              assert.equal(one.status, "rejected");
              postgres("22012")((one as PromiseRejectedResult).reason);
            } else assert.deepEqual(one, { status: "fulfilled", value: [{ n: 100, tag }] });
          }
        }
        assert.equal(session.depth, 0);
        assert.equal(session.expected, 0);
      },
    );
  }

  onServer(
    "Session sends skipped reads once more, not once for each failure before them",
    async (session) => {
      const divide = "select 100 / $1::int as n";
      await rowsOf(session, divide, [1]);
      const queries = Array.from(
        { length: 500 },
        (_, index) => submit(session, divide, [index % 2], { readOnly: true }),
      );
      const results = await Promise.allSettled(queries.map((query) => query.promise));
      for (const [index, one] of results.entries()) {
        assert.equal(one.status, index % 2 ? "fulfilled" : "rejected");
      }
      assert.ok(queries.every((query) => query.attempts <= 1));
    },
  );

  onServer(
    "Session runs what is behind many errors of many kinds, each in its own transaction",
    async (session) => {
      await rowsOf(session, "create table t(id int primary key deferrable initially deferred)");
      const outcomes = await Promise.allSettled([
        rowsOf(session, "insert into t values (1)"),
        rowsOf(session, "insert into t values (1), (1)"),
        rowsOf(session, "select nonsense"),
        rowsOf(session, "insert into t values ($1)", [2]),
        rowsOf(session, "select 1 / 0"),
        rowsOf(session, "select 1 as n", [], { readOnly: true }),
        rowsOf(session, "select 1 / 0 as n", [], { readOnly: true }),
        rowsOf(session, "select 2 as n", [], { readOnly: true }),
        rowsOf(session, "insert into t values ($1)", [3]),
      ]);
      const states = outcomes.map((one) =>
        one.status === "fulfilled" ? "ok" : (one.reason as PostgresError).sqlState
      );
      assert.deepEqual(states, ["ok", "23505", "42703", "ok", "22012", "ok", "22012", "ok", "ok"]);
      assert.deepEqual(await rowsOf(session, "select id from t order by id"), [{ id: 1 }, { id: 2 }, {
        id: 3,
      }]);
    },
  );

  onServer(
    "Session prepares shared reads in a group again when the one before them fails",
    async (session, url) => {
      // Another connection has learned the texts, so that here Parse goes out with the rest and is skipped with it.
      await using other = await connectTo(url, { shared: session.shared });
      const texts = ["select 1 / $1::int as n", "select $1::int + 1 as n", "select $1::int + 2 as n"];
      for (const text of texts) await rowsOf(other.session, text, [1]);
      const results = await Promise.allSettled(
        texts.flatMap((text) => [0, 1].map((value) => rowsOf(session, text, [value], { readOnly: true }))),
      );
      assert.deepEqual(results.map((one) => one.status === "fulfilled" ? one.value[0].n : "failed"), [
        "failed",
        1,
        1,
        2,
        2,
        3,
      ]);
    },
  );

  onServer("Session moves 32 MB both ways at once without a deadlock", async (session) => {
    const value = "x".repeat(1_000_000);
    const rows = await Promise.all(
      Array.from(
        { length: 32 },
        (_, tag) => rowsOf(session, "select $1::text as v, $2::int as tag", [value, tag]),
      ),
    );
    for (const [tag, [row]] of rows.entries()) {
      assert.equal(row.tag, tag);
      assert.equal((row.v as string).length, 1_000_000);
    }
  });

  // --- asides, deadlines, cancels ------------------------------------------------------------------------------------

  onServer("Session tells of notices, settings and notifications", async (session) => {
    const told: string[] = [];
    session.listener = {
      progress() {},
      closed() {},
      notice: (fields) => told.push(`notice ${fields.get("M")}`),
      notification: ({ channel, payload }) => told.push(`notification ${channel} ${payload}`),
      parameter: (setting, value) => told.push(`${setting} ${value}`),
    };
    await rowsOf(session, "do $$ begin raise notice 'hello'; end $$");
    await rowsOf(session, "set application_name = 'other'");
    await rowsOf(session, 'listen "a channel"');
    await rowsOf(session, `select pg_notify('a channel', 'a payload')`);
    assert.deepEqual(told, ["notice hello", "application_name other", "notification a channel a payload"]);
    assert.equal(session.parameters.get("application_name"), "other");
  });

  onServer("Session cancels a statement at its deadline and goes on", async (session) => {
    await rowsOf(session, "select pg_sleep(0)");
    let confirmed = 0;
    for (const timeout of [50, 150, 50, 150, 50]) {
      const start = performance.now();
      const awake = awakeTime();
      const error = await submit(session, "select pg_sleep(60)", [], { timeout }).promise.catch((problem) =>
        problem
      );
      const took = performance.now() - start;
      assert.equal(error.name, "QueryTimeoutError");
      assert.equal(error.timeout, timeout);
      if (!error.outcomeUnknown) confirmed++;
      console.log(`${name}: a deadline of ${timeout} ms was answered after ${took.toFixed()} ms`);
      assert.ok(took >= timeout - 2 && awakeTime() - awake < timeout + 100 + SLACK);
      assert.deepEqual(await rowsOf(session, "select 1 as n"), [{ n: 1 }]);
    }
    // A busy server may be late with it now and then.
    assert.ok(confirmed > 0, "the server never confirmed that it cancelled");
  });

  onServer(
    "Session settles what waits for a lock, even to be prepared, by its deadline",
    async (session, url) => {
      await using other = await connectTo(url);
      await rowsOf(other.session, "create table t(id int)");
      await rowsOf(other.session, "begin");
      await rowsOf(other.session, "lock table t in access exclusive mode");
      const start = awakeTime();
      await assert.rejects(rowsOf(session, "select * from t", [], { timeout: 100 }), {
        name: "QueryTimeoutError",
      });
      assert.ok(awakeTime() - start < 200 + SLACK);
      assert.deepEqual(await rowsOf(session, "select 1 as n", [], { timeout: 2_000 }), [{ n: 1 }]);
      await rowsOf(other.session, "rollback");
      assert.deepEqual(await rowsOf(session, "select * from t"), []);
    },
  );

  onServer(
    "Session.giveUp() hits only its own statement, over hundreds of cancels at random moments",
    async (session) => {
      const text = "select $1::int as tag, pg_sleep($2) is null as slept";
      await rowsOf(session, text, [0, 0]);
      const until = awakeTime() + 1_500;
      let tag = 0;
      let given = 0;
      let cancelled = 0;
      let answered = 0;
      const one = async (): Promise<void> => {
        while (awakeTime() < until) {
          const mine = ++tag;
          const isVictim = Math.random() < 0.4;
          const query = submit(session, text, [mine, isVictim ? 0.02 : 0.0005], {
            readOnly: Math.random() < 0.3,
          });
          if (isVictim) {
            given++;
            setTimeout(() => session.giveUp(query, () => new Error(`given up ${mine}`)), Math.random() * 30);
          }
          try {
            const { rows } = await query.promise;
            assert.deepEqual(rows, [{ tag: mine, slept: false }]);
            answered++;
          } catch (error) {
            assert.ok(isVictim, `${mine} was hit by mistake: ${error}`);
            assert.equal((error as Error).message, `given up ${mine}`);
            cancelled++;
          }
        }
      };
      await Promise.all(Array.from({ length: 8 }, one));
      console.log(`${name}: ${given} given up, ${cancelled} of them in time, ${answered} answered`);
      assert.ok(cancelled >= 20 && answered >= 20, "too few to mean anything");
      assert.equal(session.state, "ready");
      assert.deepEqual(await rowsOf(session, "select 1 as n"), [{ n: 1 }]);
      assert.equal(session.depth, 0);
    },
  );

  onServer("Session.giveUp() ends a statement that the server has hardly begun", async (session) => {
    await rowsOf(session, "select pg_sleep(0)");
    for (let round = 0; round < 20; round++) {
      const query = submit(session, "select pg_sleep(60)");
      const rejected = assert.rejects(query.promise, /given up/);
      if (round % 2 > 0) await new Promise((resolve) => setTimeout(resolve, Math.random()));
      const start = awakeTime();
      session.giveUp(query, () => new Error("given up"));
      await rejected;
      await rowsOf(session, "select 1 as n");
      assert.ok(awakeTime() - start < 2_500, "the connection was held up");
    }
  });

  onServer("Session sends nothing while its CancelRequest is on its way", async (session) => {
    await rowsOf(session, "select pg_sleep(0)");
    for (let round = 0; round < 20; round++) {
      const slow = submit(session, "select pg_sleep(60)");
      const rejected = assert.rejects(slow.promise, /enough/);
      await new Promise((resolve) => setTimeout(resolve, 3));
      session.giveUp(slow, () => new Error("enough"));
      assert.equal(session.cancelling, true);
      const next = submit(session, "select pg_sleep(0.002)");
      await Promise.resolve();
      assert.equal(next.sent, false);
      await rejected;
      await next.promise;
    }
  });

  // --- loss ----------------------------------------------------------------------------------------------------------

  onServer("Session settles everything when its process is terminated", async (session, url) => {
    await using other = await connectTo(url);
    await rowsOf(session, "select 1 as n");
    const told: (readonly Exchange[])[] = [];
    const listener: SessionListener = {
      progress() {},
      closed(_, error, unsettled) {
        told.push(unsettled);
        for (const one of unsettled) one.reject(error);
      },
    };
    session.listener = listener;
    const queries = [
      submit(session, "select pg_sleep(10)"),
      ...Array.from({ length: 200 }, () => submit(session, "select 1 as n")),
    ];
    const outcomes = Promise.allSettled(queries.map((query) => query.promise));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await rowsOf(other.session, "select pg_terminate_backend($1)", [session.processId]);
    for (const one of await outcomes) {
      const error = (one as PromiseRejectedResult).reason;
      assert.ok(error instanceof ConnectionError, String(error));
      assert.equal(error.sqlState, "57P01");
    }
    assert.equal(told.length, 1);
    assert.equal(told[0].length, 201);
    await session.closed;
  });

  onServer(
    "Session never reads a row by old types while its table changes under load",
    async (session, url) => {
      await rowsOf(session, "create table t(id int, v int)");
      await rowsOf(session, "insert into t values (1, 7)");
      const { shared } = session;
      await using second = await connectTo(url, { shared });
      await using admin = await connectTo(url, { shared: knowledge() });
      const until = awakeTime() + 1_200;
      const changes = [
        "text using v::text",
        "bigint using v::bigint",
        "float8 using v::float8",
        "int using v::int",
      ];
      const seen = new Map<string, number>();
      const surfaced: string[] = [];
      const load = async (from: Session, text: string): Promise<void> => {
        while (awakeTime() < until) {
          try {
            const rows = await rowsOf(from, text, [1], { readOnly: text.startsWith("select") });
            const value = rows[0].v;
            assert.ok(value === 7 || value === 7n || value === "7", `read as ${inspect(value)}`);
            seen.set(typeof value, (seen.get(typeof value) ?? 0) + 1);
          } catch (error) {
            if (error instanceof assert.AssertionError || error instanceof DecodeError) throw error;
            surfaced.push(String(error));
          }
        }
      };
      const alter = async (): Promise<void> => {
        for (let index = 0; awakeTime() < until; index++) {
          await rowsOf(admin.session, `alter table t alter column v type ${changes[index % 4]}`);
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
      };
      const select = "select id, v from t where id = $1";
      const update = "update t set id = id where id = $1 returning *";
      await Promise.all([
        ...[session, second.session].flatMap((
          from,
        ) => [load(from, select), load(from, select), load(from, update)]),
        alter(),
      ]);
      assert.deepEqual(surfaced, []);
      assert.ok(seen.size === 3, `only ${[...seen.keys()]} were seen`);
    },
  );

  // --- secrecy -------------------------------------------------------------------------------------------------------

  onServer("PostgresError prints no value that was given", async (session) => {
    await rowsOf(
      session,
      "create table t(id int primary key, v varchar(20) check (v <> 'canary-check'), d date, m text[])",
    );
    await rowsOf(session, "create type mood as enum ('sad')");
    await rowsOf(session, "insert into t values (4711, 'canary')");
    const cases: readonly (readonly [text: string, values: unknown[], state: string])[] = [
      ["insert into t values ($1, $2)", [4711, "canary-unique"], "23505"],
      ["insert into t values ($1, $2)", [1, "canary-check"], "23514"],
      ["insert into t values ($1, $2)", [2, "canary-that-is-much-too-long"], "22001"],
      ["select $1::text::int", ["canary-int"], "22P02"],
      ["select $1::text::mood", ["canary-mood"], "22P02"],
      ["select $1::text::date", ["canary-date"], "22007"],
      ["select ($1::text[])[1]::int", [["canary-array"]], "22P02"],
      ["select $1::text::json", ['{"canary-json'], "22P02"],
      ["select $1::text::uuid", ["canary-uuid"], "22P02"],
    ];
    for (const [text, values, state] of cases) {
      const error: PostgresError = await rowsOf(session, text, values).then(
        () => assert.fail(text),
        (problem) => problem,
      );
      postgres(state)(error);
      assert.equal(error.query, text);
      for (
        const printed of [
          error.message,
          error.stack!,
          String(error),
          JSON.stringify(error),
          inspect(error, { depth: 9, showHidden: true, getters: false }),
        ]
      ) {
        assert.doesNotMatch(printed, /canary/, text);
      }
    }
    const error = await rowsOf(session, "insert into t values ($1, $2)", [4711, "canary-unique"]).catch((
      problem,
    ) => problem);
    assert.deepEqual([error.table, error.constraint, error.name], ["t", "t_pkey", "UniqueViolationError"]);
    assert.match(error.detail, /4711/, "who asks for it still gets it");
  });
}

/** Slack for a loaded machine, in milliseconds. */
const SLACK = 1_500;

test(
  "Session without names works behind a pooler that hands out connections per transaction",
  needs("pgbouncer"),
  async () => {
    const { url } = server("pgbouncer");
    const shared = knowledge({ prepare: "never" });
    await using first = await connectTo(url, { shared, sslmode: "disable" });
    await using second = await connectTo(url, { shared, sslmode: "disable" });
    const rows = await Promise.all(
      Array.from(
        { length: 60 },
        (_, tag) =>
          rowsOf((tag % 2 ? first : second).session, "select $1::int as tag, $2::text as v", [tag, "x"], {
            readOnly: tag % 3 > 0,
          }),
      ),
    );
    assert.deepEqual(rows, Array.from({ length: 60 }, (_, tag) => [{ tag, v: "x" }]));
    await assert.rejects(rowsOf(first.session, "select 1 / $1::int", [0]), postgres("22012"));
  },
);

test(
  "Session with names never runs another session's statement behind such a pooler",
  needs("pgbouncer"),
  async () => {
    const { url } = server("pgbouncer");
    await using first = await connectTo(url, { shared: knowledge(), sslmode: "disable" });
    await using second = await connectTo(url, { shared: knowledge(), sslmode: "disable" });
    for (let round = 0; round < 30; round++) {
      const results = await Promise.allSettled([
        rowsOf(first.session, "select 'first' as who"),
        rowsOf(second.session, "select 'second' as who"),
      ]);
      for (const [index, one] of results.entries()) {
        if (one.status === "fulfilled") assert.deepEqual(one.value, [{ who: ["first", "second"][index] }]);
        else postgres("26000")(one.reason);
      }
    }
  },
);
