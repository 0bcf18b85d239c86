/** What the tests of slots, waiting and healing have in common. */
import assert from "node:assert/strict";
import { Pool, type PoolOptions, sql } from "../../../pool/mod.ts";
import { awakeTime, inTime } from "../../awake_time.ts";
import { server } from "../../services/client.ts";

/** A pool on the shared primary, or on `url`, that keeps quiet about what its test breaks. */
export function openPool(options: PoolOptions = {}): Pool {
  return new Pool({ url: options.url ?? server("primary").url, logger: {}, ...options });
}

/** Waits. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until something is true; fails after so many milliseconds of awake time. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  within = 5_000,
): Promise<void> {
  const end = awakeTime() + within;
  while (!await condition()) {
    if (awakeTime() > end) throw new Error(`${what}: not within ${within} ms`);
    await sleep(5);
  }
}

/** The error a promise rejects with, which must be of a class; fails when it does not reject in time. */
export async function rejection<E extends Error>(
  promise: Promise<unknown>,
  kind: abstract new (...args: never[]) => E,
  within = 5_000,
): Promise<E> {
  const outcome = await settled([promise], within);
  assert.equal(outcome[0].status, "rejected", "it resolved");
  const { reason } = outcome[0] as PromiseRejectedResult;
  assert.ok(reason instanceof kind, `it rejected with ${reason?.stack ?? reason}`);
  return reason;
}

/** The outcomes of promises that must all settle in time, which is counted while this process runs. */
export async function settled(
  promises: readonly Promise<unknown>[],
  within = 10_000,
): Promise<PromiseSettledResult<unknown>[]> {
  let done = 0;
  for (const promise of promises) promise.then(() => done++, () => done++);
  return await inTime(
    Promise.allSettled(promises),
    within,
    () => `${promises.length - done} of ${promises.length} did not settle in ${within} ms`,
  );
}

/** Proves that nothing is left of what went on: nobody waits, nothing is in flight, every connection serves. */
export async function assertSound(pool: Pool, size: number): Promise<void> {
  await until("the pool is whole", () => pool.stats().idle === size && pool.size === size, 10_000);
  // What was done to a connection last may end it only now, so these are reads, which are repeated.
  const answers = await Promise.all(
    Array.from(
      { length: size * 3 },
      (_, n) => pool.value<number>(sql`select ${n}::int as n`, { readOnly: true }),
    ),
  );
  assert.deepEqual(answers, answers.map((_, n) => n));
  await assertReservable(pool, size);
  await until("all are idle again", () => pool.stats().idle === size);
  const { waiting, inFlight, reserved } = pool.stats();
  assert.deepEqual({ waiting, inFlight, reserved }, { waiting: 0, inFlight: 0, reserved: 0 });
}

/** Proves that every connection can be reserved at the same time, and serves who has it. */
export async function assertReservable(pool: Pool, size: number): Promise<void> {
  await until("all can be reserved", async () => {
    const held = await Promise.allSettled(Array.from({ length: size }, () => pool.reserve()));
    const sessions = held.flatMap((outcome) => outcome.status === "fulfilled" ? [outcome.value] : []);
    const answers = await Promise.allSettled(sessions.map((session) => session.value(sql`select 1`)));
    const { reserved } = pool.stats();
    await Promise.all(sessions.map((session) => session.release()));
    return reserved === size && answers.every(({ status }) => status === "fulfilled");
  }, 10_000);
}

/** A statement that runs until it is stopped. */
export function endless(pool: Pool): { readonly query: Promise<unknown>; stop(): Promise<void> } {
  const controller = new AbortController();
  const query = pool.query(sql`select pg_sleep(60)`, { signal: controller.signal });
  query.catch(() => {});
  return {
    query,
    async stop() {
      controller.abort();
      await query.catch(() => {});
    },
  };
}

/** The middle, the 99th percentile and the longest of some times, worded. */
export function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string => sorted[Math.floor((sorted.length - 1) * share)].toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}
