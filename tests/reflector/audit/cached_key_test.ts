/** Names of keys are read as they were made. */
import assert from "node:assert/strict";
import { idText } from "../../../orm/cache/protocol/key_text.ts";
import { rowKey, shardOf, tableText, taggedKey } from "../../../orm/cache/protocol/keys.ts";
import { parseRowKey, rowPattern } from "../../../reflector/audit/cached_key.ts";
import { fc } from "../../fast_check.ts";
import { test } from "../../harness.ts";

const word = fc.stringMatching(/^[a-z.:,+\\\n\t{}é-]{1,12}$/);

test("parseRowKey() gives back schema, table and key values of any row's key, with and without a hash tag", () => {
  fc.assert(
    fc.property(word, word, fc.array(word, { minLength: 1, maxLength: 3 }), (schema, table, values) => {
      const prefix = "my:";
      const key = rowKey(tableText(schema, table), { id: idText(values), prefix });
      const expected = { key, table: tableText(schema, table), schemaName: schema, tableName: table, values };
      assert.deepEqual(parseRowKey(key, prefix), expected);
      assert.deepEqual(parseRowKey(taggedKey(key, { shard: shardOf(key), prefix }), prefix), expected);
    }),
  );
});

test("parseRowKey() knows no values of a key that is kept as a hash", () => {
  const key = rowKey("public.users", { id: idText(["x".repeat(300)]) });
  assert.equal(parseRowKey(key)?.values, undefined);
  assert.equal(parseRowKey(key)?.tableName, "users");
});

test("parseRowKey() takes no other key for a row's", () => {
  for (const name of ["lifeguard:watermark", "lifeguard:lookup:public.users:email:a", "other:model:a.b:1"]) {
    assert.equal(parseRowKey(name), undefined);
  }
});

test("rowPattern() escapes what Redis would match with", () => {
  assert.equal(rowPattern("a*[b]:", false), "a\\*\\[b\\]:model:*");
  assert.equal(rowPattern("x:", true), "x:{[0-9][0-9]}:model:*");
});
