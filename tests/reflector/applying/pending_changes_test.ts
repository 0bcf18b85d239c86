import assert from "node:assert/strict";
import { changedKeys } from "../../../reflector/applying/changed_keys.ts";
import { PendingChanges } from "../../../reflector/applying/pending_changes.ts";
import type { Change, ChangeBatch } from "../../../reflector/source/change_source.ts";
import { fc } from "../../fast_check.ts";
import { test } from "../../harness.ts";

function rows(
  table: string,
  ids: readonly string[],
  lookups: Record<string, readonly string[]> = {},
): Change {
  return { kind: "rows", table, ids, lookups: new Map(Object.entries(lookups)) };
}

function batch(changes: readonly Change[], canaries: readonly string[] = []): ChangeBatch {
  return { changes, canaries };
}

test("PendingChanges.take() gives everything that came, each key once, and then nothing", () => {
  const pending = new PendingChanges();
  assert.equal(pending.take(), undefined);
  const last = batch([rows("s.t", ["2", "3"], { email: ["b"] })], ["c2"]);
  pending.add(batch([rows("s.t", ["1", "2"], { email: ["a"] }), rows("s.u", ["1"])], ["c1"]));
  pending.add(last);
  const taken = pending.take()!;
  assert.deepEqual(
    changedKeys(taken, "p:").map(({ key }) => key),
    [
      ...["1", "2", "3"].map((id) => `p:model:s.t:${id}`),
      ...["a", "b"].map((email) => `p:lookup:s.t:email:${email}`),
      "p:table:s.t",
      "p:model:s.u:1",
      "p:table:s.u",
    ],
  );
  assert.deepEqual(taken.canaries, ["c1", "c2"]);
  assert.equal(taken.last, last);
  assert.equal(taken.count, 3);
  assert.ok(pending.isEmpty);
});

test("PendingChanges forgets rows of a table that has changed as a whole", () => {
  const pending = new PendingChanges();
  pending.add(batch([
    rows("s.t", ["1"]),
    { kind: "table", table: "s.t", reason: "truncate" },
    rows("s.t", ["2"]),
    rows("s.u", ["1"]),
  ]));
  const { rows: found, tables } = pending.take()!;
  assert.deepEqual([...found.keys()], ["s.u"]);
  assert.deepEqual([...tables], [["s.t", "truncate"]]);
});

test("PendingChanges is bounded: what is too much becomes a change of the whole table", () => {
  const pending = new PendingChanges();
  for (let index = 0; index < 1_000; index++) {
    const ids = Array.from({ length: 1_000 }, (_, row) => `${index}-${row}`);
    pending.add(batch([rows("s.t", ids), rows("s.u", ["1"])]));
  }
  const { rows: found, tables } = pending.take()!;
  assert.deepEqual([...tables.keys()], ["s.t"]);
  assert.deepEqual([...found.get("s.u")!.ids], ["1"]);
  pending.add(batch([rows("s.t", ["1"])]));
  assert.deepEqual([...pending.take()!.rows.get("s.t")!.ids], ["1"], "and it begins anew");
});

test("PendingChanges loses no key, whatever comes", () => {
  const table = fc.constantFrom("s.t", "s.u");
  const change = fc.oneof(
    fc.record({ table, ids: fc.array(fc.nat(20).map(String)) }).map(({ table, ids }) => rows(table, ids)),
    table.map((name): Change => ({ kind: "table", table: name, reason: "truncate" })),
  );
  fc.assert(fc.property(fc.array(fc.array(change)), (batches) => {
    const pending = new PendingChanges();
    for (const changes of batches) pending.add(batch(changes));
    const taken = pending.take();
    for (const one of batches.flat()) {
      if (taken!.tables.has(one.table)) continue;
      assert.equal(one.kind, "rows");
      if (one.kind === "rows") {
        for (const id of one.ids) assert.ok(taken!.rows.get(one.table)!.ids.has(id));
      }
    }
  }));
});
