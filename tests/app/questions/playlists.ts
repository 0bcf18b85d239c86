/** What is played together. */
import { and, coalesce, countOf, doesntHave, fn } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { Customer, Genre, Playlist, PlaylistTrack, Track } from "../models.ts";
import { far, playlist, track } from "../relations.ts";
import type { ReadQuestion } from "../question.ts";

export const PLAYLISTS: readonly ReadQuestion[] = [
  {
    name: "playlists of classical music with their tracks",
    rows: 150,
    plain: sql`
      select p.name as playlist, t.name as track, t.unit_price as "unitPrice"
      from playlist p
        join playlist_track pt on pt.playlist_id = p.playlist_id
        join track t on t.track_id = pt.track_id
      where p.name like 'Classical%' order by p.playlist_id, t.name, t.track_id`,
    async ask(pool) {
      const playlists = await Playlist.find()
        .where(Playlist.name.like("Classical%"))
        .with(playlist.tracks.orderBy(Track.name, Track.trackId))
        .orderBy(Playlist.playlistId)
        .all(pool);
      return playlists.flatMap(({ name, tracks }) =>
        tracks.map((track) => ({ playlist: name, track: track.name, unitPrice: track.unitPrice }))
      );
    },
  },
  {
    name: "the two longest tracks of each playlist",
    rows: 26,
    plain: sql`
      select p.playlist_id as "playlistId", t.name as track, t.milliseconds
      from playlist p cross join lateral (
        select t.* from playlist_track pt join track t on t.track_id = pt.track_id
        where pt.playlist_id = p.playlist_id order by t.milliseconds desc, t.track_id limit 2
      ) t
      order by p.playlist_id, t.milliseconds desc, t.track_id`,
    async ask(pool) {
      const playlists = await Playlist.find()
        .with(playlist.tracks.orderBy(Track.milliseconds.desc(), Track.trackId).limit(2).by("lateral"))
        .orderBy(Playlist.playlistId)
        .all(pool);
      return playlists.flatMap(({ playlistId, tracks }) =>
        tracks.map(({ name, milliseconds }) => ({ playlistId, track: name, milliseconds }))
      );
    },
  },
  {
    name: "pairs of playlists that share more than a thousand tracks",
    rows: 3,
    plain: sql`
      select a.playlist_id as one, b.playlist_id as other, count(*) as shared
      from playlist_track a join playlist_track b on b.track_id = a.track_id and b.playlist_id > a.playlist_id
      group by a.playlist_id, b.playlist_id having count(*) > 1000 order by one, other`,
    async ask(pool) {
      const other = PlaylistTrack.as("other");
      const { playlistId, trackId } = PlaylistTrack;
      return await PlaylistTrack.find()
        .join(other, and(other.trackId.eq(trackId), other.playlistId.gt(playlistId)))
        .groupBy(playlistId, other.playlistId)
        .having(fn.count().gt(1000))
        .select({ one: playlistId, other: other.playlistId, shared: fn.count() })
        .orderBy(playlistId, other.playlistId)
        .all(pool);
    },
  },
  {
    name: "how long each playlist plays, the empty ones too",
    rows: 18,
    plain: sql`
      select p.playlist_id as "playlistId", p.name, count(t.track_id) as tracks,
        coalesce(sum(t.milliseconds), 0) as length
      from playlist p
        left join playlist_track pt on pt.playlist_id = p.playlist_id
        left join track t on t.track_id = pt.track_id
      group by p.playlist_id order by length desc, p.playlist_id`,
    async ask(pool) {
      const length = coalesce(fn.sum(Track.milliseconds), 0);
      return await Playlist.find()
        .leftJoin(PlaylistTrack, PlaylistTrack.playlistId.eq(Playlist.playlistId))
        .leftJoin(Track, Track.trackId.eq(PlaylistTrack.trackId))
        .groupBy(Playlist.playlistId)
        .select({
          playlistId: Playlist.playlistId,
          name: Playlist.name,
          tracks: fn.count(Track.trackId),
          length,
        })
        .orderBy(length.desc(), Playlist.playlistId)
        .all(pool);
    },
  },
  {
    name: "tracks that are in five playlists",
    rows: 41,
    plain: sql`
      select t.track_id as "trackId", t.name, count(*) as playlists
      from track t join playlist_track pt on pt.track_id = t.track_id
      group by t.track_id having count(*) >= 5 order by t.track_id`,
    async ask(pool) {
      const playlists = countOf(track.playlists);
      return await Track.find()
        .where(playlists.gte(5))
        .select({ trackId: Track.trackId, name: Track.name, playlists })
        .orderBy(Track.trackId)
        .all(pool);
    },
  },
  {
    name: "playlists without tracks",
    rows: 4,
    plain: sql`
      select playlist_id as "playlistId", name from playlist p
      where not exists (select 1 from playlist_track pt where pt.playlist_id = p.playlist_id) order by playlist_id`,
    async ask(pool) {
      return await Playlist.find().where(doesntHave(playlist.tracks)).orderBy(Playlist.playlistId).all(pool);
    },
  },
  {
    name: "the genres of each playlist that has more than one",
    rows: 10,
    plain: sql`
      select p.name as playlist, p.playlist_id as "playlistId", array_agg(distinct g.name order by g.name) as genres
      from playlist p
        join playlist_track pt on pt.playlist_id = p.playlist_id
        join track t on t.track_id = pt.track_id
        join genre g on g.genre_id = t.genre_id
      group by p.playlist_id having count(distinct g.genre_id) > 1 order by p.playlist_id`,
    async ask(pool) {
      return await Playlist.find()
        .join(PlaylistTrack, PlaylistTrack.playlistId.eq(Playlist.playlistId))
        .join(Track, Track.trackId.eq(PlaylistTrack.trackId))
        .join(Genre, Genre.genreId.eq(Track.genreId))
        .groupBy(Playlist.playlistId)
        .having(fn.countDistinct(Genre.genreId).gt(1))
        .select({
          playlist: Playlist.name,
          playlistId: Playlist.playlistId,
          genres: fn.arrayAgg(Genre.name).distinct().orderBy(Genre.name),
        })
        .orderBy(Playlist.playlistId)
        .all(pool);
    },
  },
  {
    name: "customers who bought from a playlist, through its tracks and their sales",
    rows: 17,
    plain: sql`
      select distinct c.customer_id as "customerId", c.last_name as "lastName"
      from playlist p
        join playlist_track pt on pt.playlist_id = p.playlist_id
        join invoice_line il on il.track_id = pt.track_id
        join invoice i on i.invoice_id = il.invoice_id
        join customer c on c.customer_id = i.customer_id
      where p.name = 'Brazilian Music' and c.deleted_at is null order by c.customer_id`,
    async ask(pool) {
      const brazilian = await Playlist.find().where({ name: "Brazilian Music" }).one(pool);
      return await far.playlist.buyers.query(brazilian)
        .only("customerId", "lastName")
        .orderBy(Customer.customerId)
        .all(pool);
    },
  },
];
