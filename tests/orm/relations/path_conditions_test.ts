/** Paths of relations as conditions and counts, without a declaration of their own. */
import assert from "node:assert/strict";
import { belongsTo, type Condition, countOf, doesntHave, has, linked, relations } from "../../../orm/mod.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { Album, album, Artist, artist, genre, testOnBoth, Track, track } from "./store.ts";

const declared = relations(Artist, { tracks: linked(artist.albums, album.tracks) });

testOnBoth("has(), doesntHave() and countOf() take a path as they take a relation of it", async (pool) => {
  const path = linked(artist.albums, album.tracks);
  const inline = Artist.find().orderBy(Artist.id).select({ name: Artist.name, tracks: countOf(path) });
  const before = Artist.find().orderBy(Artist.id).select({
    name: Artist.name,
    tracks: countOf(declared.tracks),
  });
  assert.equal(inline.toSQL().text, before.toSQL().text);
  const rows: readonly { readonly name: string; readonly tracks: number }[] = await inline.all(pool);
  assert.deepEqual(rows, [{ name: "Ada", tracks: 4 }, { name: "Bach", tracks: 1 }, {
    name: "Cher",
    tracks: 0,
  }]);

  const named = async (query: ReturnType<typeof Artist.find>) =>
    (await query.orderBy(Artist.id).all(pool)).map(({ name }) => name);
  const pop = linked(artist.albums, album.tracks, track.genre);
  assert.deepEqual(await named(Artist.find().where(has(pop))), ["Ada", "Bach"]);
  assert.deepEqual(await named(Artist.find().where(has(path, Track.name.eq("four")))), ["Bach"]);
  assert.deepEqual(await named(Artist.find().where(doesntHave(linked(artist.albums, album.tracks)))), [
    "Cher",
  ]);
  assert.deepEqual(await named(Artist.find().where(countOf(path).gt(1))), ["Ada"]);
  // A path back to the same table.
  const siblings = linked(genre.parent, genre.children);
  assert.equal(countOf(siblings).text, countOf(linked(genre.parent, genre.children)).text);

  const ofArtists: Condition<never, "artists"> = has(path);
  // @ts-expect-error: the path begins at another model
  const ofAlbums: Condition<never, "albums"> = ofArtists;
  assert.equal(ofAlbums.text, has(declared.tracks).text);
  assert.throws(() => has(belongsTo(Artist, Album.artistId)), (error: unknown) => {
    assert.ok(error instanceof ValidationError);
    assert.match(
      error.message,
      /^Cannot use has\(\): what it was given belongs to no model yet; declare it with relations/,
    );
    return true;
  });
});
