import assert from "node:assert/strict";
import {
  ConnectionError,
  DecodeError,
  QueryTimeoutError,
  ValidationError,
} from "../../../../pool/wire/errors.ts";
import { ForeignKeyViolationError, PostgresError } from "../../../../pool/wire/postgres_error.ts";
import { openRowStream, type RowStream } from "../../../../pool/wire/stream/row_stream.ts";
import { awakeTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import { freshDatabase, needs, proxy, server } from "../../../services/client.ts";
import { assertUsable, liveSession, rejection, run } from "../session/live_session.ts";

interface Numbered {
  readonly n: number;
}

const SERIES = "select n from generate_series(1, $1::int) n";

async function collect<Row>(stream: RowStream<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of stream) rows.push(row);
  return rows;
}

for (const prepare of ["always", "never"] as const) {
  test(`openRowStream() yields every row in order (prepare: ${prepare})`, needs("primary"), async () => {
    await using live = await liveSession(server("primary").url, prepare);
    for (const [count, batchSize] of [[0, 3], [1, 1], [3, 3], [7, 3], [10_000, undefined]] as const) {
      let ends = 0;
      const onEnd = () => ends++;
      const stream = openRowStream<Numbered>(live.session, SERIES, [count], { batchSize, onEnd });
      const rows = await collect(stream);
      assert.deepEqual(rows.map((row) => row.n), Array.from({ length: count }, (_, index) => index + 1));
      assert.equal(ends, 1);
      assert.deepEqual(await stream.next(), { value: undefined, done: true });
      await assertUsable(live.session);
    }
  });

  test(
    `openRowStream() in a transaction lets other statements run between rows (prepare: ${prepare})`,
    needs("primary"),
    async () => {
      await using live = await liveSession(server("primary").url, prepare);
      const { session } = live;
      await run(session, "begin");
      const seen: unknown[] = [];
      for await (const { n } of openRowStream<Numbered>(session, SERIES, [25], { batchSize: 4 })) {
        const [{ double }] = await run(session, "select $1::int * 2 as double", [n]);
        seen.push(double);
      }
      assert.deepEqual(seen, Array.from({ length: 25 }, (_, index) => 2 * index + 2));
      assert.deepEqual(await run(session, "select name from pg_cursors where name <> ''"), []);
      await run(session, "commit");
      await assertUsable(session);
    },
  );
}

test("RowStream can be left early and closes its portal", needs("primary"), async () => {
  await using live = await liveSession(server("primary").url);
  const { session } = live;
  for (const inTransaction of [false, true]) {
    if (inTransaction) await run(session, "begin");
    let ends = 0;
    const options = { batchSize: 2, onEnd: () => ends++ };
    for await (const { n } of openRowStream<Numbered>(session, SERIES, [1_000_000], options)) {
      if (n === 3) break;
    }
    assert.equal(ends, 1);
    {
      await using stream = openRowStream<Numbered>(session, SERIES, [1_000_000], options);
      assert.deepEqual((await stream.next()).value, { n: 1 });
    }
    assert.equal(ends, 2);
    const thrown = openRowStream<Numbered>(session, SERIES, [1_000_000], options);
    await thrown.next();
    await assert.rejects(thrown.throw(new Error("mine")), /mine/);
    assert.deepEqual(await thrown.next(), { value: undefined, done: true });
    assert.equal(ends, 3);
    assert.deepEqual(await run(session, "select name from pg_cursors where name <> ''"), []);
    if (inTransaction) await run(session, "commit");
    await assertUsable(session);
  }
});

test("RowStream that is never read sends nothing", needs("primary"), async () => {
  await using live = await liveSession(server("primary").url);
  let ends = 0;
  const stream = openRowStream(live.session, SERIES, [10], { onEnd: () => ends++ });
  assert.equal(live.session.depth, 0);
  await stream.return();
  assert.equal(ends, 0);
  assert.deepEqual(await stream.next(), { value: undefined, done: true });
  await assertUsable(live.session);
});

