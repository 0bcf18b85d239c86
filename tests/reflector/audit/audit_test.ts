/** An audit finds the entries that are older than promised, and blames no other. */
import assert from "node:assert/strict";
import type { ShapeDocument } from "../../../orm/cache/payload_shape.ts";
import { shapeDocumentName } from "../../../orm/cache/payload_shape.ts";
import { rowKey } from "../../../orm/cache/protocol/keys.ts";
import {
  type CacheStore,
  type Leader,
  type LookKey,
  StoreUnavailableError,
} from "../../../orm/cache/stores/cache_store.ts";
import { MemoryStore } from "../../../orm/cache/stores/memory_store.ts";
import { LABELLED } from "../../../pool/consistency/labelled.ts";
import { Pool, sql } from "../../../pool/mod.ts";
import { runAudit } from "../../../reflector/audit/audit.ts";
import { auditText, shareAtMost } from "../../../reflector/audit/audit_report.ts";
import { parseRowKey } from "../../../reflector/audit/cached_key.ts";
import type { KeySampler } from "../../../reflector/audit/key_sampler.ts";
import { COVERAGE_DOCUMENT } from "../../../reflector/coverage/coverage.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

const TABLE = "public.users";

/** A cache with rows that are as the primary has them, and a leader who sends canaries. */
class Scene implements AsyncDisposable {
  readonly pool: Pool;
  readonly store: MemoryStore = new MemoryStore();
  #timer: ReturnType<typeof setInterval> | undefined;
  #leader: Leader | undefined;

  constructor(url: string) {
    this.pool = new Pool({ url, max: 4 });
  }

  /** Makes users from 1 to `count`, and has their rows in the cache. */
  async begin(count: number): Promise<void> {
    await this.pool.execute(sql`create table users (id int primary key, name text)`);
    await this.pool.execute(sql`insert into users select n, 'old' from generate_series(1, ${count}::int) n`);
    const { timeline, version } = await this.pool[LABELLED](sql`select 1`);
    const database = await this.pool.value<string>(sql`select current_database()::text`);
    this.#leader = await this.store.advance({
      ...{ takeOver: true, epoch: "0123456789abcdef", timeline, database, lsn: version, coverage: "c" },
    });
    const tables = [{ name: TABLE, key: ["id"], keyTypes: ["int4"], lookups: [] }];
    await this.store.document(
      COVERAGE_DOCUMENT,
      JSON.stringify({ version: 1, source: "notify", tables, refused: [] }),
    );
    for (let id = 1; id <= count; id++) await this.fill(id);
  }

  /** Sends canaries. */
  lead(): void {
    let seq = 0;
    const send = (): void => {
      void this.store.advance({ by: this.#leader!, seq: ++seq, ...{ after: seq - 1, delay: 1 } });
    };
    send();
    this.#timer = setInterval(send, 100);
  }

  /** Fills a row as a reader would. */
  async fill(id: number): Promise<void> {
    const key = rowKey(TABLE, { id: String(id) });
    const [{ ticket }] = await this.store.look([{ key, table: TABLE }]);
    const read = await this.pool[LABELLED]<Uint8Array>(sql`select id, name from users where id = ${id}`, {
      raw: true,
    });
    const columns = read.fields.map(({ name, type }, index) => [name, read.formats[index], type] as const);
    const text = JSON.stringify({ table: TABLE, columns } satisfies ShapeDocument);
    await this.store.document(shapeDocumentName("shape"), text);
    const { version, upper, rows: [payload] } = read;
    const [outcome] = await this.store.fill([
      {
        key,
        table: TABLE,
        ticket: ticket!,
        ttl: 60_000,
        version,
        upper,
        shape: payload ? "shape" : "",
        payload,
      },
    ]);
    assert.equal(outcome, "stored");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.store[Symbol.asyncDispose]();
    await this.pool.close();
  }
}

/** Knows which keys there are. */
function keysTo(count: number): KeySampler {
  const keys = Array.from(
    { length: count },
    (_, index) => parseRowKey(rowKey(TABLE, { id: String(index + 1) }))!,
  );
  return { sample: (most) => Promise.resolve({ found: count, keys: keys.slice(0, most) }) };
}

test("runAudit() finds nothing where every entry is as the primary has it", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using scene = new Scene(database.url);
  await scene.begin(20);
  scene.lead();
  const { pool, store } = scene;
  const report = await runAudit({ pool, store, keys: keysTo(21), rounds: [1_000] });
  assert.deepEqual(report.rounds, [
    { after: 1_000, judged: 20, current: 20, older: 0, undecided: 0, bypassed: 0 },
  ]);
  assert.deepEqual(report.skipped, { "nothing was there any more": 1 });
  assert.equal(report.broken, 0);
  assert.match(auditText(report), /0 of 20 were more than 1 s old; .*0 in 20 supports 3\/20/);
});

