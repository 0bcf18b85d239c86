/** The network loses every packet, and no socket hears of it: what waits settles, and what was lost is made anew. */
import assert from "node:assert/strict";
import { type Pool, sql } from "../../pool/mod.ts";
import { type DroppingLink, droppingLink, freshDatabase, needs, server } from "../services/client.ts";
import { assertSound, openPool, sleep, until } from "../pool/tier/pools.ts";
import { rounds } from "../random.ts";
import { fault } from "./fault.ts";

const NEEDS = needs("primary", "link");

/** How one call ended, and how long it took. */
interface Outcome {
  readonly what: string;
  readonly took: number;
  readonly at: number;
  readonly error: Error | undefined;
}

/** Notes how a call ends; its answer must be its tag. */
async function outcomeOf(what: string, call: (tag: string) => Promise<unknown>): Promise<Outcome> {
  const tag = crypto.randomUUID();
  const start = performance.now();
  const error = await call(tag).then((answer) => {
    assert.equal(answer, tag, `${what} got another's answer`);
    return undefined;
  }, (error: Error) => error);
  return { what, took: performance.now() - start, at: performance.now(), error };
}

const echo = (pool: Pool) => (tag: string) => pool.value<string>(sql`select ${tag}::text as tag`);

async function reserved(pool: Pool, tag: string): Promise<unknown> {
  await using session = await pool.reserve();
  return await session.value(sql`select ${tag}::text as tag`, { timeout: 5_000 });
}

function overLink(link: DroppingLink): string {
  return link.url(server("primary").url);
}

fault(2, "idle connections lose every packet → a call errors in time, and is served once packets pass", {
  ...NEEDS,
  timeout: 60_000,
}, async (report) => {
  await using link = await droppingLink("primary");
  await using pool = openPool({ url: overLink(link), max: 4, acquireTimeout: "5s" });
  await pool.connect();
  await sleep(1_200);
  await link.drop();
  const outcomes = await Promise.all([
    ...Array.from({ length: 8 }, (_, n) => outcomeOf(`query ${n}`, echo(pool))),
    outcomeOf("reserve()", (tag) => reserved(pool, tag)),
    outcomeOf("transaction()", (tag) => pool.transaction((tx) => tx.value(sql`select ${tag}::text`))),
  ]);
  for (const { what, error } of outcomes) {
    assert.equal(error?.name, "PoolTimeoutError", `${what}: ${error?.stack}`);
  }
  report.figure("idle, longest call", Math.max(...outcomes.map(({ took }) => took)), "ms", { most: 5_100 });
  await link.heal();
  const healed = await outcomeOf("after healing", echo(pool));
  assert.equal(healed.error, undefined, healed.error?.stack);
  report.figure("idle, first answer after healing", healed.took, "ms", { most: 3_000 });
  await assertSound(pool, 4);
});

async function* endlessRows(): AsyncGenerator<string> {
  for (;;) {
    yield "1\n".repeat(100_000);
    await sleep(1);
  }
}