test("RowStream.next() answers calls in order when several wait", needs("primary"), async () => {
  await using live = await liveSession(server("primary").url);
  const stream = openRowStream<Numbered>(live.session, SERIES, [5], { batchSize: 2 });
  const results = await Promise.all(Array.from({ length: 8 }, () => stream.next()));
  assert.deepEqual(results.map((result) => result.value?.n), [
    1,
    2,
    3,
    4,
    5,
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual(results.map((result) => result.done), [
    false,
    false,
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
  await assertUsable(live.session);
});

test("RowStream.return() answers calls of next() that wait", needs("primary"), async () => {
  await using live = await liveSession(server("primary").url);
  const text = "select pg_sleep(20)::text from generate_series(1, 3)";
  const stream = openRowStream(live.session, text, []);
  const waiting = stream.next();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await stream.return();
  assert.deepEqual(await waiting, { value: undefined, done: true });
  await assertUsable(live.session);
});

test("RowStream fetches one batch ahead and no more", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using live = await liveSession(database.url);
  await using other = await liveSession(database.url);
  await run(other.session, "create sequence fetched");
  const stream = openRowStream(live.session, "select nextval('fetched') from generate_series(1, 1000)", [], {
    batchSize: 10,
  });
  await stream.next();
  const assertFetched = async (count: bigint): Promise<void> => {
    const fetched = async () => (await run(other.session, "select last_value from fetched"))[0].last_value;
    while (await fetched() as bigint < count) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(await fetched(), count);
  };
  await assertFetched(20n);
  for (let taken = 1; taken < 11; taken++) await stream.next();
  await assertFetched(30n);
  await stream.return();
  await assertUsable(live.session);
});

test("RowStream rejects once with the server's error, then is done", needs("primary"), async () => {
  await using live = await liveSession(server("primary").url);
  const { session } = live;
  for (const inTransaction of [false, true]) {
    if (inTransaction) await run(session, "begin");
    const seen: number[] = [];
    const text = "select n, 100 / (20 - n) as q from generate_series(1, 40) n";
    const stream = openRowStream<Numbered>(session, text, [], { batchSize: 5 });
    await assert.rejects(
      async () => {
        for await (const { n } of stream) seen.push(n);
      },
      (error) => error instanceof PostgresError && error.sqlState === "22012",
    );
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].slice(0, seen.length));
    assert.ok(seen.length >= 5);
    assert.deepEqual(await stream.next(), { value: undefined, done: true });
    if (inTransaction) await run(session, "rollback");
    await assertUsable(session);
  }
});

test(
  "RowStream refuses bad values, wrong statements and twin columns before anything runs",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    const { session } = live;
    await assert.rejects(collect(openRowStream(session, SERIES, ["many"])), ValidationError);
    await assert.rejects(collect(openRowStream(session, SERIES, [])), ValidationError);
    await assert.rejects(collect(openRowStream(session, "select 1 as a, 2 as a", [])), ValidationError);
    await assert.rejects(collect(openRowStream(session, "selekt 1", [])), PostgresError);
    await assert.rejects(collect(openRowStream(session, "copy (select 1) to stdout", [])), ValidationError);
    await assert.rejects(collect(openRowStream(session, "copy t from stdin", [])), ValidationError);
    assert.throws(() => openRowStream(session, SERIES, [1], { batchSize: 0 }), ValidationError);
    await assertUsable(session);
  },
);

test(
  "RowStream rejects with DecodeError for a value that cannot be represented",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    const { registry } = live.session.shared;
    const codec = registry.get(23)!;
    const decode = codec.decode;
    Object.assign(codec, {
      decode() {
        throw new DecodeError("int4", "not today");
      },
    });
    await assert.rejects(collect(openRowStream(live.session, "select array[1, 2] as a", [])), DecodeError);
    Object.assign(codec, { decode });
    await assertUsable(live.session);
  },
);

test("RowStream reports that what its statement wrote was not committed", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using live = await liveSession(database.url);
  const { session } = live;
  await run(session, "create table parent (id int primary key)");
  await run(session, "create table child (id int references parent deferrable initially deferred)");
  const text = "insert into child select n from generate_series(1, 10) n returning id";
  await assert.rejects(collect(openRowStream(session, text, [])), ForeignKeyViolationError);
  const stream = openRowStream(session, text, [], { batchSize: 3 });
  await stream.next();
  await assert.rejects(stream.return(), ForeignKeyViolationError);
  assert.deepEqual(await run(session, "select * from child"), []);
  await assertUsable(session);
});

