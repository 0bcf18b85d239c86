/** The scripts of Redis and the keyspace in TypeScript do the same, whatever is asked of them in whatever order. */
import assert from "node:assert/strict";
import type {
  CacheStore,
  Leader,
  LookKey,
  Ticket,
  Voider,
} from "../../../../orm/cache/stores/cache_store.ts";
import { MemoryStore } from "../../../../orm/cache/stores/memory_store.ts";
import { RedisStore } from "../../../../orm/cache/stores/redis/redis_store.ts";
import { fc } from "../../../fast_check.ts";
import { test } from "../../../harness.ts";
import { rounds } from "../../../random.ts";
import { needs, server } from "../../../services/client.ts";

const TABLES = ["public.users", "public.users2"];
const KEYS = 4;

type Step =
  | { readonly kind: "look"; readonly keys: readonly number[] }
  | {
    readonly kind: "fill";
    readonly key: number;
    readonly version: bigint;
    readonly age: number;
    readonly by: number;
    readonly shape: string;
  }
  | { readonly kind: "void"; readonly keys: readonly number[]; readonly floor: bigint; readonly by: number }
  | { readonly kind: "takeOver"; readonly lsn: bigint }
  | {
    readonly kind: "advance";
    readonly by: number;
    readonly lsn: bigint | undefined;
    readonly floor: bigint | undefined;
    readonly seq: number | undefined;
    readonly coverage: string | undefined;
    readonly tables: readonly (readonly [string, bigint])[] | undefined;
    readonly forget: readonly (readonly [string, bigint])[] | undefined;
  }
  | { readonly kind: "lose" };

/** Few different ones, so that they meet; some beyond what a double can hold. */
const lsn = fc.bigInt({ min: 0n, max: 30n }).map((small) => small > 20n ? 2n ** 60n + small : small);
const low = fc.bigInt({ min: 0n, max: 8n });
const key = fc.nat(KEYS - 1);
const keys = fc.uniqueArray(key, { minLength: 1, maxLength: KEYS });
/** Which leadership: 0 is a writer's, 1 the newest, 2 the one before. */
const by = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 6, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.constant(2) },
);
const floors = fc.option(fc.array(fc.tuple(fc.constantFrom(...TABLES, "odd\tname"), low), { maxLength: 3 }), {
  nil: undefined,
});
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 16, arbitrary: fc.record({ kind: fc.constant("look" as const), keys }) },
  {
    weight: 24,
    arbitrary: fc.record({
      kind: fc.constant("fill" as const),
      ...{ key, version: lsn, age: fc.constantFrom(0, 0, 0, 1), by, shape: fc.constantFrom("", "id,é") },
    }),
  },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("void" as const), keys, floor: low, by }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("takeOver" as const), lsn: low }) },
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ kind: fc.constant("advance" as const), by, lsn: optional(low), floor: optional(low) },
      ...{ seq: optional(fc.nat(5)), coverage: optional(fc.constantFrom("c0", "c\n1")) },
      ...{ tables: floors, forget: floors },
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const) }) },
);

/** One store under test: what it was given and gave, with its own names for tickets. */
class Subject {
  readonly #store: CacheStore;
  readonly #prefix: string;
  readonly #loseWatermark: () => Promise<void>;
  readonly #tickets: Map<number, Ticket[]> = new Map();
  readonly #names: Map<string, string> = new Map();
  readonly #leaders: Leader[] = [];
  #epochs = 0;

  constructor(store: CacheStore, prefix: string, loseWatermark: () => Promise<void>) {
    this.#store = store;
    this.#prefix = prefix;
    this.#loseWatermark = loseWatermark;
  }

  async do(step: Step): Promise<unknown> {
    try {
      return await this.#act(step);
    } catch (error) {
      return (error as Error).name;
    }
  }

