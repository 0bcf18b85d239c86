/** A hundred artists with their albums, and those with their tracks. */
import type { NestedAlbum, NestedArtist, Track } from "../subjects/subject.ts";
import { oneAfterAnother } from "./closed_loop.ts";
import { ORMS, type Run, type Scenario } from "./scenario.ts";

/** Rows of `bench_artists`, `bench_albums` and `bench_tracks`. */
const ARTISTS = 275;
const ALBUMS = 350;
const TRACKS = 3_500;
/** Artists that are loaded: the first ones. */
const LOADED = 100;
const FIRST_MOMENT = "2026-01-01T00:00:00Z";

/** What makes the tables: album i is of artist i, or i - 275; track i is the next one of album i modulo 350. */
export const NESTED_TABLES: readonly string[] = [
  "create table bench_artists (id int primary key, name text not null, country text not null)",
  `create table bench_albums (id int primary key, artist_id int not null references bench_artists, title text not null)`,
  `create table bench_tracks (id int primary key, album_id int not null references bench_albums, title text not null,
    position int not null, composer text, milliseconds int not null, bytes int not null, price numeric(10, 2) not null,
    explicit boolean not null, added_at timestamptz not null)`,
  `insert into bench_artists select i, 'artist ' || i, 'country ' || i % 7 from generate_series(1, ${ARTISTS}) i`,
  `insert into bench_albums select i, (i - 1) % ${ARTISTS} + 1, 'album ' || i from generate_series(1, ${ALBUMS}) i`,
  `insert into bench_tracks select i, (i - 1) % ${ALBUMS} + 1, 'title of track ' || i, (i - 1) / ${ALBUMS} + 1,
    case when i % 4 <> 0 then 'composer ' || i end, 200000 + i, i * 1000, i / 100.0, i % 10 = 0,
    timestamptz '${FIRST_MOMENT}' + i * interval '1 minute' from generate_series(1, ${TRACKS}) i`,
  "create index on bench_albums (artist_id)",
  "create index on bench_tracks (album_id)",
];

/** The scenario. */
export const nestedLoad: Scenario = {
  name: "nested-load",
  title: "100 artists with their 175 albums and 1,750 tracks of ten columns",
  subjects: ["lifeguard-orm", "lifeguard-dates", "postgres-js", ...ORMS],
  ours: "lifeguard-orm",
  metrics: [
    { name: "rate", unit: "loads/s", better: "higher" },
    { name: "p50", unit: "ms", better: "lower" },
    { name: "cpu", unit: "ms/load", better: "lower" },
  ],
  run: load,
};

async function load({ open, seconds }: Run): Promise<Readonly<Record<string, number>>> {
  const subject = await open(4);
  const nested = subject.nested!;
  assertArtists(await nested());
  const { rate, p50, cpu } = await oneAfterAnother({
    seconds,
    call: async () => {
      const artists = await nested();
      const tracks = artists.at(-1)?.albums[0]?.tracks.length;
      if (artists.length === LOADED && tracks === TRACKS / ALBUMS) return;
      throw new Error(`Cannot go on: ${artists.length} artists came, the last with ${tracks} tracks`);
    },
  });
  await subject.close();
  return { rate, p50: p50 / 1000, cpu: cpu / 1000 };
}

/** Throws unless everything is there, each under its parent; the order below an artist is free. */
function assertArtists(artists: readonly NestedArtist[]): void {
  assertSame(
    "artists",
    artists.map(({ albums: _, ...artist }) => artist),
    range(LOADED, (id) => artistOf(id)),
  );
  for (const { id, albums } of artists) {
    const expected = range(ALBUMS, (id) => albumOf(id)).filter(({ artistId }) => artistId === id);
    assertSame(`albums of artist ${id}`, ordered(albums).map(({ tracks: _, ...album }) => album), expected);
    for (const album of albums) {
      const tracks = range(TRACKS / ALBUMS, (position) => trackOf(album.id + (position - 1) * ALBUMS));
      assertSame(`tracks of album ${album.id}`, ordered(album.tracks).map(plain), tracks);
    }
  }
}

function artistOf(id: number): Omit<NestedArtist, "albums"> {
  return { id, name: `artist ${id}`, country: `country ${id % 7}` };
}

function albumOf(id: number): Omit<NestedAlbum, "tracks"> {
  return { id, artistId: (id - 1) % ARTISTS + 1, title: `album ${id}` };
}

function trackOf(id: number): Track {
  return plain({
    id,
    albumId: (id - 1) % ALBUMS + 1,
    title: `title of track ${id}`,
    position: Math.floor((id - 1) / ALBUMS) + 1,
    composer: id % 4 === 0 ? null : `composer ${id}`,
    milliseconds: 200_000 + id,
    bytes: id * 1000,
    price: id / 100,
    explicit: id % 10 === 0,
    addedAt: new Date(Date.parse(FIRST_MOMENT) + id * 60_000),
  });
}

/** A track as every client can give it. */
function plain(track: Track): Track {
  return { ...track, price: Number(track.price), addedAt: new Date(track.addedAt).toISOString() };
}

function ordered<Row extends { readonly id: number }>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((a, b) => a.id - b.id);
}

function range<T>(count: number, make: (id: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index + 1));
}

/** Compares as JSON, with the properties in the order of their names. */
function assertSame(what: string, given: readonly object[], expected: readonly object[]): void {
  const [is, right] = [given, expected].map((rows) =>
    JSON.stringify(rows.map((row) => Object.entries(row).toSorted(([a], [b]) => a < b ? -1 : 1)))
  );
  if (is !== right) throw new Error(`Cannot compare: ${what} are ${is}, ${right} is right`);
}