test(
  "RowStream survives a change of its table's columns since the statement was prepared",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using live = await liveSession(database.url);
    await using other = await liveSession(database.url);
    await run(other.session, "create table t as select 1 as a");
    assert.deepEqual(await collect(openRowStream(live.session, "select * from t", [])), [{ a: 1 }]);
    await run(other.session, "alter table t add b text default 'x'");
    assert.deepEqual(await collect(openRowStream(live.session, "select * from t", [])), [{ a: 1, b: "x" }]);
    await run(live.session, "deallocate all");
    assert.deepEqual(await collect(openRowStream(live.session, "select * from t", [])), [{ a: 1, b: "x" }]);
    await assertUsable(live.session);
  },
);

test(
  "RowStream rejects with the signal's reason while it waits, and cancels on the server",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    const { session } = live;
    for (const inTransaction of [false, true]) {
      if (inTransaction) await run(session, "begin");
      const abort = new AbortController();
      let ends = 0;
      const text =
        "select n, pg_sleep(case when n > 3 then 30 else 0 end)::text as s from generate_series(1, 9) n";
      const stream = openRowStream<Numbered>(session, text, [], {
        batchSize: 3,
        signal: abort.signal,
        onEnd: () => ends++,
      });
      for (let taken = 0; taken < 3; taken++) await stream.next();
      const waiting = stream.next();
      const reason = new Error("enough");
      setTimeout(() => abort.abort(reason), 50);
      assert.equal(await rejection(waiting), reason);
      assert.deepEqual(await stream.next(), { value: undefined, done: true });
      if (inTransaction) await run(session, "rollback");
      await assertUsable(session);
      assert.equal(ends, 1);
    }
  },
);

test(
  "RowStream rejects with the signal's reason between rows, without a cancel request",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    const abort = new AbortController();
    const stream = openRowStream<Numbered>(live.session, SERIES, [100], {
      batchSize: 5,
      signal: abort.signal,
    });
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const reason = new Error("enough");
    abort.abort(reason);
    assert.equal(live.session.cancelling, false);
    assert.equal(await rejection(stream.next()), reason);
    await stream.return();
    await assertUsable(live.session);
    const early = openRowStream<Numbered>(live.session, SERIES, [100], { signal: abort.signal });
    assert.equal(await rejection(early.next()), reason);
    await assertUsable(live.session);
  },
);

test(
  "RowStream rejects with QueryTimeoutError when a batch takes too long, not when its reader does",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    const { session } = live;
    const stream = openRowStream<Numbered>(session, SERIES, [12], { batchSize: 4, timeout: 600 });
    let taken = 0;
    for await (const _ of stream) {
      if (taken++ % 4 === 1) await new Promise((resolve) => setTimeout(resolve, 750));
    }
    assert.equal(taken, 12);
    const slow = openRowStream(session, "select pg_sleep(20)::text", [], { timeout: 150 });
    assert.ok(await rejection(slow.next()) instanceof QueryTimeoutError);
    await assertUsable(session);
    await run(session, "begin");
    const inside = openRowStream(session, "select pg_sleep(20)::text", [], { timeout: 150 });
    assert.ok(await rejection(inside.next()) instanceof QueryTimeoutError);
    await run(session, "rollback");
    await assertUsable(session);
  },
);

test(
  "RowStream gets its session when it is first read, and may be closed while it waits",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    let asked = 0;
    const source = () => {
      asked++;
      return Promise.resolve(live.session);
    };
    const stream = openRowStream<Numbered>(source, SERIES, [2]);
    assert.equal(asked, 0);
    assert.deepEqual(await collect(stream), [{ n: 1 }, { n: 2 }]);
    assert.equal(asked, 1);
    const never = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const waiting = openRowStream<Numbered>(never, SERIES, [2]);
    const first = waiting.next();
    await waiting.return();
    assert.deepEqual(await first, { value: undefined, done: true });
    const problem = new Error("no session");
    const failing = openRowStream<Numbered>(() => Promise.reject(problem), SERIES, [2]);
    assert.equal(await rejection(failing.next()), problem);
    assert.deepEqual(await failing.next(), { value: undefined, done: true });
  },
);