test("runAudit() names the entries that are older than the primary's rows", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using scene = new Scene(database.url);
  await scene.begin(10);
  // Nobody tells the cache.
  await scene.pool.execute(sql`update users set name = 'new' where id = 3`);
  await scene.pool.execute(sql`delete from users where id = 4`);
  scene.lead();
  const { pool, store } = scene;
  const report = await runAudit({ pool, store, keys: keysTo(10), rounds: [0, 1_000] });
  assert.equal(report.rounds[1].older, 2, auditText(report));
  assert.equal(report.rounds[1].current, 8);
  assert.equal(report.broken, 2);
  const named = report.older.filter(({ after }) => after === 1_000).map(({ key }) => key).sort();
  assert.deepEqual(named, ["lifeguard:model:public.users:3", "lifeguard:model:public.users:4"]);
  assert.match(auditText(report), /OLDER than 1 s: "lifeguard:model:public\.users:3", read at/);
});

test("runAudit() judges nothing that a client would not believe", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using scene = new Scene(database.url);
  await scene.begin(5);
  await scene.pool.execute(sql`update users set name = 'new'`);
  const { pool, store } = scene;
  const report = await runAudit({ pool, store, keys: keysTo(5), rounds: [1_000] });
  assert.deepEqual(report.rounds, [
    { after: 1_000, judged: 0, current: 0, older: 0, undecided: 0, bypassed: 5 },
  ]);
  assert.equal(report.atMost, 1);
  assert.match(auditText(report), /nothing was judged, so nothing can be said/);
});

test(
  "runAudit() asks again when the store is slow, and judges nothing while it does not answer",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using scene = new Scene(database.url);
    await scene.begin(5);
    scene.lead();
    const { pool, store } = scene;
    let looks = 0;
    const moody = new Proxy<CacheStore>(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "look") return typeof value === "function" ? value.bind(target) : value;
        return (keys: readonly LookKey[]) =>
          ++looks === 2
            ? target.look(keys)
            : Promise.reject(new StoreUnavailableError("Cannot use it: it is moody"));
      },
    });
    const report = await runAudit({ pool, store: moody, keys: keysTo(5), rounds: [1_000] });
    assert.deepEqual(report.rounds, [
      { after: 1_000, judged: 0, current: 0, older: 0, undecided: 0, bypassed: 5 },
    ]);
    assert.equal(looks, 3);
  },
);

test("shareAtMost() is the rule of three, and Poisson's bound where something was found", () => {
  assert.equal(shareAtMost(0, 300), 0.01);
  assert.equal(shareAtMost(0, 0), 1);
  // https://www.itl.nist.gov/div898/handbook/eda/section3/eda3674.htm: chi-squared(0.95, 2·(x + 1)) / 2
  for (const [bad, bound] of [[1, 4.744], [2, 6.296], [10, 16.962]]) {
    assert.ok(Math.abs(shareAtMost(bad, 1_000) * 1_000 - bound) < 0.02, `${shareAtMost(bad, 1_000) * 1_000}`);
  }
});
