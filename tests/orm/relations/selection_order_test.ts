/** Selections and relations in either order. */
import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { Album, album } from "./store.ts";

test("Query.only(), omit() and select() after with() are refused, since its relations had no place", () => {
  const query = Album.find().with(album.artist);
  const refusal =
    /^ValidationError: Cannot use model "\w+": \w+\(\) comes after with\(\).*call it before with\(\)$/;
  assert.throws(() => query.only("title"), refusal);
  assert.throws(() => query.omit("title"), refusal);
  assert.throws(() => query.select({ title: Album.title }), refusal);
});