fault(2, "busy connections lose every packet → each call settles by its own deadline", {
  ...NEEDS,
  timeout: 60_000,
}, async (report) => {
  await using database = await freshDatabase();
  await using outside = openPool({ url: database.url, max: 1 });
  await outside.execute(sql`create table sink (n int)`);
  await using link = await droppingLink("primary");
  await using pool = openPool({ url: link.url(database.url), max: 10 });
  await pool.connect();
  const timeout = 2_000;
  const calls: Promise<Outcome>[] = [
    outcomeOf("query, timeout", (tag) => pool.value(sql`select ${tag}::text from pg_sleep(1)`, { timeout })),
    outcomeOf(
      "query, signal",
      (tag) =>
        pool.value(sql`select ${tag}::text from pg_sleep(1)`, { signal: AbortSignal.timeout(timeout) }),
    ),
    outcomeOf(
      "batch",
      (tag) =>
        pool.batch([sql`select pg_sleep(1)`, sql`select ${tag}::text as tag`], { timeout })
          .then(([, [row]]) => (row as { tag: string }).tag),
    ),
    outcomeOf("transaction", (tag) =>
      pool.transaction(async (tx) => {
        await tx.query(sql`select 1`);
        return await tx.value(sql`select ${tag}::text from pg_sleep(1)`, { timeout });
      })),
    outcomeOf("transaction, whose statement has a signal", (tag) =>
      pool.transaction(async (tx) => {
        await tx.query(sql`select 1`);
        const signal = AbortSignal.timeout(timeout);
        return await tx.value(sql`select ${tag}::text from pg_sleep(1)`, { signal });
      })),
    outcomeOf("transaction with a signal", (tag) =>
      pool.transaction(
        (tx) => tx.value(sql`select ${tag}::text from pg_sleep(1)`),
        { signal: AbortSignal.timeout(timeout) },
      )),
    outcomeOf("reserved session", async (tag) => {
      await using session = await pool.reserve();
      return await session.value(sql`select ${tag}::text from pg_sleep(1)`, { timeout });
    }),
    outcomeOf("stream", async (tag) => {
      let last: unknown;
      const rows = pool.stream<{ tag: string }>(
        sql`select ${tag}::text as tag from generate_series(1, 3), pg_sleep(1)`,
        { timeout },
      );
      for await (const row of rows) last = row.tag;
      return last;
    }),
  ];
  // The flood of a COPY would keep the others' first answers waiting, from which their deadlines count.
  await sleep(100);
  calls.push(
    outcomeOf(
      "COPY in",
      () => pool.copyFrom(sql`copy sink from stdin`, endlessRows(), { timeout: timeout - 600 }),
    ),
    outcomeOf("COPY out", async () => {
      const endless = sql`copy (select generate_series(1, 2000000000)) to stdout`;
      for await (const chunk of pool.copyTo(endless, { timeout: timeout - 600 })) assert.ok(chunk.length > 0);
    }),
  );
  await sleep(300);
  await link.drop();

  const outcomes = await Promise.all(calls);
  for (const { what, error } of outcomes) {
    assert.match(
      error?.name ?? "none",
      /^(QueryTimeoutError|TimeoutError|ConnectionError)$/,
      `${what}: ${error?.stack}`,
    );
  }
  report.figure("busy, longest call", Math.max(...outcomes.map(({ took }) => took)), "ms", { most: 2_100 });
  await link.heal();
  const healed = await outcomeOf("after healing", echo(pool));
  report.figure("busy, first answer after healing", healed.took, "ms", { most: 3_000 });
  await assertSound(pool, 10);
});

fault(2, "answers are lost → writes are told to be of unknown fate, and none happens twice", {
  ...NEEDS,
  timeout: 60_000,
}, async (report) => {
  await using database = await freshDatabase();
  await using outside = openPool({ url: database.url, max: 1 });
  await outside.execute(sql`create table written (id int)`);
  await using link = await droppingLink("primary");
  await using pool = openPool({
    url: link.url(database.url),
    max: 4,
    acquireTimeout: "2s",
    queryTimeout: "700ms",
  });
  const insert = (id: number): Promise<unknown> => pool.execute(sql`insert into written values (${id})`);
  await Promise.all(Array.from({ length: 8 }, (_, id) => insert(id)));
  await link.drop("toClient");
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => insert(100 + n)));
  await link.heal();
  await assertSound(pool, 4);
  await insert(200);
  const rows = await outside.query<{ id: number; n: bigint }>(
    sql`select id, count(*) as n from written group by id order by id`,
  );
  const count = new Map(rows.map(({ id, n }) => [id, Number(n)]));
  let unknown = 0;
  outcomes.forEach((outcome, n) => {
    if (outcome.status === "fulfilled") assert.equal(count.get(100 + n), 1);
    else if (outcome.reason.outcomeUnknown) unknown++;
    else assert.equal(count.get(100 + n), undefined, `${outcome.reason.stack}`);
  });
  assert.equal(count.get(200), 1);
  report.figure("writes of unknown fate", unknown, "writes", { least: 1 });
  report.figure("rows written twice", [...count.values()].filter((n) => n > 1).length, "rows", { most: 0 });
});

