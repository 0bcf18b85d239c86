/** A store that was emptied knows nothing: what it needs besides rows is put there again, too. */
import assert from "node:assert/strict";
import { column, model } from "../../../mod.ts";
import { shapeDocumentName } from "../../../orm/cache/payload_shape.ts";
import { rowKey } from "../../../orm/cache/protocol/keys.ts";
import { test } from "../../harness.ts";
import { cachedDatabase, untilCached } from "./cached_database.ts";

const Note = model("notes", {
  id: column.integer().primaryKey(),
  body: column.text(),
}, { cache: { ttl: 60 } });

test("a cached model describes its rows again after the store was emptied, so that the reflector can read them again", async () => {
  await using database = await cachedDatabase({
    ddl:
      "create table notes (id integer primary key, body text not null); insert into notes values (1, 'first')",
    tables: ["notes"],
    cache: { nearRows: 0 },
  });
  const { pool, cache, store } = database;
  const read = (): Promise<unknown> => Note.findById(1, pool);
  await untilCached(cache, read);
  store.clear();
  assert.ok(await cache.ready({ timeout: 20_000 }));
  await untilCached(cache, read);
  const key = { key: rowKey("public.notes", { id: "1" }), table: "public.notes" };
  const [{ entry }] = await store.look([key]);
  assert.ok(entry !== undefined);
  assert.notEqual(await store.document(shapeDocumentName(entry.shape)), undefined);
});
