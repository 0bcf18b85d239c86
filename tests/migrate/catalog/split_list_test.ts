/** Lists as PostgreSQL writes them. */
import assert from "node:assert/strict";
import type { TableObject } from "../../../migrate/catalog/objects.ts";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { splitList } from "../../../migrate/catalog/split_list.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { SERVERS, withDatabase } from "./servers.ts";

test("splitList() splits at commas outside of quotes, parentheses and brackets", () => {
  assert.deepEqual(splitList("a"), ["a"]);
  assert.deepEqual(splitList("a, lower(b, 'x,y)'),c"), ["a", "lower(b, 'x,y)')", "c"]);
  assert.deepEqual(splitList(`"a,""(b", 'it''s, "', x[1,2]`), [`"a,""(b"`, `'it''s, "'`, "x[1,2]"]);
  assert.deepEqual(splitList("E'\\',', (a, (b, c))"), ["E'\\','", "(a, (b, c))"]);
});

for (const [server, version] of SERVERS) {
  test(`readCatalog() takes the keys of partitioned tables apart (${version})`, needs(server), async () => {
    await withDatabase(server, [
      `create table t ("a, (b" text, "order" int, c text) partition by range
         ("a, (b" collate "C" text_pattern_ops, (replace(c, 'x,(', E'\\\\,')), ("order" + 1))`,
      `create table u (a int, b text) partition by hash (b, a)`,
    ], async (pool) => {
      const { objects } = await readCatalog(pool);
      const keysOf = (name: string) => (objects.get(`table:public.${name}`) as TableObject).partitionBy;
      assert.deepEqual(keysOf("t"), {
        strategy: "range",
        keys: [
          `"a, (b" COLLATE "C" text_pattern_ops`,
          `replace(c, 'x,('::text, '\\,'::text)`,
          `(("order" + 1))`,
        ],
      });
      assert.deepEqual(keysOf("u"), { strategy: "hash", keys: ["b", "a"] });
    });
  });
}