fault(2, "the connection for LISTEN loses every packet → it is replaced, and its subscribers are told", {
  ...NEEDS,
  timeout: 60_000,
}, async (report) => {
  await using link = await droppingLink("primary");
  await using outside = openPool({ max: 1 });
  await using pool = openPool({ url: overLink(link), max: 1, probeInterval: "1s" });
  const channels = [crypto.randomUUID(), crypto.randomUUID()];
  const heard: string[] = [];
  let isTold!: () => void;
  const told = new Promise<void>((resolve) => isTold = resolve);
  await using _first = await pool.listen(channels[0], (payload) => void heard.push(payload), {
    onReconnect: () => isTold(),
  });
  const second = await pool.listen(channels[1], () => {});
  await link.drop();
  const dropped = performance.now();
  // Nobody answers this UNLISTEN, and nobody waits for it for ever.
  await second.close();
  report.figure("UNLISTEN that nobody answers", performance.now() - dropped, "ms", { most: 3_200 });
  await link.heal();
  const healed = performance.now();
  await told;
  report.figure("LISTEN in force again after healing", performance.now() - healed, "ms", { most: 3_000 });
  await outside.notify(channels[0], "again");
  await until("the notification", () => heard.includes("again"), 10_000);
  // Only a probe can notice this: nothing is sent on the connection.
  let isToldAgain = false;
  await using _third = await pool.listen(channels[0], () => {}, {
    onReconnect: () => void (isToldAgain = true),
  });
  await link.drop();
  await sleep(4_500);
  await link.heal();
  await until("the subscriber is told", () => isToldAgain, 10_000);
});

const LONG_SILENCE = rounds(12, 60);

fault(
  21,
  `every packet lost for ${LONG_SILENCE} s → calls settle by their deadlines, and work again at once`,
  {
    ...NEEDS,
    timeout: (LONG_SILENCE + 60) * 1_000,
  },
  async (report) => {
    await using link = await droppingLink("primary");
    await using pool = openPool({ url: overLink(link), max: 4, acquireTimeout: "5s" });
    await pool.connect();
    const calls: Promise<Outcome>[] = [];
    const call = (): void => {
      calls.push(
        outcomeOf(
          "query",
          (tag) =>
            pool.value<string>(sql`select ${tag}::text as tag`, { signal: AbortSignal.timeout(5_000) }),
        ),
      );
      calls.push(outcomeOf("reserve()", (tag) => reserved(pool, tag)));
    };
    call();
    await Promise.all(calls);
    await link.drop();
    const dropped = performance.now();
    for (let next = dropped; next < dropped + LONG_SILENCE * 1_000; next += 2_000) {
      await sleep(Math.max(0, next - performance.now()));
      call();
    }
    await sleep(Math.max(0, dropped + LONG_SILENCE * 1_000 - performance.now()));
    await link.heal();
    const healedAt = performance.now();
    call();
    const outcomes = await Promise.all(calls);
    const failed = outcomes.filter(({ error }) => error !== undefined);
    report.figure("calls without an answer", failed.length, "calls", { least: 1 });
    report.figure("longest call", Math.max(...outcomes.map(({ took }) => took)), "ms", { most: 5_100 });
    const answers = outcomes.filter(({ error, at }) => error === undefined && at > healedAt);
    assert.ok(answers.length > 0, "nobody was answered after the network was back");
    const first = Math.min(...answers.map(({ at }) => at));
    report.figure("first answer after healing", first - healedAt, "ms", { most: 3_000 });
    await assertSound(pool, 4);
    report.figure("whole again after healing", performance.now() - healedAt, "ms", { most: 10_000 });
  },
);
