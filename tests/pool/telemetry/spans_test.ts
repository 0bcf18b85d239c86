/** Spans, made by a real SDK: what there is, what belongs to what, what it says and what it must never say. */
import assert from "node:assert/strict";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  type PoolOptions,
  PoolTimeoutError,
  PostgresError,
  sql,
  ValidationError,
} from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { needs, proxy, server } from "../../services/client.ts";
import { openPool, rejection, sleep, until } from "../tier/pools.ts";
import { recordSpans, SDK, spanTree } from "./recorded.ts";

/** A connected pool whose spans are kept. */
async function tracedPool(options: PoolOptions = {}) {
  const recorded = recordSpans();
  const pool = openPool({ max: 2, tracerProvider: recorded.tracerProvider, ...options });
  await pool.connect();
  return { ...recorded, pool };
}

/** Runs a function with a context manager, as applications have one. */
async function withContextManager(work: () => Promise<void>): Promise<void> {
  const manager = new AsyncLocalStorageContextManager().enable();
  assert.ok(context.setGlobalContextManager(manager));
  try {
    await work();
  } finally {
    context.disable();
    manager.disable();
  }
}

test("A statement's span has the attributes of the conventions, its text with placeholders, and its rows", {
  ...needs("primary"),
  ...SDK,
}, async () => {
  const { pool: own, span } = await tracedPool();
  await using pool = own;
  const text = "select n, $1::text as secret from generate_series(1, 3) as n";
  await pool.query(sql`select n, ${"canary"}::text as secret from generate_series(1, 3) as n`);
  const { attributes, kind, status, parentSpanContext } = span("SELECT generate_series");
  const { hostname, port, pathname } = new URL(server("primary").url);
  assert.deepEqual(attributes, {
    "db.system.name": "postgresql",
    "db.namespace": pathname.slice(1),
    "db.operation.name": "SELECT",
    "db.query.summary": "SELECT generate_series",
    "db.query.text": text,
    "server.address": hostname,
    "server.port": Number(port),
    "lifeguard.pool_tier": "primary",
    "lifeguard.rows": 3,
  });
  assert.equal(kind, SpanKind.CLIENT);
  assert.equal(status.code, SpanStatusCode.UNSET);
  assert.equal(parentSpanContext, undefined);
});

test("A failed statement's span has the SQLSTATE and no word of the server's", {
  ...needs("primary"),
  ...SDK,
}, async () => {
  const { pool: own, span, open } = await tracedPool();
  await using pool = own;
  await rejection(pool.query(sql`select ${"canary"}::text::int as failing`), PostgresError);
  const { attributes, status, events } = span("SELECT");
  assert.equal(attributes["db.response.status_code"], "22P02");
  assert.equal(attributes["error.type"], "22P02");
  assert.deepEqual([status.code, status.message], [SpanStatusCode.ERROR, undefined]);
  assert.deepEqual(events, []);
  assert.equal(open(), 0);
});

test("What waits for a connection has a span of waiting in its own", {
  ...needs("primary"),
  ...SDK,
}, async () => {
  const { pool: own, spans, reset, open } = await tracedPool({ max: 1, acquireTimeout: "10s" });
  await using pool = own;
  await pool.query(sql`select 1`);
  reset();
  await pool.query(sql`select 1`);
  assert.deepEqual(spanTree(spans()), ["SELECT"], "one that does not wait");
  reset();
  const held = await pool.reserve();
  const waiting = pool.query(sql`select 2 as waiting`);
  await sleep(30);
  await held.release();
  await waiting;
  assert.deepEqual(spanTree(spans()), ["acquire", "SELECT", "  acquire"]);
  assert.equal(open(), 0);
});

test(
  "A wait that ends in vain fails the statement's span and the one of waiting",
  { ...needs("primary"), ...SDK },
  async () => {
    const { pool: own, spans, reset, open } = await tracedPool({ max: 1, acquireTimeout: 50 });
    await using pool = own;
    await using _held = await pool.reserve();
    reset();
    await rejection(pool.query(sql`select 1`), PoolTimeoutError);
    await rejection(pool.transaction(() => 1), PoolTimeoutError);
    assert.deepEqual(spanTree(spans()), ["SELECT", "  acquire", "transaction", "  acquire"]);
    for (const { status, attributes } of spans()) {
      assert.equal(status.code, SpanStatusCode.ERROR);
      assert.equal(attributes["error.type"], "POOL_TIMEOUT");
    }
    assert.equal(open(), 0);
  },
);

/** Runs a transaction with everything in it. */
async function runEverything(pool: ReturnType<typeof openPool>): Promise<void> {
  await pool.transaction(async (tx) => {
    await tx.execute(sql`create temp table spans_test (n int) on commit drop`);
    await tx.transaction((nested) => nested.execute(sql`insert into spans_test values (${1})`));
    for await (const _ of tx.stream(sql`select n from spans_test`));
    await tx.copyFrom(sql`copy spans_test from stdin`, ["2\n", "3\n"]);
    await new Response(tx.copyTo(sql`copy spans_test to stdout`)).text();
  }, { isolation: "serializable" });
}