for (const stage of ["before the first row", "in a batch", "between batches", "at the end"] as const) {
  test(
    `RowStream rejects within a second when the connection is cut ${stage}`,
    needs("primary"),
    async () => {
      await using faulty = await proxy("primary");
      await using live = await liveSession(faulty.url(server("primary").url));
      const { session } = live;
      const text = stage === "before the first row"
        ? "select pg_sleep(20)::text"
        : stage === "between batches"
        ? "select n, pg_sleep(case when n > 10 then 20 else 0 end)::text as s from generate_series(1, 30) n"
        : "select n, repeat('x', 1000) as s from generate_series(1, 100000) n";
      let ends = 0;
      const stream = openRowStream(session, text, [], { batchSize: 10, onEnd: () => ends++ });
      if (stage === "before the first row") {
        setTimeout(() => void faulty.cut(), 100);
        assert.ok(await rejection(stream.next()) instanceof ConnectionError);
      } else if (stage === "between batches") {
        for (let taken = 0; taken < 10; taken++) await stream.next();
        await faulty.cut();
        assert.ok(await rejection(stream.next()) instanceof ConnectionError);
      } else if (stage === "in a batch") {
        await stream.next();
        setTimeout(() => void faulty.cut(), 50);
        assert.ok(await rejection(collect(stream), 2_000) instanceof ConnectionError);
      } else {
        await stream.next();
        await faulty.cut();
        await session.closed;
        const start = awakeTime();
        await stream.return();
        assert.ok(awakeTime() - start < 1_000);
      }
      assert.deepEqual(await stream.next(), { value: undefined, done: true });
      assert.equal(ends, 1);
      assert.equal(session.state, "closed");
    },
  );
}

test("RowStream adapts its batches to the rows' size", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using live = await liveSession(database.url);
  await using other = await liveSession(database.url);
  await run(other.session, "create sequence fetched");
  const ahead = async (size: number, rows: number): Promise<number> => {
    await run(other.session, "select setval('fetched', 1, false)");
    const text = "select nextval('fetched') as n, repeat('x', $1::int) as s from generate_series(1, 30000)";
    const stream = openRowStream(live.session, text, [size]);
    for (let taken = 0; taken < rows; taken++) await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const [{ n }] = await run(other.session, "select last_value as n from fetched");
    await stream.return();
    return Number(n) - rows;
  };
  assert.ok(await ahead(100_000, 100) <= 4);
  const small = await ahead(10, 15_000);
  assert.ok(small > 2_000 && small <= 16_384, `it is ${small} rows ahead`);
  await assertUsable(live.session);
});

test(
  "RowStream frees its session when the last batch has come, although it is still to be read",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    let ends = 0;
    const stream = openRowStream<Numbered>(live.session, SERIES, [5], { onEnd: () => ends++ });
    const rows = [(await stream.next()).value];
    await assertUsable(live.session);
    assert.equal(ends, 1);
    for await (const row of stream) rows.push(row);
    assert.deepEqual(rows.map((row) => row?.n), [1, 2, 3, 4, 5]);
    assert.equal(ends, 1);
  },
);

test(
  "RowStream.return() gives a slow batch up by the signal and by the timeout",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    const { session } = live;
    const text =
      "select n, pg_sleep(case when n > 3 then 30 else 0 end)::text as s from generate_series(1, 9) n";
    for (const inTransaction of [false, true]) {
      for (const by of ["signal", "timeout"]) {
        if (inTransaction) await run(session, "begin");
        const options = by === "signal" ? { signal: AbortSignal.timeout(200) } : { timeout: 200 };
        const stream = openRowStream(session, text, [], { batchSize: 3, ...options });
        await stream.next();
        const start = awakeTime();
        assert.deepEqual(await stream.return(), { value: undefined, done: true });
        assert.ok(awakeTime() - start < 1_000);
        if (inTransaction) await run(session, "rollback");
        await assertUsable(session);
      }
    }
  },
);
