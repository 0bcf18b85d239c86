/** Fault 1: backends die, in three ways, under a thousand calls. */
import assert from "node:assert/strict";
import { ConnectionError } from "../../pool/wire/errors.ts";
import { type Pool, sql } from "../../pool/mod.ts";
import { assertSound, openPool, settled, until } from "../pool/tier/pools.ts";
import { type IsolatedServer, isolatedServer, needs } from "../services/client.ts";
import { fault } from "./fault.ts";

const SIZE = 8;
const CALLERS = 1_000;

/** What became of the writes of some callers. */
class Ledger {
  readonly acknowledged = new Set<number>();
  readonly unknown = new Set<number>();
  readonly untouched = new Set<number>();
  /** The codes of the errors, counted. */
  readonly states = new Map<string, number>();
  #firstLoss = 0;
  #lastLoss = 0;

  /** Milliseconds between the first error and the last. */
  get lossesTook(): number {
    return this.#lastLoss - this.#firstLoss;
  }

  /** Notes how a write ended. */
  async note(tag: number, write: Promise<unknown>): Promise<void> {
    try {
      await write;
      this.acknowledged.add(tag);
    } catch (error) {
      this.#lost(error);
      ((error as ConnectionError).outcomeUnknown ? this.unknown : this.untouched).add(tag);
    }
  }

  /** Notes a read, whose answer must be its own. */
  async noteRead(tag: number, read: Promise<number>): Promise<void> {
    const answer = await read.catch((error) => this.#lost(error));
    assert.ok(answer === undefined || answer === tag, `the answer of ${tag} was ${answer}`);
  }

  #lost(error: unknown): undefined {
    assert.ok(error instanceof ConnectionError, String((error as Error)?.stack ?? error));
    assert.match(error.sqlState, /^(08|57P)/);
    this.#lastLoss = performance.now();
    if (this.states.size === 0) this.#firstLoss = this.#lastLoss;
    this.states.set(error.sqlState, (this.states.get(error.sqlState) ?? 0) + 1);
  }
}

/** Calls of all kinds, each with a tag of its own that a write leaves behind and a read gives back. */
function call(pool: Pool, tag: number, ledger: Ledger): Promise<void> {
  switch (tag % 5) {
    case 0:
      return ledger.noteRead(tag, pool.value<number>(sql`select ${tag}::int`, { readOnly: true }));
    case 1:
      return ledger.noteRead(tag, pool.value<number>(sql`select ${tag}::int + 0`));
    case 2: {
      const insert = sql`insert into written values (${tag})`;
      return ledger.note(tag, pool.transaction((tx) => tx.execute(insert)));
    }
    default:
      return ledger.note(tag, pool.execute(sql`insert into written values (${tag})`));
  }
}

/** Ends one backend by SIGKILL, by its own server, which then ends all others and begins anew. */
async function killBackend(killing: IsolatedServer): Promise<void> {
  await using outside = openPool({ url: killing.url, max: 1 });
  const victim = await outside.value<number>(sql`
    select pid from pg_stat_activity where application_name = 'victims' limit 1`);
  // The connection that asks for it is ended as well.
  await outside.execute(sql`copy gone from program ${sql.unsafe(`'kill -9 ${victim}'`)}`).catch(() => {});
}

/** Ends every backend of the pool, in order. */
async function terminate(ending: IsolatedServer): Promise<void> {
  await using outside = openPool({ url: ending.url, max: 1 });
  await outside.execute(sql`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victims'`);
}

async function stopAtOnce(stopping: IsolatedServer): Promise<void> {
  await stopping.control.stopImmediate();
  await stopping.control.start();
}

const DEATHS = [
  ["pg_terminate_backend", terminate],
  ["SIGKILL to a backend", killBackend],
  ["immediate stop", stopAtOnce],
] as const;

for (const [name, die] of DEATHS) {
  fault(1, `${name} under ${CALLERS} calls → all settle, and the table holds what was told of`, {
    ...needs("control"),
    timeout: 90_000,
  }, async (report) => {
    await using server = await isolatedServer();
    await using pool = openPool({ url: server.url, max: SIZE, applicationName: "victims" });
    await pool.execute(sql`create table written (n int)`);
    await pool.execute(sql`create table gone (n int)`);
    await pool.connect();
    const ledger = new Ledger();
    // These are in flight for certain.
    const slow = [-1, -2].map((tag) =>
      ledger.note(tag, pool.execute(sql`insert into written select ${tag}::int from pg_sleep(60)`))
    );
    let next = 0;
    let isOver = false;
    const caller = async (): Promise<void> => {
      while (!isOver) await call(pool, next++, ledger);
    };
    const callers = Array.from({ length: CALLERS }, caller);
    const all = settled([...callers, ...slow], 60_000);
    await until("the callers are under way", () => ledger.acknowledged.size > CALLERS, 30_000);
    assert.ok(pool.stats().waiting + pool.stats().inFlight > CALLERS / 2, "few calls are under way");
    await die(server);
    const died = performance.now();
    await until("it is noticed", () => ledger.states.size > 0, 10_000);
    isOver = true;
    for (const outcome of await all) if (outcome.status === "rejected") throw outcome.reason;
    report.figure(`${name}: all served again after`, performance.now() - died, "ms", { most: 3_000 });
    report.figure(`${name}: from the first error to the last`, ledger.lossesTook, "ms", { most: 1_000 });

    const rows = (await pool.query<{ n: number }>(sql`select n from written`)).map(({ n }) => n);
    const present = new Set(rows);
    const lost = [...ledger.acknowledged].filter((tag) => !present.has(tag));
    const untold = rows.filter((tag) => !ledger.acknowledged.has(tag) && !ledger.unknown.has(tag));
    const there = [...ledger.unknown].filter((tag) => present.has(tag)).length;
    const wrong = lost.length + untold.length + rows.length - present.size;
    console.log(
      `${name}: ${next} calls, ${ledger.acknowledged.size} writes acknowledged, ${ledger.unknown.size} of unknown fate (${there} there), ${ledger.untouched.size} undone; ${
        [...ledger.states].map(([state, count]) => `${count} × ${state}`).join(", ")
      }`,
    );
    report.figure(`${name}: writes of unknown fate`, ledger.unknown.size, "writes", { most: SIZE * 16 });
    report.figure(`${name}: rows missing, untold or repeated`, wrong, "rows", { most: 0 });
    assert.ok(ledger.unknown.has(-1) && ledger.unknown.has(-2));
    await assertSound(pool, SIZE);
  });
}