const TRANSACTION = [
  "transaction",
  "  acquire",
  "  CREATE",
  "  transaction",
  "    INSERT spans_test",
  "  SELECT spans_test",
  "  COPY spans_test",
  "  COPY spans_test",
];

test(
  "What runs in a transaction belongs to its span, without a context manager too",
  { ...needs("primary"), ...SDK },
  async () => {
    const { pool: own, spans, open } = await tracedPool();
    await using pool = own;
    await runEverything(pool);
    assert.deepEqual(spanTree(spans()), TRANSACTION);
    const [inner, outer] = spans().filter(({ name }) => name === "transaction");
    assert.equal(outer.attributes["lifeguard.transaction.isolation"], "serializable");
    assert.deepEqual([outer, inner].map(({ attributes }) => attributes["lifeguard.transaction.depth"]), [
      0,
      1,
    ]);
    assert.deepEqual(
      spans().filter(({ name }) => name === "COPY spans_test").map(({ attributes }) =>
        attributes["lifeguard.rows"]
      ),
      [2, undefined],
    );
    assert.equal(open(), 0);
  },
);

test(
  "Spans belong to the span that was active where the call was made",
  { ...needs("primary"), ...SDK },
  async () => {
    const { pool: own, spans, tracerProvider, open } = await tracedPool();
    await using pool = own;
    const tracer = tracerProvider.getTracer("application");
    const inSpan = <T>(name: string, work: () => Promise<T>): Promise<T> =>
      tracer.startActiveSpan(name, async (span) => {
        try {
          return await work();
        } finally {
          span.end();
        }
      });
    await withContextManager(() =>
      inSpan("request", async () => {
        await pool.query(sql`select 1`);
        await runEverything(pool);
        await pool.transaction(async (tx) => {
          await inSpan("step", () => tx.query(sql`select 2 as inside`));
          await inSpan("other", () => tx.transaction((nested) => nested.query(sql`select 3 as nested`)));
        });
        await using session = await pool.reserve();
        await session.query(sql`select 4 as reserved`);
      })
    );
    assert.deepEqual(spanTree(spans()), [
      "request",
      "  SELECT",
      ...TRANSACTION.map((line) => `  ${line}`),
      "  transaction",
      "    acquire",
      "    step",
      "      SELECT",
      "    other",
      "      transaction",
      "        SELECT",
      "  acquire",
      "  SELECT",
    ]);
    assert.equal(open(), 0);
  },
);

test(
  "A transaction that fails or is tried again says so in its one span",
  { ...needs("primary"), ...SDK },
  async () => {
    const { pool: own, spans, reset, open } = await tracedPool();
    await using pool = own;
    const mine = new Error("canary");
    await assert.rejects(pool.transaction(() => Promise.reject(mine)), mine);
    const failed = spans().find(({ name }) => name === "transaction")!;
    assert.deepEqual([failed.status.code, failed.status.message], [SpanStatusCode.ERROR, undefined]);
    assert.equal(failed.attributes["error.type"], "Error");
    await rejection(pool.transaction(() => 1, null as never), ValidationError);
    assert.equal(open(), 0);
    reset();
    let attempts = 0;
    await pool.transaction(async (tx) => {
      if (++attempts < 3) await tx.query(sql`do $$ begin raise sqlstate '40001'; end $$`);
    }, { retries: 3 });
    const retried = spans().filter(({ name }) => name === "transaction");
    assert.deepEqual(retried.map(({ attributes }) => attributes["lifeguard.attempts"]), [3]);
    assert.equal(retried[0].status.code, SpanStatusCode.UNSET);
  },
);

test(
  "Streams, COPY, batches and statements that change their session have spans",
  { ...needs("primary"), ...SDK },
  async () => {
    const { pool: own, spans, reset, open } = await tracedPool();
    await using pool = own;
    for await (const _ of pool.stream(sql`select n from generate_series(1, 5) as n`)) break;
    await pool.batch([sql`select 1`, sql`select 2`]);
    await new Response(pool.copyTo(sql`copy (select 1) to stdout`)).text();
    await pool.execute(sql`set work_mem = '4MB'`);
    await until("all have ended", () => open() === 0);
    assert.deepEqual(spanTree(spans()), [
      "acquire",
      "SELECT generate_series",
      "acquire",
      "BATCH",
      "acquire",
      "COPY",
      "acquire",
      "SET",
    ]);
    const batch = spans().find(({ name }) => name === "BATCH")!;
    assert.equal(batch.attributes["db.operation.batch.size"], 2);
    reset();
    await rejection(pool.batch([sql`select 1`, sql`select 1 / ${0}::int`]), PostgresError);
    await rejection(pool.stream(sql`select 1 / ${0}::int`).next(), PostgresError);
    await rejection(pool.copyFrom(sql`copy nothing_of_the_kind from stdin`, ["1\n"]), PostgresError);
    await until("all have ended", () => open() === 0);
    const failures = spans().filter(({ name }) => name !== "acquire");
    assert.deepEqual(failures.map(({ attributes }) => attributes["error.type"]), ["22012", "22012", "42P01"]);
  },
);

