import assert from "node:assert/strict";
import type {
  CacheStore,
  Fill,
  FillOutcome,
  KeyLook,
  Leader,
  LookKey,
  SeenWatermark,
  Voided,
  Voider,
  Voiding,
  WatermarkChange,
} from "../../orm/cache/stores/cache_store.ts";
import { StoreUnavailableError } from "../../orm/cache/stores/cache_store.ts";
import { MemoryStore } from "../../orm/cache/stores/memory_store.ts";
import { type AnyElection, type Leadership, Reflector } from "../../reflector/mod.ts";
import { test } from "../harness.ts";
import { isolatedServer, needs, proxy } from "../services/client.ts";
import { eventually, LiveCache } from "./live_cache.ts";

const USERS = `create table users (id int primary key, email text unique, name text);
  insert into users select n, n || '@x', 'old' from generate_series(1, 9) n`;

const isNew = (row: Record<string, unknown> | null | undefined): boolean => row?.name === "new";

/** A store that can be away. */
class MoodyStore implements CacheStore {
  readonly kind = "memory";
  readonly #store = new MemoryStore();
  isAway = false;

  #do<Result>(body: () => Promise<Result>): Promise<Result> {
    return this.isAway ? Promise.reject(new StoreUnavailableError("It is away")) : body();
  }
  look(keys: readonly LookKey[]): Promise<readonly KeyLook[]> {
    return this.#do(() => this.#store.look(keys));
  }
  watermarks(): Promise<readonly (SeenWatermark | undefined)[]> {
    return this.#do(() => this.#store.watermarks());
  }
  fill(fills: readonly Fill[], by?: Voider): Promise<readonly FillOutcome[]> {
    return this.#do(() => this.#store.fill(fills, by));
  }
  void(voiding: Voiding): Promise<readonly Voided[]> {
    return this.#do(() => this.#store.void(voiding));
  }
  advance(change: WatermarkChange): Promise<Leader> {
    return this.#do(() => this.#store.advance(change));
  }
  document(name: string, text?: string): Promise<string | undefined> {
    return this.#do(() => this.#store.document(name, text));
  }
  /** Loses everything, as a restart does. */
  clear(): void {
    this.#store.clear();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}

/** One seat, given to whoever asks first; the holder can be told that it is gone. */
class Seat {
  #holder: AbortController | undefined;
  readonly #waiting: (() => void)[] = [];
  campaigns = 0;

  /** Takes the seat away. */
  depose(): void {
    this.#free(this.#holder);
  }

  election(): AnyElection {
    return {
      kind: "none",
      campaign: async (signal) => {
        this.campaigns++;
        while (this.#holder !== undefined) {
          const { promise, resolve, reject } = Promise.withResolvers<void>();
          this.#waiting.push(resolve);
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
          signal.throwIfAborted();
          await promise;
        }
        const holder = this.#holder = new AbortController();
        const leadership: Leadership = {
          lost: holder.signal,
          resign: () => Promise.resolve(this.#free(holder)),
        };
        return leadership;
      },
      leader: () => Promise.resolve(undefined),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  #free(holder: AbortController | undefined): void {
    if (holder === undefined || this.#holder !== holder) return;
    this.#holder = undefined;
    holder.abort(new Error("The seat was taken away"));
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

test(
  "Reflector begins another epoch when its connections were lost, and hears again",
  needs("primary"),
  async () => {
    await using network = await proxy("primary");
    await using live = await LiveCache.open({
      ddl: USERS,
      triggers: ["users"],
      through: (url) => network.url(url),
    });
    assert.ok(await live.fill("users", "1"));
    const { epoch } = await live.watermark();
    await network.refuse();
    await network.cut();
    await live.run(`update users set name = 'new' where id = 1`);
    await network.heal();
    await eventually(async () => (await live.watermark()).epoch !== epoch, "another epoch");
    assert.ok(!isOld(await live.cached("users", "1")));
    await live.trusted();
    assert.ok(await live.fill("users", "2"));
    await live.run(`update users set name = 'new' where id = 2`);
    await live.becomes("users", "2", isNew);
    assert.ok(live.reflector.status().faults.length > 0);
  },
);

test(
  "Reflector says no new number while it hears nothing, and is behind nothing afterwards",
  needs("primary"),
  async () => {
    await using network = await proxy("primary");
    await using live = await LiveCache.open({
      ddl: USERS,
      triggers: ["users"],
      through: (url) => network.url(url),
    });
    assert.ok(await live.fill("users", "1"));
    await network.blackHole();
    // What was on its way may still arrive.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { seq } = await live.watermark();
    await live.run(`update users set name = 'new' where id = 1`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal((await live.watermark()).seq, seq);
    assert.equal((await live.cached("users", "1"))?.name, "old");
    await network.heal();
    await live.becomes("users", "1", (row) => !isOld(row));
  },
);

test(
  "Reflector applies what came while the store was away for a moment, and begins anew when it was for long",
  needs("primary"),
  async () => {
    await using store = new MoodyStore();
    await using live = await LiveCache.open({ ddl: USERS, triggers: ["users"], store });
    assert.ok(await live.fill("users", "1"));
    const { epoch } = await live.watermark();
    store.isAway = true;
    await live.run(`update users set name = 'new' where id = 1`);
    await eventually(() => !live.reflector.status().storeAnswers, "it is noticed");
    store.isAway = false;
    await live.becomes("users", "1", isNew);
    assert.equal((await live.watermark()).epoch, epoch);
    assert.ok(await live.fill("users", "2"));
    store.isAway = true;
    await eventually(() => live.reflector.status().state === "establishing", "it gives the epoch up");
    await live.run(`update users set name = 'new' where id = 2`);
    store.isAway = false;
    await live.trusted();
    assert.notEqual((await live.watermark()).epoch, epoch);
    assert.equal(await live.cached("users", "2"), undefined);
    const { storeAnswers, counters } = live.reflector.status();
    assert.ok(storeAnswers && counters.epochs >= 2);
  },
);

test("Reflector establishes anew in a store that has lost everything", needs("primary"), async () => {
  await using store = new MoodyStore();
  await using live = await LiveCache.open({ ddl: USERS, triggers: ["users"], store });
  const { epoch } = await live.watermark();
  store.clear();
  await eventually(async () => {
    const [watermark] = await store.watermarks();
    return watermark !== undefined && watermark.epoch !== epoch;
  }, "another epoch");
  assert.ok(await live.fill("users", "1"));
  await live.run(`update users set name = 'new' where id = 1`);
  await live.becomes("users", "1", isNew);
});

test(
  "Reflector hands over when it is stopped, and follows when its leadership is lost",
  needs("primary"),
  async () => {
    const seat = new Seat();
    await using live = await LiveCache.open({ ddl: USERS, triggers: ["users"], election: seat.election() });
    const { epoch, term } = await live.watermark();
    const opening = LiveCache.open({
      ddl: "",
      url: live.url,
      store: live.store,
      election: seat.election(),
    });
    await eventually(() => seat.campaigns === 2, "the other waits");
    const asked = performance.now();
    await live.reflector.stop();
    await using other = await opening;
    console.log(`handed over in ${Math.round(performance.now() - asked)} ms`);
    const after = await other.watermark();
    assert.equal(after.term, term + 1);
    assert.notEqual(after.epoch, epoch);
    seat.depose();
    await eventually(
      async () => (await other.watermark()).term > after.term,
      "it leads again, in another term",
    );
    assert.ok(other.reflector.status().counters.leaderChanges >= 3);
  },
);

test(
  "Reflector that is elected and cannot lead lets another try, and goes on campaigning",
  { ...needs("primary"), timeout: 120_000 },
  async () => {
    const seat = new Seat();
    const store = new MoodyStore();
    await using live = await LiveCache.open({
      ddl: USERS,
      triggers: ["users"],
      store,
      election: seat.election(),
    });
    await using other = new Reflector({
      database: live.url,
      store: new MemoryStore(),
      election: seat.election(),
      source: "notify",
    });
    await other.start();
    await eventually(() => seat.campaigns === 2, "the other waits");
    store.isAway = true;
    const away = performance.now();
    await eventually(() => other.status().counters.canaries > 0, "the other leads", 40_000);
    console.log(
      `another leads ${Math.round(performance.now() - away)} ms after the store of the first was lost`,
    );
    await eventually(() => seat.campaigns === 3, "the first campaigns again");
    assert.equal(live.reflector.status().state, "following");
    assert.ok(live.reflector.status().faults.some(({ message }) => /another may try/.test(message)));
    store.isAway = false;
    await other.stop();
    await eventually(() => live.reflector.status().state === "leading", "the first leads", 40_000);
  },
);

test("Reflector that was deposed in the store campaigns again", needs("primary"), async () => {
  const seat = new Seat();
  await using live = await LiveCache.open({ ddl: USERS, triggers: ["users"], election: seat.election() });
  const { timeline, database, lsn, coverage } = await live.watermark();
  await live.store.advance({ takeOver: true, epoch: "0123456789abcdef", timeline, database, lsn, coverage });
  await eventually(() => seat.campaigns === 2, "it campaigns again");
  assert.ok(live.reflector.status().faults.some(({ event }) => event === "deposed"));
  await live.trusted();
});

test("Reflector begins another epoch when the server has crashed", needs("control"), async () => {
  await using server = await isolatedServer();
  await using live = await LiveCache.open({ ddl: USERS, triggers: ["users"], url: server.url });
  assert.ok(await live.fill("users", "1"));
  const { epoch } = await live.watermark();
  await server.control.kill();
  await server.control.start();
  await eventually(async () => (await live.watermark()).epoch !== epoch, "another epoch", 20_000);
  await live.trusted();
  assert.ok(await live.fill("users", "1"));
  await live.run(`update users set name = 'new' where id = 1`);
  await live.becomes("users", "1", isNew);
});

function isOld(row: Record<string, unknown> | null | undefined): boolean {
  return row?.name === "old";
}
