/** What keeps the catalogue and the customers as they should be. */
import assert from "node:assert/strict";
import { fn, graph, ref, Session, StaleRecordError } from "../../../orm/mod.ts";
import { CheckViolationError } from "../../../pool/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { Album, Artist, Customer, Genre, Playlist, PlaylistTrack, Stock, Track } from "../models.ts";
import { album, artist } from "../relations.ts";
import type { WriteQuestion } from "../question.ts";

export const UPKEEP: readonly WriteQuestion[] = [
  {
    name: "jazz becomes a tenth dearer",
    rows: 25,
    seen: sql`
      select genre_id, sum(unit_price) as price, min(unit_price) as least from track group by genre_id order by genre_id`,
    async plain(tx) {
      const changed = await tx.execute(sql`
        update track set unit_price = round(unit_price * 1.1, 2)
        where genre_id = (select genre_id from genre where name = 'Jazz')`);
      return [{ changed }];
    },
    async ask(tx) {
      const jazz = Genre.find().where({ name: "Jazz" }).select({ id: Genre.genreId });
      const changed = await Track.update({ unitPrice: fn.round(Track.unitPrice.times("1.1"), 2) })
        .where(Track.genreId.in(jazz))
        .run(tx);
      return [{ changed }];
    },
  },
  {
    name: "a count of the stock: different numbers for different tracks",
    rows: 6,
    seen: sql`
      select warehouse, track_id, copies, counted_at from stock where track_id in (5, 10, 20)
      order by warehouse, track_id`,
    async plain(tx) {
      return await tx.query(sql`
        with counted as (
          update stock s set copies = c.copies, counted_at = '2026-04-01 07:00:00.000001+00'
          from (values ('north', 5, 3), ('north', 10, 0), ('harbour', 20, 41)) as c (warehouse, track_id, copies)
          where s.warehouse = c.warehouse and s.track_id = c.track_id returning s.*
        ) select warehouse, track_id as "trackId", copies from counted order by warehouse, track_id`);
    },
    async ask(tx) {
      const countedAt = Temporal.Instant.from("2026-04-01T07:00:00.000001Z");
      const counted = await Stock.updateMany([
        { warehouse: "north", trackId: 5, copies: 3, countedAt },
        { warehouse: "north", trackId: 10, copies: 0, countedAt },
        { warehouse: "harbour", trackId: 20, copies: 41, countedAt },
      ], tx);
      return sorted(
        counted.map(({ warehouse, trackId, copies }) => ({ warehouse, trackId, copies })),
        "warehouse",
        "trackId",
      );
    },
  },
  {
    name: "copies arrive, of tracks the warehouse has and of others",
    rows: 3,
    seen: sql`
      select track_id, copies from stock where warehouse = 'harbour' and track_id in (1, 5, 10) order by track_id`,
    async plain(tx) {
      return await tx.query(sql`
        with arrived as (
          insert into stock (warehouse, track_id, copies) values ('harbour', 1, 4), ('harbour', 5, 6), ('harbour', 10, 1)
          on conflict (warehouse, track_id) do update set copies = stock.copies + excluded.copies
          returning track_id, copies
        ) select track_id as "trackId", copies from arrived order by track_id`);
    },
    async ask(tx) {
      const warehouse = "harbour";
      const arrived = await Stock.upsertMany(
        [
          { warehouse, trackId: 1, copies: 4 },
          { warehouse, trackId: 5, copies: 6 },
          { warehouse, trackId: 10, copies: 1 },
        ],
        { update: (arriving) => ({ copies: Stock.copies.plus(arriving.copies) }) },
        tx,
      );
      return arrived.map(({ trackId, copies }) => ({ trackId, copies }));
    },
  },
  {
    name: "who registers twice changes their name, and nobody else's",
    rows: 2,
    seen: sql`
      select first_name, last_name, email, city, country from customer
      where email in ('leonekohler@surfeu.de', 'new@example.org') order by email`,
    async plain(tx) {
      return await tx.query(sql`
        insert into customer (first_name, last_name, email) values
          ('Leo', 'Köhler', 'leonekohler@surfeu.de'), ('Nell', 'Newman', 'new@example.org')
        on conflict (email) do update set first_name = excluded.first_name
        returning first_name as "firstName", last_name as "lastName"`);
    },
    async ask(tx) {
      const registered = await Customer.upsertMany(
        [
          { firstName: "Leo", lastName: "Köhler", email: "leonekohler@surfeu.de" },
          { firstName: "Nell", lastName: "Newman", email: "new@example.org" },
        ],
        { conflict: ["email"], update: ["firstName"] },
        tx,
      );
      return registered.map(({ firstName, lastName }) => ({ firstName, lastName }));
    },
  },
  {
    name: "an incoming catalogue: known tracks get its prices and names, others are added",
    rows: 5,
    seen: sql`
      select case when track_id < 10000 then track_id end as track_id, name, unit_price, milliseconds, media_type_id
      from track where track_id in (1, 2, 3) or track_id >= 10000 order by track.track_id, name`,
    async plain(tx) {
      return await tx.query(sql`
        with merged as (
          merge into track t using (values
            (1, 'For Those About To Rock', 0.79, 343719), (3, 'Fast As a Shark', 1.29, 230619),
            (90001, 'Encore', 0.50, 61000), (90002, 'Overture', 0.99, 99000)
          ) as c (track_id, name, unit_price, milliseconds) on t.track_id = c.track_id
          when matched then update set name = c.name, unit_price = c.unit_price
          when not matched then insert (track_id, name, unit_price, milliseconds, media_type_id)
            values (c.track_id, c.name, c.unit_price, c.milliseconds, 1)
          returning lower(merge_action()) as action, t.name, t.unit_price
        ) select action, name, unit_price as "unitPrice" from merged order by name`);
    },
    async ask(tx) {
      const incoming = [
        {
          trackId: 1,
          name: "For Those About To Rock",
          unitPrice: "0.79",
          milliseconds: 343_719,
          mediaTypeId: 1,
        },
        { trackId: 3, name: "Fast As a Shark", unitPrice: "1.29", milliseconds: 230_619, mediaTypeId: 1 },
        { trackId: 90_001, name: "Encore", unitPrice: "0.50", milliseconds: 61_000, mediaTypeId: 1 },
        { trackId: 90_002, name: "Overture", unitPrice: "0.99", milliseconds: 99_000, mediaTypeId: 1 },
      ];
      const merged = await Track.merge(incoming, {
        on: ["trackId"],
        whenMatched: ["name", "unitPrice"],
        whenNotMatched: "insert",
        returning: true,
      }, tx);
      return sorted(
        merged.map(({ action, row }) => ({ action, name: row.name, unitPrice: row.unitPrice })),
        "name",
      );
    },
  },
  {
    name: "a playlist of thousands of tracks",
    rows: 1,
    seen: sql`
      select p.name, count(*), sum(pt.track_id) from playlist p join playlist_track pt on pt.playlist_id = p.playlist_id
      where p.playlist_id >= 1000 group by p.name`,
    async plain(tx) {
      const { id } = await tx.one<{ id: number }>(sql`
        insert into playlist (name) values ('Nearly everything') returning playlist_id as id`);
      const added = await tx.execute(sql`
        insert into playlist_track (playlist_id, track_id)
        select ${id}::int, track_id from track where milliseconds > 100000`);
      return [{ added }];
    },
    async ask(tx) {
      const { playlistId } = await Playlist.insert({ name: "Nearly everything" }, tx);
      const tracks = await Track.find().where(Track.milliseconds.gt(100_000)).only("trackId").all(tx);
      const rows = tracks.map(({ trackId }) => ({ playlistId, trackId }));
      return [{ added: await PlaylistTrack.insertMany(rows, { returning: false }, tx) }];
    },
  },
  {
    name: "videos leave the playlist of the nineties",
    rows: 3,
    seen: sql`
      select playlist_id, count(*) from playlist_track where playlist_id in (3, 5, 10) group by playlist_id
      order by playlist_id`,
    async plain(tx) {
      return await tx.query(sql`
        with removed as (
          delete from playlist_track where playlist_id = 10 and track_id in (
            select track_id from track where media_type_id = 3 and milliseconds > 2600000
          ) returning track_id
        ) select track_id as "trackId" from removed order by track_id`);
    },
    async ask(tx) {
      const videos = Track.find().where({ mediaTypeId: 3 }).where(Track.milliseconds.gt(2_600_000)).only(
        "trackId",
      );
      const removed = await PlaylistTrack.delete()
        .where({ playlistId: 10 })
        .where(PlaylistTrack.trackId.in(videos))
        .returning(tx);
      return sorted(removed.map(({ trackId }) => ({ trackId })), "trackId");
    },
  },
  {
    name: "a customer closes an account, another comes back, a third is forgotten",
    rows: 3,
    seen: sql`
      select 'closed' as state, count(*), sum(customer_id) as sum from customer where deleted_at is not null
      union all select 'open', count(*), sum(customer_id) from customer where deleted_at is null
      union all select 'closed now', count(*), sum(customer_id) from customer where deleted_at = now()
      order by state`,
    async plain(tx) {
      await tx.execute(
        sql`update customer set deleted_at = now() where customer_id = 3 and deleted_at is null`,
      );
      await tx.execute(sql`update customer set deleted_at = null where customer_id = 17`);
      await tx.execute(sql`
        insert into customer (first_name, last_name, email) values ('Ann', 'Onymous', 'gone@example.org')`);
      await tx.execute(sql`delete from customer where email = 'gone@example.org'`);
      return await tx.query(sql`
        select customer_id as "customerId" from customer where deleted_at is null and customer_id in (3, 17, 34)`);
    },
    async ask(tx) {
      await Customer.deleteById(3, tx);
      await Customer.restore().where({ customerId: 17 }).run(tx);
      await Customer.insert({ firstName: "Ann", lastName: "Onymous", email: "gone@example.org" }, tx);
      await Customer.forceDelete().where({ email: "gone@example.org" }).run(tx);
      return await Customer.find().where(Customer.customerId.in([3, 17, 34])).only("customerId").all(tx);
    },
  },
  {
    name: "two edit the same album: the second is told and changes nothing",
    rows: 1,
    seen: sql`select title, version from album where album_id = 1`,
    async plain(tx) {
      const first = await tx.execute(sql`
        update album set title = 'For Those About To Rock', version = version + 1 where album_id = 1 and version = 1`);
      const second = await tx.execute(sql`
        update album set title = 'FOR THOSE', version = version + 1 where album_id = 1 and version = 1`);
      return [{ first: first === 1, second: second === 1 }];
    },
    async ask(tx) {
      const { version } = await Album.find().where({ albumId: 1 }).one(tx);
      const album = (title: string) =>
        Album.update({ title }).where({ albumId: 1 }).expectVersion(version).run(tx);
      const first = await album("For Those About To Rock");
      const second = await album("FOR THOSE");
      return [{ first: first === 1, second: second === 1 }];
    },
  },
  {
    name: "two edit the same album as records: the second is refused, looks again, and then succeeds",
    rows: 1,
    seen: sql`select title, version from album where album_id = 1`,
    async plain(tx) {
      await tx.execute(
        sql`update album set title = 'Rock', version = version + 1 where album_id = 1 and version = 1`,
      );
      await tx.execute(
        sql`update album set title = 'ROCK', version = version + 1 where album_id = 1 and version = 2`,
      );
      return [{ title: "ROCK", version: 3 }];
    },
    async ask(tx) {
      const row = await Album.find().where({ albumId: 1 }).one(tx);
      const [one, other] = [Album.edit(row), Album.edit(row)];
      await one.set({ title: "Rock" }).save(tx);
      await assert.rejects(other.set({ title: "ROCK" }).save(tx), StaleRecordError);
      assert.ok(other.isDirty);
      await other.refresh(tx);
      const { title, version } = await other.set({ title: "ROCK" }).save(tx);
      return [{ title, version }];
    },
  },
  {
    name: "an address is corrected: only what differs is written",
    rows: 1,
    seen: sql`select first_name, address, city, postal_code, phone from customer where customer_id = 30`,
    async plain(tx) {
      await tx.execute(sql`
        update customer set address = '231 Elgin Street', postal_code = null where customer_id = 30`);
      return [{ address: "231 Elgin Street", postalCode: null }];
    },
    async ask(tx) {
      const customer = await Customer.find().where({ customerId: 30 }).one(tx);
      const record = Customer.edit(customer);
      record.set({ address: "231 Elgin Street", city: customer.city, postalCode: null });
      assert.deepEqual(record.dirty, ["address", "postalCode"]);
      const { address, postalCode } = await record.save(tx);
      return [{ address, postalCode }];
    },
  },
  {
    name: "a new artist with two albums and their tracks, in one go",
    rows: 3,
    seen: sql`
      select ar.name as artist, al.title, al.version, t.name, t.milliseconds, t.unit_price
      from artist ar join album al on al.artist_id = ar.artist_id join track t on t.album_id = al.album_id
      where ar.artist_id >= 1000 order by al.title, t.name`,
    async plain(tx) {
      await tx.execute(sql`
        with artists as (insert into artist (name) values ('The Placeholders') returning artist_id),
        albums as (
          insert into album (title, artist_id) select title, artist_id from artists, (values ('Foo'), ('Bar')) v (title)
          returning album_id, title
        )
        insert into track (name, album_id, media_type_id, milliseconds, unit_price)
        select v.name, a.album_id, 1, v.length, 0.99 from albums a join (values
          ('Foo', 'Foo Fighting', 181000), ('Foo', 'Food', 182000), ('Bar', 'Barred', 183000)) v (title, name, length)
          on v.title = a.title`);
      return [];
    },
    async ask(tx) {
      const song = (name: string, milliseconds: number) => ({
        name,
        milliseconds,
        mediaTypeId: 1,
        unitPrice: "0.99",
      });
      const discography = graph(Artist, artist.albums.with(album.tracks));
      const { artistId, albums } = await discography.insert({
        name: "The Placeholders",
        albums: [
          { title: "Foo", tracks: [song("Foo Fighting", 181_000), song("Food", 182_000)] },
          { title: "Bar", tracks: [song("Barred", 183_000)] },
        ],
      }, tx);
      assert.deepEqual(albums.map((each) => [each.artistId, each.title, each.tracks.length]), [
        [artistId, "Foo", 2],
        [artistId, "Bar", 1],
      ]);
      return [];
    },
  },
  {
    name: "an afternoon's work: a title, a new playlist, a track out of another",
    rows: 3,
    seen: sql`
      select 'album' as what, title as name, version as number from album where album_id = 2
      union all select 'playlist', p.name, pt.track_id from playlist p join playlist_track pt using (playlist_id)
        where playlist_id >= 1000
      union all select 'removed', 'track 597', 1 - count(*)::int from playlist_track
        where playlist_id = 18 and track_id = 597
      order by what`,
    async plain(tx) {
      await tx.execute(sql`update album set title = 'Balls', version = version + 1 where album_id = 2`);
      await tx.execute(sql`
        with p as (insert into playlist (name) values ('Rainy') returning playlist_id)
        insert into playlist_track (playlist_id, track_id) select playlist_id, 2 from p`);
      await tx.execute(sql`delete from playlist_track where playlist_id = 18 and track_id = 597`);
      return [];
    },
    async ask(tx) {
      await using session = new Session(tx);
      const balls = await session.find(Album, 2);
      const unwanted = await session.find(PlaylistTrack, { playlistId: 18, trackId: 597 });
      assert.ok(balls !== undefined && unwanted !== undefined);
      balls.set({ title: "Balls" });
      const rainy = session.add(Playlist, { name: "Rainy" });
      session.add(PlaylistTrack, { playlistId: ref(rainy, "playlistId"), trackId: 2 });
      session.remove(unwanted);
      await session.flush();
      return [];
    },
  },
  {
    name: "a rolled-back flush leaves the session as it was, which then flushes what was corrected",
    rows: 3,
    seen: sql`
      select 'album' as what, title as name, version as number from album where album_id = 2
      union all select 'playlist', name, 1 from playlist where playlist_id >= 1000
      union all select 'stock', warehouse, copies from stock where warehouse = 'north' and track_id = 5
      order by what`,
    async plain(tx) {
      await tx.execute(sql`update album set title = 'Balls', version = version + 1 where album_id = 2`);
      await tx.execute(sql`insert into playlist (name) values ('Rainy')`);
      await tx.execute(sql`update stock set copies = 0 where warehouse = 'north' and track_id = 5`);
      return [{ inserts: 1, updates: 2, deletes: 0 }];
    },
    async ask(tx) {
      await using session = new Session(tx);
      const balls = await session.find(Album, 2);
      const stock = await session.find(Stock, { warehouse: "north", trackId: 5 });
      assert.ok(balls !== undefined && stock !== undefined);
      balls.set({ title: "Balls" });
      stock.set({ copies: -1 });
      const rainy = session.add(Playlist, { name: "Rainy" });
      await assert.rejects(session.flush(), CheckViolationError);
      assert.ok(rainy.isNew && session.has(rainy));
      assert.deepEqual([balls.dirty, stock.dirty], [["title"], ["copies"]]);
      const { changes } = session;
      stock.set({ copies: 0 });
      await session.flush();
      assert.ok(!rainy.isNew && !session.isDirty);
      return [changes];
    },
  },
];

/** Rows in the order of some of their properties: a write returns them as they come. */
function sorted<Row>(rows: readonly Row[], ...properties: readonly (keyof Row)[]): readonly Row[] {
  return rows.toSorted((one, other) => {
    const property = properties.find((name) => one[name] !== other[name]);
    return property === undefined ? 0 : one[property] < other[property] ? -1 : 1;
  });
}
