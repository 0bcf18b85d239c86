/** Spans of a reflector. */
import assert from "node:assert/strict";
import { trace } from "@opentelemetry/api";
import { MemoryStore, Pool, sql } from "../../../mod.ts";
import { installTriggers, Reflector } from "../../../reflector/mod.ts";
import { test } from "../../harness.ts";
import { recordSpans, SDK } from "../../pool/telemetry/recorded.ts";

test("What a reflector asks has spans where the program makes spans, and none elsewhere", SDK, async () => {
  const { tracerProvider, spans, open } = recordSpans();
  await using pool = new Pool("pglite:");
  await pool.execute(sql`create table span_users (id integer primary key)`);
  await installTriggers(pool, { tables: ["span_users"] });
  await using store = new MemoryStore();
  trace.setGlobalTracerProvider(tracerProvider);
  try {
    await using reflector = new Reflector({ database: pool, store, logger: {} });
    await reflector.start();
    while (reflector.status().counters.canaries < 1) await new Promise((resolve) => setTimeout(resolve, 10));
    await pool.execute(sql`insert into span_users values (1)`);
    while (reflector.status().counters.rows < 1) await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    trace.disable();
  }
  const found = new Map(spans().map((span) => [span.name, span]));
  for (const operation of ["place", "probe", "document", "advance", "floor", "void"]) {
    const span = found.get(`reflector ${operation}`);
    assert.ok(span !== undefined, `${operation} among ${[...found.keys()].join(", ")}`);
    assert.equal(span.attributes["db.operation.name"], operation);
  }
  assert.equal(found.get("reflector void")!.attributes["db.system.name"], "redis");
  assert.equal(found.get("reflector floor")!.attributes["db.system.name"], "postgresql");
  assert.equal(open(), 0);
});
