/** What the shop has. */
import assert from "node:assert/strict";
import {
  and,
  countOf,
  doesntHave,
  exists,
  fn,
  notExists,
  parameters,
  scalar,
  unnest,
} from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { Album, Artist, Genre, MediaType, Track } from "../models.ts";
import { album, artist, far, track } from "../relations.ts";
import type { ReadQuestion } from "../question.ts";

export const CATALOGUE: readonly ReadQuestion[] = [
  {
    name: "the third page of tracks, the dearest first and by name, from the second's end",
    rows: 25,
    plain: sql`
      select track_id as "trackId", name, unit_price as "unitPrice" from track
      order by unit_price desc, name, track_id desc limit 25 offset 50`,
    async ask(pool) {
      const pages = Track.find()
        .only("trackId", "name", "unitPrice")
        .orderBy(Track.unitPrice.desc(), Track.name, Track.trackId.desc());
      const one = await pages.keyset({ first: 25 }, pool);
      const two = await pages.keyset({ first: 25, after: one.endCursor }, pool);
      const three = await pages.keyset({ first: 25, after: two.endCursor }, pool);
      assert.ok(three.hasNextPage && three.hasPreviousPage);
      return three.rows;
    },
  },
  {
    name: "the page before it, from its beginning backwards",
    rows: 25,
    plain: sql`
      select track_id as "trackId", name, unit_price as "unitPrice" from track
      order by unit_price desc, name, track_id desc limit 25 offset 25`,
    async ask(pool) {
      const pages = Track.find()
        .only("trackId", "name", "unitPrice")
        .orderBy(Track.unitPrice.desc(), Track.name, Track.trackId.desc());
      const long = await pages.keyset({ first: 51 }, pool);
      const page = await pages.keyset({ last: 25, before: long.endCursor }, pool);
      assert.ok(page.hasPreviousPage);
      return page.rows;
    },
  },
  {
    name: "tracks whose title is about love or rain but not about rock, the best match first",
    rows: 15,
    plain: sql`
      select track_id as "trackId", name,
        ts_rank(title_words, websearch_to_tsquery('english', 'love or rain -rock')) as rank
      from track where title_words @@ websearch_to_tsquery('english', 'love or rain -rock')
      order by rank desc, name, track_id limit 15`,
    async ask(pool) {
      const words = fn.websearchToTsquery("love or rain -rock", "english");
      const rank = fn.tsRank(Track.titleWords, words);
      return await Track.find()
        .where(Track.titleWords.matchesQuery(words))
        .select({ trackId: Track.trackId, name: Track.name, rank })
        .orderBy(rank.desc(), Track.name, Track.trackId)
        .limit(15)
        .all(pool);
    },
  },
  {
    name: "how many tracks of each genre were never sold",
    rows: 25,
    plain: sql`
      select g.name as genre, count(*) as unsold
      from track t join genre g on g.genre_id = t.genre_id
      where not exists (select 1 from invoice_line il where il.track_id = t.track_id)
      group by g.genre_id order by unsold desc, genre`,
    async ask(pool) {
      return await Track.find()
        .join(Genre, Genre.genreId.eq(Track.genreId))
        .where(doesntHave(track.sales))
        .groupBy(Genre.genreId)
        .select({ genre: Genre.name, unsold: fn.count() })
        .orderBy(fn.count().desc(), Genre.name)
        .all(pool);
    },
  },
  {
    name: "albums longer than an hour",
    rows: 102,
    plain: sql`
      select al.album_id as "albumId", al.title, ar.name as artist, sum(t.milliseconds) as length, count(*) as tracks
      from album al
        join artist ar on ar.artist_id = al.artist_id
        join track t on t.album_id = al.album_id
      group by al.album_id, ar.artist_id
      having sum(t.milliseconds) > 3600000
      order by length desc, al.album_id`,
    async ask(pool) {
      const length = fn.sum(Track.milliseconds);
      return await Album.find()
        .join(Artist, Artist.artistId.eq(Album.artistId))
        .join(Track, Track.albumId.eq(Album.albumId))
        .groupBy(Album.albumId, Artist.artistId)
        .having(length.gt(3_600_000))
        .select({
          albumId: Album.albumId,
          title: Album.title,
          artist: Artist.name,
          length,
          tracks: fn.count(),
        })
        .orderBy(length.desc(), Album.albumId)
        .all(pool);
    },
  },
  {
    name: "the three longest tracks of each genre",
    rows: 73,
    plain: sql`
      select g.name as genre, longest.name as track, longest.milliseconds
      from genre g cross join lateral (
        select track_id, name, milliseconds from track t
        where t.genre_id = g.genre_id order by milliseconds desc, track_id limit 3
      ) longest
      order by g.genre_id, longest.milliseconds desc, longest.track_id`,
    async ask(pool) {
      const longest = Track.find()
        .where(Track.genreId.eq(Genre.genreId))
        .only("trackId", "name", "milliseconds")
        .orderBy(Track.milliseconds.desc(), Track.trackId)
        .limit(3)
        .as("longest");
      return await Genre.find()
        .joinLateral(longest)
        .select({ genre: Genre.name, track: longest.name, milliseconds: longest.milliseconds })
        .orderBy(Genre.genreId, longest.milliseconds.desc(), longest.trackId)
        .all(pool);
    },
  },
  {
    name: "how often artists were sold, through their albums and tracks",
    rows: 10,
    plain: sql`
      select ar.name as artist, count(il.invoice_line_id) as sold
      from artist ar
        left join album al on al.artist_id = ar.artist_id
        left join track t on t.album_id = al.album_id
        left join invoice_line il on il.track_id = t.track_id
      group by ar.artist_id order by sold desc, artist limit 10`,
    async ask(pool) {
      const sold = countOf(far.artist.sales);
      return await Artist.find()
        .select({ artist: Artist.name, sold })
        .orderBy(sold.desc(), Artist.name)
        .limit(10)
        .all(pool);
    },
  },
  {
    name: "artists with the letter X with their albums and tracks, as a tree",
    rows: 34,
    plain: sql`
      select ar.name as artist, al.title as album, t.name as track, g.name as genre
      from artist ar
        join album al on al.artist_id = ar.artist_id
        join track t on t.album_id = al.album_id
        left join genre g on g.genre_id = t.genre_id
      where ar.name ilike '%x%'
      order by ar.artist_id, al.title desc, t.track_id`,
    async ask(pool) {
      const artists = await Artist.find()
        .where(Artist.name.ilike("%x%"))
        .with(
          artist.albums.orderBy(Album.title.desc())
            .with(album.tracks.orderBy(Track.trackId).with(track.genre)),
        )
        .orderBy(Artist.artistId)
        .all(pool);
      return artists.flatMap(({ name, albums }) =>
        albums.flatMap(({ title, tracks }) =>
          tracks.map((track) => ({
            artist: name,
            album: title,
            track: track.name,
            genre: track.genre?.name ?? null,
          }))
        )
      );
    },
  },
  {
    name: "albums of which every track names its composer",
    rows: 266,
    plain: sql`
      select album_id as "albumId", title from album al
      where exists (select 1 from track t where t.album_id = al.album_id)
        and not exists (select 1 from track t where t.album_id = al.album_id and t.composer is null)
      order by album_id`,
    async ask(pool) {
      const tracks = Track.find().where(Track.albumId.eq(Album.albumId));
      return await Album.find()
        .where(exists(tracks))
        .where(notExists(tracks.where(Track.composer.isNull())))
        .only("albumId", "title")
        .orderBy(Album.albumId)
        .all(pool);
    },
  },
  {
    name: "artists with the most albums, with the number of the long ones among their tracks",
    rows: 12,
    plain: sql`
      select ar.name, (select count(*) from album al where al.artist_id = ar.artist_id) as albums,
        (select count(*) from album al join track t on t.album_id = al.album_id
         where al.artist_id = ar.artist_id and t.milliseconds > 600000) as long
      from artist ar order by albums desc, ar.artist_id limit 12`,
    async ask(pool) {
      const albums = countOf(artist.albums);
      const long = countOf(far.artist.tracks, Track.milliseconds.gt(600_000));
      return await Artist.find()
        .select({ name: Artist.name, albums, long })
        .orderBy(albums.desc(), Artist.artistId)
        .limit(12)
        .all(pool);
    },
  },
  {
    name: "artists without any album",
    rows: 71,
    plain: sql`
      select artist_id as "artistId", name from artist ar
      where not exists (select 1 from album al where al.artist_id = ar.artist_id) order by artist_id`,
    async ask(pool) {
      return await Artist.find().where(doesntHave(artist.albums)).orderBy(Artist.artistId).all(pool);
    },
  },
  {
    name: "live or short tracks that nobody is named for",
    rows: 20,
    plain: sql`
      select track_id as "trackId", name, tags from track
      where tags @> array['anonymous'] and tags && array['live', 'short'] order by track_id limit 20`,
    async ask(pool) {
      return await Track.find()
        .where(Track.tags.contains(["anonymous"]))
        .where(Track.tags.overlaps(["live", "short"]))
        .only("trackId", "name", "tags")
        .orderBy(Track.trackId)
        .limit(20)
        .all(pool);
    },
  },
  {
    name: "how often each tag is used",
    rows: 5,
    plain: sql`
      select tag, count(*) as tracks from track cross join lateral unnest(tags) as tags (tag)
      group by tag order by tag`,
    async ask(pool) {
      const tag = unnest("tag", Track.tags);
      return await Track.find()
        .joinLateral(tag)
        .groupBy(tag.value)
        .select({ tag: tag.value, tracks: fn.count() })
        .orderBy(tag.value)
        .all(pool);
    },
  },
  {
    name: "the titles of each album of Queen as one list",
    rows: 3,
    plain: sql`
      select al.title, array_agg(t.name order by t.track_id) as tracks,
        string_agg(distinct t.composer, '; ' order by t.composer) as composers
      from album al join artist ar on ar.artist_id = al.artist_id join track t on t.album_id = al.album_id
      where ar.name = 'Queen' group by al.album_id order by al.title`,
    async ask(pool) {
      return await Album.find()
        .join(Artist, Artist.artistId.eq(Album.artistId))
        .join(Track, Track.albumId.eq(Album.albumId))
        .where(Artist.name.eq("Queen"))
        .groupBy(Album.albumId)
        .select({
          title: Album.title,
          tracks: fn.arrayAgg(Track.name).orderBy(Track.trackId),
          composers: fn.stringAgg(Track.composer, "; ").distinct().orderBy(Track.composer),
        })
        .orderBy(Album.title)
        .all(pool);
    },
  },
  {
    name: "tracks named as their album",
    rows: 51,
    plain: sql`
      select t.track_id as "trackId", t.name, al.title from track t join album al on al.album_id = t.album_id
      where lower(t.name) = lower(al.title) order by t.track_id`,
    async ask(pool) {
      return await Track.find()
        .join(Album, Album.albumId.eq(Track.albumId))
        .where(fn.lower(Track.name).eq(fn.lower(Album.title)))
        .select({ trackId: Track.trackId, name: Track.name, title: Album.title })
        .orderBy(Track.trackId)
        .all(pool);
    },
  },
  {
    name: "tracks twice as long as the mean of their genre",
    rows: 70,
    plain: sql`
      select t.track_id as "trackId", t.name, t.genre_id as "genreId", t.milliseconds from track t
      where t.milliseconds > 2 * (select avg(o.milliseconds) from track o where o.genre_id = t.genre_id)
      order by t.track_id`,
    async ask(pool) {
      const other = Track.as("other");
      const mean = other.find().where(other.genreId.eq(Track.genreId)).select({
        mean: fn.avg(other.milliseconds),
      });
      return await Track.find()
        .where(Track.milliseconds.gt(scalar(mean).times(2)))
        .only("trackId", "name", "genreId", "milliseconds")
        .orderBy(Track.trackId)
        .all(pool);
    },
  },
  {
    name: "the lengths of tracks in minutes and as text",
    rows: 10,
    plain: sql`
      select track_id as "trackId", (milliseconds / 60000)::text || ' min' as minutes,
        round(bytes::numeric / 1048576, 2) as megabytes
      from track order by milliseconds desc, track_id limit 10`,
    async ask(pool) {
      return await Track.find()
        .select({
          trackId: Track.trackId,
          minutes: Track.milliseconds.dividedBy(60_000).cast("text").concat(" min"),
          megabytes: fn.round(Track.bytes.cast("numeric").dividedBy(1_048_576), 2),
        })
        .orderBy(Track.milliseconds.desc(), Track.trackId)
        .limit(10)
        .all(pool);
    },
  },
  {
    name: "names of rock and of jazz, each asked with the same prepared question",
    rows: 14,
    plain: sql`
      (select g.name as genre, t.name, t.unit_price as "unitPrice" from track t join genre g on g.genre_id = t.genre_id
       where g.name = 'Rock' and t.milliseconds < 90000)
      union all
      (select g.name, t.name, t.unit_price from track t join genre g on g.genre_id = t.genre_id
       where g.name = 'Jazz' and t.milliseconds < 90000)
      order by genre desc, name`,
    async ask(pool) {
      const given = parameters<{ genre: string; length: number }>();
      const shortOnes = Track.find()
        .join(Genre, Genre.genreId.eq(Track.genreId))
        .where(Genre.name.eq(given.genre))
        .where(Track.milliseconds.lt(given.length))
        .select({ genre: Genre.name, name: Track.name, unitPrice: Track.unitPrice })
        .orderBy(Track.name)
        .prepare(given);
      const rock = await shortOnes.all({ genre: "Rock", length: 90_000 }, pool);
      return [...rock, ...await shortOnes.all({ genre: "Jazz", length: 90_000 }, pool)];
    },
  },
  {
    name: "media types with no track of the catalogue above a dollar, joined from the other side",
    rows: 5,
    plain: sql`
      select m.name as media, count(t.track_id) as dear
      from track t right join media_type m on m.media_type_id = t.media_type_id and t.unit_price > 1
      group by m.media_type_id order by m.media_type_id`,
    async ask(pool) {
      return await Track.find()
        .rightJoin(MediaType, and(MediaType.mediaTypeId.eq(Track.mediaTypeId), Track.unitPrice.gt("1")))
        .groupBy(MediaType.mediaTypeId)
        .select({ media: MediaType.name, dear: fn.count(Track.trackId) })
        .orderBy(MediaType.mediaTypeId)
        .all(pool);
    },
  },
  {
    name: "the kilobytes of all tracks, read as a stream",
    rows: 1,
    plain: sql`select sum(bytes / 1024) as kilobytes, count(*) as tracks from track`,
    async ask(pool) {
      let kilobytes = 0;
      let tracks = 0;
      for await (const { size } of Track.find().select({ size: Track.bytes.dividedBy(1024) }).stream(pool)) {
        kilobytes += size ?? 0;
        tracks++;
      }
      return [{ kilobytes, tracks }];
    },
  },
];
