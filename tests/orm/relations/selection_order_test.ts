/** Selections and relations in either order. */
import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { Album, album } from "./store.ts";

test("Query.only() and select() after with() are refused, since its relations had no place", () => {
  const query = Album.find().with(album.artist);
  const refusal =
    /^ValidationError: Cannot use model "\w+": \w+\(\) comes after with\(\).*call it before with\(\)$/;
  assert.throws(() => query.only("title"), refusal);
  assert.throws(() => query.select({ title: Album.title }), refusal);
});

test("Query.omit() after with() keeps what relations are found by", () => {
  const before = Album.find().omit("artistId").with(album.artist).toSQL().text;
  assert.equal(Album.find().with(album.artist).omit("artistId").toSQL().text, before);
  assert.match(before, /"artist_id" as "~/);
});
