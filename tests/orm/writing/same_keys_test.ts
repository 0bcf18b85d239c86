/** updateMany() finds the same key twice, however it is written: PostgreSQL would write one of the two and say nothing. */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { column, model } from "../../../orm/mod.ts";
import { test } from "../../harness.ts";
import { FakeExecutor } from "../fake_executor.ts";

const UID = "0b3a6c1e-6d0f-4f0a-9d0e-0123456789ab";
const note = column.text();
const KEYS = {
  numeric: [column.numeric(10, 2), "1.0", "1.00"],
  uuid: [column.uuid(), UID, UID.toUpperCase()],
  char: [column.char(4), "ab", "ab  "],
  timestamptz: [
    column.timestamptz(),
    Temporal.Instant.from("2020-01-01T00:00:10.5Z"),
    Temporal.Instant.from("2020-01-01T00:00:10.500Z"),
  ],
  bytea: [column.bytea(), new Uint8Array([255, 0]), Buffer.from([255, 0])],
} as const;

for (const [type, [definition, one, other]] of Object.entries(KEYS)) {
  test(`updateMany() refuses the same ${type} twice`, async () => {
    const Keyed = model("keyed", { key: definition.primaryKey(), note });
    const fake = new FakeExecutor();
    const rows = [{ key: one, note: "a" }, { key: other, note: "b" }];
    await assert.rejects(
      Keyed.updateMany(rows as never, fake.executor),
      /its rows 1 and 2 have the same key; give each key once/,
    );
    assert.equal(fake.statements.length, 0);
  });
}

test("updateMany() tells keys of several columns apart by each", async () => {
  const Pair = model("pairs", { a: column.text().primaryKey(), b: column.text().primaryKey(), note });
  const fake = new FakeExecutor();
  await Pair.updateMany([{ a: "x1", b: "", note: "1" }, { a: "x", b: "1", note: "2" }], fake.executor);
  assert.equal(fake.statements.length, 1);
  await assert.rejects(
    Pair.updateMany([{ a: "x", b: "y", note: "1" }, { a: "x", b: "y", note: "2" }], fake.executor),
    /same key/,
  );
});
