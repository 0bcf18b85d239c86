/**
 * Commit → fresh: from the moment a write has returned to its writer to the moment the entry in Redis holds the new row.
 *
 * Writes are sent at fixed times, whatever became of the ones before. All entries that are waited for are asked for
 * together, over and over: an entry is fresh when an answer shows it, so each figure is too long by up to the time between
 * two questions, which is reported too; what was fresh before its writer knew counts as 0.
 */
import { Buffer } from "node:buffer";
import { percentile } from "../report/statistics.ts";
import { sleep } from "../scenarios/closed_loop.ts";
import { CACHED, type Lab } from "./lab.ts";

/** How long changes take. */
export interface Freshness {
  /** Writes a second, as they were made. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** Milliseconds between two questions: what the figures may be too long by. */
  readonly error: { readonly p50: number; readonly p99: number; readonly longest: number };
  /** Writes that were not seen in Redis within ten seconds. */
  readonly lost: number;
}

interface Awaited {
  readonly id: number;
  readonly note: Buffer;
  readonly issuedAt: number;
  committedAt: number | undefined;
  seenAt: number | undefined;
}

const ENTRY = "E".charCodeAt(0);
const GIVEN_UP = 10_000;
/** What is not counted: the reflector compiles its code. */
const WARM_UP = 2_000;

/** Measures it at a rate of writes of single cached rows. */
export async function freshness(
  lab: Lab,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<Freshness> {
  const awaited = new Map<number, Awaited>();
  const gaps: number[] = [];
  const latencies: number[] = [];
  let isOver = false;
  let lost = 0;
  const start = performance.now() + WARM_UP;
  const end = start + seconds * 1_000;
  const isCounted = ({ issuedAt }: Awaited): boolean => issuedAt >= start;

  const settle = (one: Awaited): void => {
    if (one.committedAt === undefined || one.seenAt === undefined) return;
    awaited.delete(one.id);
    if (isCounted(one)) latencies.push(Math.max(0, one.seenAt - one.committedAt));
  };
  const look = async (): Promise<void> => {
    let before = performance.now();
    while (!isOver || awaited.size > 0) {
      const asked = [...awaited.values()].filter(({ seenAt }) => seenAt === undefined);
      if (asked.length > 0) {
        const values = await lab.redis.mgetBuffer(asked.map(({ id }) => lab.entry(id)));
        const now = performance.now();
        asked.forEach((one, index) => {
          const value = values[index];
          if (value !== null && value[0] === ENTRY && value.includes(one.note)) {
            one.seenAt = now;
            settle(one);
          } else if (now - one.issuedAt > GIVEN_UP) {
            awaited.delete(one.id);
            lost++;
          }
        });
        gaps.push(now - before);
        before = now;
      } else before = performance.now();
      await sleep(0);
    }
  };

  const looking = look();
  let count = 0;
  const writes: Promise<void>[] = [];
  const first = performance.now();
  while (performance.now() < end) {
    const due = (performance.now() - first) / 1_000 * rate;
    for (; count < due; count++) {
      const id = 1 + (count * 7_919) % CACHED;
      if (awaited.has(id)) continue;
      const text = `n=${count + 1};`;
      const one: Awaited = {
        id,
        note: Buffer.from(text),
        issuedAt: performance.now(),
        committedAt: undefined,
        seenAt: undefined,
      };
      awaited.set(id, one);
      writes.push(
        lab.write(id, 1, text).then(() => {
          one.committedAt = performance.now();
          settle(one);
        }),
      );
    }
    await sleep(1);
  }
  const made = count / (performance.now() - first) * 1_000;
  await Promise.all(writes);
  isOver = true;
  await looking;
  latencies.sort((a, b) => a - b);
  gaps.sort((a, b) => a - b);
  return {
    rate: made,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    longest: latencies.at(-1) ?? NaN,
    error: { p50: percentile(gaps, 0.5), p99: percentile(gaps, 0.99), longest: gaps.at(-1) ?? NaN },
    lost,
  };
}
