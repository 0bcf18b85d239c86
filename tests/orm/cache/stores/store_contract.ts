/**
 * The contract of a cache store, for every implementation: what each operation means, by what a caller sees. Names in
 * the tests are those of the protocol: entry, ticket, tombstone, watermark, floor, epoch, term.
 */
import assert from "node:assert/strict";
import {
  type CacheStore,
  type Fill,
  type KeyLook,
  type Leader,
  type LookKey,
  NotLeaderError,
  type Ticket,
} from "../../../../orm/cache/stores/cache_store.ts";
import { type Grant, test } from "../../../harness.ts";

/** A store of a test's own, empty. */
export interface OpenedStore extends AsyncDisposable {
  readonly store: CacheStore;
  /** What its keys begin with. */
  readonly prefix: string;
}

/** Milliseconds that a store's tickets and tombstones live. */
export interface StoreLives {
  readonly ticketLife: number;
  readonly tombstoneLife: number;
}

/** How a store is held to the contract. */
export interface StoreContract {
  /** What the tests call it. */
  readonly name: string;
  readonly ignore?: string | undefined;
  /** What it needs to be granted beside the network: ioredis reads the environment when it is loaded. */
  readonly allow?: readonly Grant[];
  /** Opens an empty store. */
  open(lives: StoreLives): Promise<OpenedStore>;
}

const TABLE = "public.users";
const EPOCHS = ["epoch-aaaaaaaaaa", "epoch-bbbbbbbbbb"] as const;

/** Leads a store from a given LSN on. */
export function takeOver(
  store: CacheStore,
  { lsn = 100n, epoch = EPOCHS[0] }: { readonly lsn?: bigint; readonly epoch?: string } = {},
): Promise<Leader> {
  return store.advance({
    takeOver: true,
    epoch,
    timeline: "7467001/1",
    database: "music",
    lsn,
    coverage: "c0",
  });
}

/** Looks at one key. */
export async function lookAt(store: CacheStore, key: LookKey): Promise<KeyLook> {
  const [look] = await store.look([key]);
  return look;
}

/** What a reader has read, to be stored with a ticket. */
export function fillOf(
  key: LookKey,
  { ticket, version, text = "row", ttl = 60_000 }: {
    ticket: Ticket | undefined;
    version: bigint;
    text?: string;
    ttl?: number;
  },
): Fill {
  assert.ok(ticket !== undefined, "a ticket was to be there");
  const payload = new TextEncoder().encode(text);
  return { ...key, ticket, version, upper: version + 1n, shape: "id,name", payload, ttl };
}

