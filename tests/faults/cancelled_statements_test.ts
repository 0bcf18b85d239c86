/** Fault 15: statements are cancelled at random moments on connections that others share. */
import assert from "node:assert/strict";
import { type Pool, sql } from "../../pool/mod.ts";
import { QueryTimeoutError } from "../../pool/wire/errors.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import { assertSound, openPool } from "../pool/tier/pools.ts";
import { randomIntegers, randomNumbers, rounds, SEED } from "../random.ts";
import { freshDatabase, needs, server } from "../services/client.ts";
import { CancelGate } from "./cancel_gate.ts";
import { fault } from "./fault.ts";

const SIZE = 12;
const CANCELS = rounds(3_000, 100_000);
const CALLERS = 36;

/** What is told of the calls. */
class Ledger {
  /** Calls that nobody gave up, and how many of them were answered as if somebody had. */
  innocent = 0;
  victims = 0;
  /** Calls that rejected because they were given up. */
  cancelled = 0;
  /** Writes that were acknowledged, and those whose fate their caller does not know. */
  readonly written = new Set<number>();
  readonly doubtful = new Set<number>();

  /** Notes a call that nobody gives up: it must bring its tag back. */
  async noteInnocent(tag: number, call: Promise<number>): Promise<void> {
    this.innocent++;
    try {
      assert.equal(await call, tag, "it got another's answer");
    } catch (error) {
      if (!(error instanceof PostgresError && error.sqlState === "57014")) throw error;
      this.victims++;
    }
  }

  /** Notes a call that is given up: it brings its tag back, or rejects with the reason to give it up. */
  async noteGivenUp(
    tag: number,
    call: Promise<number>,
    isReason: (error: unknown) => boolean,
  ): Promise<void> {
    try {
      assert.equal(await call, tag, "it got another's answer");
    } catch (error) {
      assert.ok(isReason(error), String((error as Error)?.stack ?? error));
      this.cancelled++;
    }
  }
}

type Below = (bound: number) => number;

/** A call with a tag of its own; the longer it takes, the likelier others stand behind it. */
function call(pool: Pool, tag: number, below: Below): Promise<number> {
  switch (below(5)) {
    case 0:
      return pool.value<number>(sql`select ${tag}::int`);
    case 1:
      return pool.value<number>(sql`select ${tag}::int + 0`, { readOnly: true });
    case 2:
      return pool.value<number>(sql`select ${tag}::int from pg_sleep(${below(3) / 1_000}::float8)`, {
        readOnly: true,
      });
    case 3:
      return pool.transaction(async (tx) => {
        await tx.execute(sql`select pg_sleep(0.001)`);
        return await tx.value<number>(sql`select ${tag}::int`);
      });
    default:
      return pool.value<number>(sql`select ${tag}::int from pg_sleep(${below(3) / 1_000}::float8)`);
  }
}

async function write(pool: Pool, tag: number, ledger: Ledger): Promise<number> {
  const result = await pool.value<number>(sql`insert into written values (${tag}) returning tag`);
  ledger.written.add(tag);
  return result;
}

/** A call that is given up after a moment, by a signal or a timeout; some of them write. */
async function givenUp(pool: Pool, tag: number, below: Below, ledger: Ledger): Promise<void> {
  const after = below(7);
  const seconds = below(8) / 1_000;
  if (below(3) === 0) {
    const slow = pool.value<number>(sql`select ${tag}::int from pg_sleep(${seconds}::float8)`, {
      timeout: 1 + after,
    });
    return await ledger.noteGivenUp(tag, slow, (error) => error instanceof QueryTimeoutError);
  }
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new Error(`call ${tag} is given up`);
  const slow = below(2) === 0
    ? pool.value<number>(sql`select ${tag}::int from pg_sleep(${seconds}::float8)`, { signal })
    : pool.value<number>(
      sql`insert into written select ${tag} from pg_sleep(${seconds}::float8) returning tag`,
      { signal },
    ).then((result) => {
      ledger.written.add(tag);
      return result;
    }, (error) => {
      ledger.doubtful.add(tag);
      throw error;
    });
  setTimeout(() => controller.abort(reason), after);
  await ledger.noteGivenUp(tag, slow, (error) => error === reason);
}

fault(15, "statements are cancelled at random on shared connections → nobody else is hit", {
  ...needs("primary"),
  timeout: 60_000 + 20 * CANCELS,
}, async (report) => {
  await using database = await freshDatabase();
  await using outside = openPool({ url: database.url, max: 1 });
  await outside.execute(sql`create table written (tag int primary key)`);
  const random = randomNumbers(SEED);
  await using gate = await CancelGate.open(server("primary"), () => 3 * random());
  await using pool = openPool({ url: gate.url(database.url), max: SIZE });
  await pool.connect();
  const ledger = new Ledger();
  let tag = 0;
  await Promise.all(Array.from({ length: CALLERS }, async (_, index) => {
    const below = randomIntegers(SEED + 1 + index);
    while (gate.cancels < CANCELS) {
      const own = ++tag;
      if (below(2) === 0) await givenUp(pool, own, below, ledger);
      else if (below(6) === 0) await ledger.noteInnocent(own, write(pool, own, ledger));
      else await ledger.noteInnocent(own, call(pool, own, below));
    }
  }));
  await assertSound(pool, SIZE);
  report.figure("cancel requests", gate.cancels, "requests", { least: CANCELS });
  report.figure("calls that were given up in time", ledger.cancelled, "calls", { least: CANCELS / 2 });
  report.figure("calls of others beside them", ledger.innocent, "calls", { least: CANCELS / 2 });
  report.figure("calls of others that were hit", ledger.victims, "calls", { most: 0 });
  report.figure("written to a connection while its cancel was on its way", gate.early, "bytes", { most: 0 });
  const rows = await outside.query<{ tag: number }>(sql`select tag from written`);
  const unexplained = rows.filter(({ tag }) => !ledger.written.has(tag) && !ledger.doubtful.has(tag)).length;
  const found = new Set(rows.map(({ tag }) => tag));
  const lost = [...ledger.written].filter((tag) => !found.has(tag)).length;
  report.figure("rows acknowledged and lost, or written by nobody", lost + unexplained, "rows", { most: 0 });
});