  async #act(step: Step): Promise<unknown> {
    switch (step.kind) {
      case "look": {
        const looks = await this.#store.look(step.keys.map((key) => this.#key(key)));
        return looks.map(({ entry, ticket, watermark }, index) => ({
          entry: entry && { ...this.#entry(entry) },
          ticket: this.#named(step.keys[index], ticket),
          watermark: watermark && { ...watermark, server: "", runId: watermark.runId === watermark.server },
        }));
      }
      case "fill": {
        const { key, version, age, shape } = step;
        const tickets = this.#tickets.get(key) ?? [];
        const ticket = tickets.at(-1 - age) ?? { id: "none-at-all-none", epoch: "epoch", floor: 0n };
        const payload = shape === "" ? undefined : new TextEncoder().encode(`row ${version}`);
        const fill = { ...this.#key(key), ticket, version, upper: version + 1n, shape, payload, ttl: 60_000 };
        return await this.#store.fill([fill], this.#by(step.by));
      }
      case "void": {
        const keys = step.keys.map((key) => this.#key(key));
        const voided = await this.#store.void({ keys, floor: step.floor, by: this.#by(step.by) });
        return voided.map(({ was, shape, ttl, ticket }, index) => ({
          ...{ was, shape, ttl: ttl > 0, ticket: this.#named(step.keys[index], ticket) },
        }));
      }
      case "takeOver": {
        const epoch = `epoch-${this.#epochs++}`.padEnd(16, "x");
        const change = { takeOver: true, epoch, timeline: "7\t1", database: "é\\", coverage: "c" } as const;
        const leader = await this.#store.advance({ ...change, lsn: step.lsn });
        this.#leaders.push(leader);
        return leader;
      }
      case "advance": {
        const { lsn, floor, seq, coverage, tables, forget } = step;
        const by = this.#by(step.by);
        if (by === "writer") return undefined;
        await this.#store.advance({
          by,
          ...(lsn === undefined ? {} : { lsn }),
          ...(floor === undefined ? {} : { floor }),
          ...(seq === undefined ? {} : { seq, delay: seq + 0.5 }),
          ...(coverage === undefined ? {} : { coverage }),
          ...(tables === undefined ? {} : { tables: new Map(tables) }),
          ...(forget === undefined ? {} : { forget: new Map(forget) }),
        });
        return "advanced";
      }
      case "lose":
        return await this.#loseWatermark();
    }
  }

  #entry(
    { version, upper, shape, payload }: { version: bigint; upper: bigint; shape: string; payload?: unknown },
  ) {
    const text = payload === undefined ? undefined : new TextDecoder().decode(payload as Uint8Array);
    return { version, upper, shape, text };
  }

  #key(key: number): LookKey {
    const table = TABLES[key % TABLES.length];
    return { key: `${this.#prefix}model:${table}:${key}`, table };
  }

  #by(which: number): Voider {
    return which === 0 ? "writer" : this.#leaders.at(-which) ?? { term: 1, epoch: "no-epoch-at-all-" };
  }

  #named(key: number, ticket: Ticket | undefined): unknown {
    if (ticket === undefined) return undefined;
    const name = this.#names.get(ticket.id + key) ?? `ticket ${this.#names.size}`;
    if (!this.#names.has(ticket.id + key)) {
      this.#names.set(ticket.id + key, name);
      this.#tickets.set(key, [...this.#tickets.get(key) ?? [], ticket]);
    }
    return { name, epoch: ticket.epoch, floor: ticket.floor };
  }
}

test(
  "RedisStore does what Keyspace means, in any order",
  { ...needs("redis"), allow: ["env"], timeout: 120_000 },
  async () => {
    const url = server("redis").url;
    const lives = { ticketLife: 60_000, tombstoneLife: 60_000 };
    const outcomes = new Map<string, number>();
    const count = (name: string) => outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
    const { Redis } = await import("ioredis");
    const redis = new Redis(url);
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
          const prefix = `test-${crypto.randomUUID()}:`;
          await using memory = new MemoryStore(lives);
          await using store = new RedisStore(url, { ...lives, prefix, timeout: 10_000 });
          await store.connected();
          const subjects = [
            new Subject(memory, prefix, () => Promise.resolve(memory.loseWatermark())),
            new Subject(store, prefix, async () => void await redis.del(`${prefix}watermark`)),
          ];
          const all: Step[] = [{ kind: "takeOver", lsn: 1n }, ...steps];
          for (const [index, step] of all.entries()) {
            const [meant, done] = [await subjects[0].do(step), await subjects[1].do(step)];
            assert.deepEqual(done, meant, `step ${index}: ${step.kind}`);
            if (step.kind === "fill") count(String(meant));
            if (step.kind === "void") {
              for (const one of Array.isArray(meant) ? meant : [{ was: meant }]) {
                count(`${step.kind} ${one.was}`);
              }
            }
          }
          await redis.del(...await redis.keys(`${prefix}*`), prefix);
        }),
        { numRuns: rounds(60, 3_000) },
      );
    } finally {
      await redis.quit();
    }
    console.log(`outcomes: ${[...outcomes].map(([name, times]) => `${name} ${times}`).join(", ")}`);
    for (const name of ["stored", "void", "epoch", "early", "NotLeaderError"]) {
      assert.ok((outcomes.get(name) ?? 0) > 0, `no fill was "${name}"`);
    }
  },
);
