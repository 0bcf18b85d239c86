/**
 * Row changes a second that the reflector follows: writers write as fast as they can, and then it is waited until the last
 * change has been applied. What is written later than it is applied makes the lag grow, so the rate that can be kept up is
 * that of all changes over the time until the last was applied. The watermark says when that was: it moves with the canaries,
 * so that time is up to a quarter of a second too long, and the rate that much too low.
 */
import { sql } from "../../mod.ts";
import { parseLsn } from "../../pool/consistency/lsn.ts";
import { sleep } from "../scenarios/closed_loop.ts";
import { type Lab, ROWS, until, WRITERS } from "./lab.ts";

/** What came of a load. */
export interface Throughput {
  /** Changes of rows. */
  readonly changes: number;
  /** Changes a second that were written, and that were applied. */
  readonly written: number;
  readonly applied: number;
  /** Milliseconds from the last write to the watermark behind it: how far behind the reflector was in the end. */
  readonly behind: number;
  /** The longest time that a canary took, in milliseconds. */
  readonly canary: number;
  /** How often a table's changes were too many to be told or kept one by one. */
  readonly whole: number;
}

/** Statements under way at a time on each connection. */
const PIPELINE = 4;

/** Writes as fast as it goes. */
export async function throughput(
  lab: Lab,
  { rows, seconds, most = Infinity }: {
    /** Rows that each statement changes. */
    readonly rows: number;
    readonly seconds: number;
    /** Changes after which it ends even before. */
    readonly most?: number;
  },
): Promise<Throughput> {
  const leader = await lab.leader();
  const before = await leader?.status();
  let isOver = false;
  let canary = 0;
  const watching = (async () => {
    while (!isOver) {
      const { canary: took = 0, silence = 0 } = (await leader?.status())?.lag ?? {};
      canary = Math.max(canary, took, silence - 1_000);
      await sleep(250);
    }
  })();
  let statements = 0;
  const start = performance.now();
  const end = start + seconds * 1_000;
  await Promise.all(Array.from({ length: WRITERS * PIPELINE }, async (_, writer) => {
    // Each has rows of its own, so that none waits for another's locks.
    const share = Math.floor(ROWS / (WRITERS * PIPELINE) / rows);
    for (let turn = 0; performance.now() < end && statements * rows < most; turn++) {
      statements++;
      await lab.write(1 + (writer * share + turn % share) * rows, rows, `n=${turn};`);
    }
  }));
  const written = performance.now();
  const last = parseLsn(
    await lab.pool.value(sql<{ lsn: string }>`select pg_current_wal_insert_lsn()::text as lsn`),
  );
  await until("the last change is applied", async () => {
    const lsn = (await leader?.status())?.watermark?.lsn;
    return lsn !== undefined && parseLsn(lsn) >= last;
  });
  const applied = performance.now();
  isOver = true;
  await watching;
  const after = await leader?.status();
  const changes = statements * rows;
  return {
    changes,
    written: changes / (written - start) * 1_000,
    applied: changes / (applied - start) * 1_000,
    behind: applied - written,
    canary,
    whole: (after?.counters.tables ?? 0) - (before?.counters.tables ?? 0),
  };
}
