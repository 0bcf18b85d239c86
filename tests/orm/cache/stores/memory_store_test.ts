import assert from "node:assert/strict";
import { StoreUnavailableError } from "../../../../orm/cache/stores/cache_store.ts";
import { MemoryStore, type MemoryStoreOptions } from "../../../../orm/cache/stores/memory_store.ts";
import { ConfigError } from "../../../../pool/wire/errors.ts";
import { test } from "../../../harness.ts";
import { fillOf, lookAt, takeOver, testStoreContract } from "./store_contract.ts";

testStoreContract({
  name: "memory",
  open(lives) {
    const store = new MemoryStore(lives);
    return Promise.resolve({
      store,
      prefix: "lifeguard:",
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    });
  },
});

const key = (id: number) => ({ key: `lifeguard:model:public.users:${id}`, table: "public.users" });

async function fill(store: MemoryStore, id: number, text: string): Promise<string> {
  const { ticket } = await lookAt(store, key(id));
  const [outcome] = await store.fill([fillOf(key(id), { ticket, version: 100n, text })]);
  return outcome;
}

test("MemoryStore keeps what was used last within its bounds, and the watermark always", async () => {
  await using store = new MemoryStore({ maxEntries: 3, maxBytes: 3_000 });
  await takeOver(store);
  for (const id of [1, 2, 3]) assert.equal(await fill(store, id, "x"), "stored");
  assert.ok((await lookAt(store, key(1))).entry !== undefined);
  assert.equal(await fill(store, 4, "x"), "stored");
  assert.equal(store.size, 3);
  assert.ok((await lookAt(store, key(1))).entry !== undefined, "it was used after 2");
  const second = await lookAt(store, key(2));
  assert.ok(second.entry === undefined && second.watermark !== undefined);
  assert.equal(await fill(store, 5, "x".repeat(2_500)), "stored");
  assert.ok(store.bytes <= 3_000 && store.size < 3, `${store.bytes} bytes, ${store.size} keys`);
});

test("MemoryStore does not keep what is larger than itself, and loses no count of its bytes", async () => {
  await using store = new MemoryStore({ maxBytes: 2_000 });
  await takeOver(store);
  await fill(store, 1, "x".repeat(5_000));
  assert.deepEqual([store.size, store.bytes], [0, 0]);
  assert.equal((await lookAt(store, key(1))).entry, undefined);
});

test("MemoryStore refuses a fill whose ticket it had to forget", async () => {
  await using store = new MemoryStore({ maxEntries: 2 });
  await takeOver(store);
  const { ticket } = await lookAt(store, key(1));
  await store.look([key(2), key(3)]);
  assert.deepEqual(await store.fill([fillOf(key(1), { ticket, version: 500n })]), ["void"]);
});

test("MemoryStore.clear() leaves nothing to be trusted", async () => {
  await using store = new MemoryStore();
  const by = await takeOver(store);
  await fill(store, 1, "x");
  store.clear();
  assert.equal(store.size, 0);
  assert.equal((await lookAt(store, key(1))).watermark, undefined);
  await assert.rejects(store.advance({ by, lsn: 300n }), { name: "NotLeaderError" });
});

test("MemoryStore refuses settings that are no whole numbers above 0", () => {
  for (const options of [{ maxEntries: 0 }, { maxBytes: -1 }, { ticketLife: 1.5 }, { tombstoneLife: NaN }]) {
    assert.throws(() => new MemoryStore(options as MemoryStoreOptions), ConfigError);
  }
});

test("MemoryStore refuses everything once it is closed", async () => {
  const store = new MemoryStore();
  await store[Symbol.asyncDispose]();
  await assert.rejects(store.look([key(1)]), StoreUnavailableError);
  await assert.rejects(store.document("coverage"), StoreUnavailableError);
});