/** Registers the contract's tests for one store. */
export function testStoreContract({ name, ignore, allow, open }: StoreContract): void {
  const check = (
    behaviour: string,
    body: (opened: OpenedStore & { key(id: string): LookKey }) => Promise<void>,
    lives: StoreLives = { ticketLife: 60_000, tombstoneLife: 60_000 },
  ) =>
    test(
      `CacheStore: ${name}: ${behaviour}`,
      { ignore, ...(allow === undefined ? {} : { allow }) },
      async () => {
        const opened = await open(lives);
        try {
          await body({
            ...opened,
            key: (id) => ({ key: `${opened.prefix}model:${TABLE}:${id}`, table: TABLE }),
          });
        } finally {
          await opened[Symbol.asyncDispose]();
        }
      },
    );

  check("without a watermark a look leaves no ticket", async ({ store, key }) => {
    assert.deepEqual(await lookAt(store, key("1")), {
      entry: undefined,
      ticket: undefined,
      watermark: undefined,
    });
    assert.ok((await store.watermarks()).every((watermark) => watermark === undefined));
    await takeOver(store);
    assert.ok((await lookAt(store, key("1"))).ticket !== undefined);
  });

  check(
    "look() shows the watermark a leader wrote, the same object until it changes",
    async ({ store, key }) => {
      const leader = await takeOver(store, { lsn: 77n });
      assert.equal(leader.term, 1);
      const { watermark } = await lookAt(store, key("1"));
      assert.ok(watermark !== undefined);
      const { shard: _, server, ...rest } = watermark;
      assert.match(server, /^[0-9a-f]{40}$/);
      assert.deepEqual(rest, {
        ...{ term: 1, epoch: EPOCHS[0], timeline: "7467001/1", database: "music", lsn: 77n, floor: 77n },
        ...{ seq: 0, delay: 0, runId: server, coverage: "c0", tables: new Map() },
      });
      assert.equal((await lookAt(store, key("1"))).watermark, watermark);
      assert.ok((await store.watermarks()).includes(watermark));
    },
  );

  check("a ticket is shared until something happens to the key, then void", async ({ store, key }) => {
    await takeOver(store);
    const first = await lookAt(store, key("1"));
    const second = await lookAt(store, key("1"));
    assert.deepEqual(first.ticket, second.ticket);
    assert.deepEqual(first.ticket, { id: first.ticket!.id, epoch: EPOCHS[0], floor: 100n });
    assert.deepEqual(await store.fill([fillOf(key("1"), { ticket: first.ticket, version: 100n })]), [
      "stored",
    ]);
    assert.deepEqual(await store.fill([fillOf(key("1"), { ticket: second.ticket, version: 101n })]), [
      "void",
    ]);
    const { entry, ticket } = await lookAt(store, key("1"));
    assert.equal(ticket, undefined);
    assert.equal(entry?.version, 100n);
    assert.equal(entry?.upper, 101n);
    assert.equal(entry?.shape, "id,name");
    assert.equal(new TextDecoder().decode(entry?.payload), "row");
  });

  check("negative entries, bytes of every value and odd keys come back", async ({ store, key }) => {
    await takeOver(store);
    const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
    const keys = [key("none"), key("bytes"), key("é {x} \\, \n")];
    const looks = await store.look(keys);
    const fills = keys.map((key, index) =>
      fillOf(key, { ticket: looks[index].ticket, version: 2n ** 64n - 2n })
    );
    const outcomes = await store.fill([
      { ...fills[0], shape: "", payload: undefined },
      { ...fills[1], payload: bytes },
      { ...fills[2], shape: "ä,ö", payload: new Uint8Array() },
    ]);
    assert.deepEqual(outcomes, ["stored", "stored", "stored"]);
    const [none, some, odd] = (await store.look(keys)).map(({ entry }) => entry);
    assert.deepEqual([none?.payload, none?.shape, none?.version], [undefined, "", 2n ** 64n - 2n]);
    assert.deepEqual(Uint8Array.from(some!.payload!), bytes);
    assert.deepEqual([odd?.payload?.length, odd?.shape], [0, "ä,ö"]);
  });

  check(
    "a fill below its ticket's floor is early, however late the ticket is used",
    async ({ store, key }) => {
      const by = await takeOver(store);
      const early = await lookAt(store, key("1"));
      await store.advance({ by, lsn: 200n });
      assert.deepEqual(await store.fill([fillOf(key("1"), { ticket: early.ticket, version: 99n })]), [
        "early",
      ]);
      const late = await lookAt(store, key("2"));
      assert.equal(late.ticket?.floor, 200n);
      assert.deepEqual(await store.fill([fillOf(key("2"), { ticket: late.ticket, version: 199n })]), [
        "early",
      ]);
      assert.deepEqual(await store.fill([fillOf(key("1"), { ticket: early.ticket, version: 100n })]), [
        "stored",
      ]);
    },
  );

  check("a leader's voiding takes entries and tickets, and raises the floor", async ({ store, key }) => {
    const by = await takeOver(store);
    const keys = [key("entry"), key("ticket"), key("absent")];
    const looks = await store.look(keys.slice(0, 2));
    await store.fill([fillOf(keys[0], { ticket: looks[0].ticket, version: 150n })]);
    const voided = await store.void({ keys, floor: 300n, by });
    assert.deepEqual(voided.map(({ was, shape }) => [was, shape]), [
      ["active", "id,name"],
      ["active", ""],
      ["absent", ""],
    ]);
    assert.ok(voided[0].ttl > 30_000 && voided[0].ttl <= 60_000, `${voided[0].ttl} ms`);
    assert.deepEqual(voided[0].ticket?.floor, 300n);
    assert.deepEqual([voided[1].ticket, voided[1].ttl], [undefined, 0]);
    assert.deepEqual(await store.fill([fillOf(keys[1], { ticket: looks[1].ticket, version: 400n })]), [
      "void",
    ]);
    const after = await store.look(keys);
    assert.ok(after.every(({ entry }) => entry === undefined));
    assert.deepEqual(after[0].ticket, voided[0].ticket);
    assert.equal(after[0].watermark?.floor, 300n);
    assert.equal(after[0].watermark?.lsn, 100n);
    assert.equal(after[1].ticket?.floor, 300n);
  });

  check("the leader's refill wins a tie, a reader's needs more", async ({ store, key }) => {
    const by = await takeOver(store);
    const activate = async (id: string): Promise<Ticket | undefined> => {
      const { ticket } = await lookAt(store, key(id));
      assert.deepEqual(await store.fill([fillOf(key(id), { ticket, version: 300n })]), ["stored"]);
      const [voided] = await store.void({ keys: [key(id)], floor: 300n, by });
      return voided.ticket;
    };
    const [one, two, three] = [await activate("1"), await activate("2"), await activate("3")];
    assert.deepEqual(await store.fill([fillOf(key("1"), { ticket: one, version: 300n })]), ["newer"]);
    assert.deepEqual(await store.fill([fillOf(key("1"), { ticket: one, version: 300n })], by), ["stored"]);
    assert.deepEqual(await store.fill([fillOf(key("2"), { ticket: two, version: 301n })]), ["stored"]);
    assert.deepEqual(await store.fill([fillOf(key("3"), { ticket: three, version: 299n })], by), ["early"]);
    assert.equal((await lookAt(store, key("1"))).entry?.version, 300n);
  });

  check("a second voiding before the refill tells what is to be refilled again", async ({ store, key }) => {
    const by = await takeOver(store);
    const { ticket } = await lookAt(store, key("1"));
    await store.fill([fillOf(key("1"), { ticket, version: 100n })]);
    const [first] = await store.void({ keys: [key("1")], floor: 200n, by });
    const [second] = await store.void({ keys: [key("1")], floor: 190n, by });
    assert.deepEqual([second.was, second.shape], ["active", "id,name"]);
    assert.ok(second.ttl > 30_000 && second.ttl <= first.ttl, `${first.ttl} ms, then ${second.ttl} ms`);
    assert.equal(second.ticket?.floor, 200n);
    assert.notEqual(second.ticket?.id, first.ticket?.id);
    assert.deepEqual(await store.fill([fillOf(key("1"), { ticket: first.ticket, version: 250n })], by), [
      "void",
    ]);
    assert.deepEqual(await store.fill([fillOf(key("1"), { ticket: second.ticket, version: 250n })], by), [
      "stored",
    ]);
  });

  check(
    "a writer's voiding takes what is older and every ticket, and leaves the watermark",
    async (opened) => {
      const { store, key } = opened;
      await takeOver(store);
      const keys = [key("older"), key("newer"), key("ticket"), key("absent")];
      const looks = await store.look(keys.slice(0, 3));
      await store.fill([
        fillOf(keys[0], { ticket: looks[0].ticket, version: 299n }),
        fillOf(keys[1], { ticket: looks[1].ticket, version: 300n }),
      ]);
      const voided = await store.void({ keys, floor: 300n, by: "writer" });
      assert.deepEqual(voided.map(({ was, ticket }) => [was, ticket]), [
        ["active", undefined],
        ["active", undefined],
        ["active", undefined],
        ["absent", undefined],
      ]);
      const after = await store.look(keys);
      assert.deepEqual(after.map(({ entry }) => entry?.version), [undefined, 300n, undefined, undefined]);
      assert.deepEqual(after.map(({ ticket }) => ticket?.floor), [300n, undefined, 300n, 100n]);
      assert.equal(after[0].watermark?.floor, 100n);
      assert.notEqual(after[2].ticket?.id, looks[2].ticket?.id);
      assert.deepEqual(await store.fill([fillOf(keys[0], { ticket: after[0].ticket, version: 300n })]), [
        "newer",
      ]);
      assert.deepEqual(await store.fill([fillOf(keys[0], { ticket: after[0].ticket, version: 301n })]), [
        "stored",
      ]);
    },
  );

  check("advance() never goes back within a term, whatever comes late", async ({ store, key }) => {
    const by = await takeOver(store);
    const tables = new Map([[TABLE, 250n]]);
    await store.advance({ by, lsn: 200n, seq: 7, delay: 1.2, coverage: "c1", tables });
    await store.advance({
      by,
      lsn: 150n,
      floor: 120n,
      seq: 6,
      delay: 90,
      coverage: "c0",
      tables: new Map([[TABLE, 9n]]),
    });
    await store.advance({ by, forget: new Map([[TABLE, 249n], ["public.other", 1n]]) });
    const { watermark } = await lookAt(store, key("1"));
    const { lsn, floor, seq, delay, coverage } = watermark!;
    assert.deepEqual({ lsn, floor, seq, delay, coverage }, {
      lsn: 200n,
      floor: 200n,
      seq: 7,
      delay: 2,
      coverage: "c1",
    });
    assert.deepEqual(watermark!.tables, tables);
    await store.advance({ by, forget: tables, floor: 900n });
    const later = (await lookAt(store, key("1"))).watermark!;
    assert.deepEqual([later.tables.size, later.lsn, later.floor], [0, 200n, 900n]);
  });

  check("a table's floor voids its entries and refuses early fills", async ({ store, key }) => {
    const by = await takeOver(store);
    const other = { key: key("1").key.replace("users", "odd\tname\\"), table: "public.odd\tname\\" };
    const keys = [key("1"), key("2"), other];
    const looks = await store.look(keys);
    const outcomes = await store.fill([
      fillOf(keys[0], { ticket: looks[0].ticket, version: 200n }),
      fillOf(keys[1], { ticket: looks[1].ticket, version: 201n }),
      fillOf(keys[2], { ticket: looks[2].ticket, version: 100n }),
    ]);
    assert.deepEqual(outcomes, ["stored", "stored", "stored"]);
    await store.advance({ by, tables: new Map([[TABLE, 200n], ["public.users2", 999n], ["users", 999n]]) });
    const after = await store.look(keys);
    assert.deepEqual(after.map(({ entry }) => entry?.version), [undefined, 201n, 100n]);
    const fill = fillOf(keys[0], { ticket: after[0].ticket, version: 200n });
    assert.deepEqual(await store.fill([fill]), ["early"]);
    assert.deepEqual(await store.fill([{ ...fill, version: 201n }]), ["stored"]);
    await store.advance({ by, tables: new Map([[other.table, 100n]]) });
    const last = await lookAt(store, other);
    assert.equal(last.entry, undefined);
    assert.equal(last.watermark?.tables.get(other.table), 100n);
  });

  check("a new epoch distrusts entries, tombstones and tickets", async ({ store, key }) => {
    await takeOver(store);
    const keys = [key("entry"), key("ticket"), key("tombstone")];
    const looks = await store.look(keys);
    await store.fill([
      fillOf(keys[0], { ticket: looks[0].ticket, version: 9_000n }),
      fillOf(keys[2], { ticket: looks[2].ticket, version: 9_000n }),
    ]);
    await store.void({ keys: [keys[2]], floor: 9_999n, by: "writer" });
    const by = await takeOver(store, { lsn: 50n, epoch: EPOCHS[1] });
    assert.deepEqual(by, { term: 2, epoch: EPOCHS[1] });
    assert.deepEqual(await store.fill([fillOf(keys[1], { ticket: looks[1].ticket, version: 9_000n })]), [
      "epoch",
    ]);
    const after = await store.look(keys);
    for (const { entry, ticket } of after) {
      assert.equal(entry, undefined);
      assert.deepEqual(ticket, { id: ticket!.id, epoch: EPOCHS[1], floor: 50n });
    }
    assert.notEqual(after[1].ticket?.id, looks[1].ticket?.id);
    assert.deepEqual(await store.fill([fillOf(keys[2], { ticket: after[2].ticket, version: 51n })]), [
      "stored",
    ]);
  });

  check("a deposed leader is refused in everything", async ({ store, key }) => {
    const old = await takeOver(store);
    const { ticket } = await lookAt(store, key("1"));
    const by = await takeOver(store, { epoch: EPOCHS[1] });
    const before = await lookAt(store, key("1"));
    await assert.rejects(store.advance({ by: old, lsn: 500n, seq: 3 }), NotLeaderError);
    await assert.rejects(store.void({ keys: [key("1")], floor: 500n, by: old }), NotLeaderError);
    await assert.rejects(store.void({ keys: [], floor: 500n, by: old }), NotLeaderError);
    await assert.rejects(store.fill([fillOf(key("1"), { ticket, version: 500n })], old), NotLeaderError);
    // The same term in a store that was emptied is another leadership.
    await assert.rejects(store.advance({ by: { ...by, epoch: EPOCHS[0] }, lsn: 500n }), NotLeaderError);
    assert.deepEqual(await lookAt(store, key("1")), before);
    await store.advance({ by, lsn: 600n });
    assert.equal((await lookAt(store, key("1"))).watermark?.lsn, 600n);
  });

  check("entries, tickets and tombstones live as long as they are to", async ({ store, key }) => {
    const by = await takeOver(store);
    const { ticket } = await lookAt(store, key("1"));
    await store.fill([fillOf(key("1"), { ticket, version: 100n, ttl: 40 })]);
    const left = await lookAt(store, key("2"));
    await pause(340);
    assert.equal((await lookAt(store, key("1"))).entry, undefined);
    assert.deepEqual(await store.fill([fillOf(key("2"), { ticket: left.ticket, version: 100n })]), ["void"]);
    assert.notEqual((await lookAt(store, key("2"))).ticket?.id, left.ticket?.id);
    await store.void({ keys: [key("2")], floor: 300n, by });
    await pause(440);
    const [voided] = await store.void({ keys: [key("2")], floor: 300n, by });
    assert.equal(voided.was, "absent");
  }, { ticketLife: 300, tombstoneLife: 400 });

  check("documents are kept beside the entries", async ({ store }) => {
    assert.equal(await store.document("coverage"), undefined);
    await store.document("coverage", '{"tables":["é"]}');
    assert.equal(await store.document("coverage"), '{"tables":["é"]}');
    assert.equal(await store.document("shapes"), undefined);
  });

  check("looks of one turn each get what is theirs", async ({ store, key }) => {
    const by = await takeOver(store);
    const { ticket } = await lookAt(store, key("hit"));
    await store.fill([fillOf(key("hit"), { ticket, version: 500n })]);
    await store.advance({ by, tables: new Map([[TABLE, 400n]]) });
    const other = { key: key("other").key, table: "public.other" };
    const [hit, none, mixed, same] = await Promise.all([
      store.look([key("hit")]),
      store.look([]),
      store.look([key("miss"), key("hit"), other]),
      store.look([key("miss")]),
    ]);
    assert.deepEqual([hit.length, none.length, mixed.length, same.length], [1, 0, 3, 1]);
    assert.equal(hit[0].entry?.version, 500n);
    assert.deepEqual(mixed.map(({ entry }) => entry?.version), [undefined, 500n, undefined]);
    assert.ok(mixed[0].ticket !== undefined && mixed[2].ticket !== undefined);
    assert.deepEqual(same[0].ticket, mixed[0].ticket);
  });

  check("no keys are no trouble, and many come back in their order", async ({ store, key }) => {
    await takeOver(store);
    assert.deepEqual(await store.look([]), []);
    assert.deepEqual(await store.fill([]), []);
    assert.deepEqual(await store.void({ keys: [], floor: 1n, by: "writer" }), []);
    const keys = Array.from({ length: 1_500 }, (_, index) => key(`${index}`));
    const looks = await store.look(keys);
    await store.fill(
      keys.map((key, index) => fillOf(key, { ticket: looks[index].ticket, version: 100n, text: key.key })),
    );
    const after = await store.look(keys);
    const texts = after.map(({ entry }) => new TextDecoder().decode(entry?.payload));
    assert.deepEqual(texts, keys.map(({ key }) => key));
    const voided = await store.void({ keys, floor: 101n, by: "writer" });
    assert.deepEqual(voided.map(({ key }) => key), keys.map(({ key }) => key));
    assert.ok(voided.every(({ was }) => was === "active"));
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