test("No value is in any span, whatever fails", { ...needs("primary"), ...SDK }, async () => {
  const { pool: own, spans, open } = await tracedPool();
  await using pool = own;
  const secret = "canary-4711";
  const statements = [
    sql`select ${secret}::text`,
    sql`select ${secret}::text::int`,
    sql`select ${secret}::int`,
    sql`do $$ begin raise 'canary-4711'; end $$`,
    sql.unsafe(`select 'canary-4711'::int`),
    sql.unsafe(`select 4711, canary`),
    sql`select set_config('app.secret', ${secret}, true), ${["a", secret]}::text[]`,
  ];
  for (const statement of statements) {
    await pool.query(statement).catch(() => {});
    await pool.transaction((tx) => tx.query(statement)).catch(() => {});
    await pool.batch([statement]).catch(() => {});
  }
  await pool.transaction(() => Promise.reject(new Error(secret))).catch(() => {});
  assert.equal(open(), 0);
  const shown = JSON.stringify(
    spans().map(({ name, attributes, status, events }) => ({
      name,
      attributes,
      status,
      events,
    })),
  );
  assert.ok(spans().length > 20);
  assert.doesNotMatch(shown, /canary-4711|'canary|4711/);
});

test(
  "traceQueryText: false leaves the text out and keeps the summary",
  { ...needs("primary"), ...SDK },
  async () => {
    const { pool: own, span } = await tracedPool({ traceQueryText: false });
    await using pool = own;
    await pool.query(sql`select relname from pg_class limit 1`);
    const { attributes } = span("SELECT pg_class");
    assert.equal(attributes["db.query.text"], undefined);
    assert.equal(attributes["db.query.summary"], "SELECT pg_class");
  },
);

test("A statement that is aborted or times out ends its span", { ...needs("primary"), ...SDK }, async () => {
  const { pool: own, spans, open } = await tracedPool();
  await using pool = own;
  const abort = new AbortController();
  const aborted = pool.query(sql`select pg_sleep(20)`, { signal: abort.signal });
  await sleep(50);
  abort.abort();
  await assert.rejects(aborted);
  await assert.rejects(pool.query(sql`select pg_sleep(21)`, { timeout: 50 }));
  await assert.rejects(pool.query(sql`select 1`, { signal: AbortSignal.abort() }));
  assert.deepEqual(spans().map(({ attributes }) => attributes["error.type"]), [
    "AbortError",
    "QUERY_TIMEOUT",
  ]);
  assert.equal(open(), 0);
});

test("Connections that are lost are healed in spans of their own, with what they died of", {
  ...needs("primary"),
  ...SDK,
}, async () => {
  await using gate = await proxy("primary");
  const { pool: traced, spans, open } = await tracedPool({ url: gate.url(server("primary").url) });
  await using _pool = traced;
  await gate.set({ refuse: true });
  await gate.reset();
  await sleep(300);
  await gate.set({ refuse: false });
  await until("both are healed", () => spans().filter(({ name }) => name === "heal").length === 2, 20_000);
  for (const { attributes, startTime, endTime, parentSpanContext } of spans()) {
    assert.ok(Number(attributes["lifeguard.attempts"]) >= 1);
    assert.equal(attributes["lifeguard.heal.cause"], "CONNECTION");
    const seconds = endTime[0] - startTime[0] + (endTime[1] - startTime[1]) / 1e9;
    assert.ok(seconds > 0 && seconds < 30, `${seconds} s`);
    assert.equal(parentSpanContext, undefined);
  }
  assert.equal(open(), 0);
});

test("A provider that an application sets late is found within seconds, and so is that it is gone", {
  ...needs("primary"),
  ...SDK,
}, async () => {
  await using pool = openPool({ max: 1 });
  const { tracerProvider, spans } = recordSpans();
  await pool.query(sql`select 1 as before`);
  assert.ok(trace.setGlobalTracerProvider(tracerProvider));
  try {
    await until("it is found", async () => {
      await pool.query(sql`select 2 as after`);
      return spans().length > 0;
    });
  } finally {
    trace.disable();
  }
  await until("it is gone", async () => {
    const before = spans().length;
    await pool.query(sql`select 3 as gone`);
    return spans().length === before;
  });
});
