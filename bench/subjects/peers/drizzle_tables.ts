/** The tables as Drizzle declares them. */
import { relations } from "drizzle-orm";
import { boolean, integer, jsonb, numeric, pgTable, text, timestamp } from "drizzle-orm/pg-core";

export const items = pgTable("bench_items", {
  id: integer("id").primaryKey(),
  name: text("name").notNull(),
  price: numeric("price", { precision: 10, scale: 2 }).notNull(),
});

export const events = pgTable("bench_events", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  item: integer("item").notNull(),
  note: text("note").notNull(),
});

export const mixed = pgTable("bench_mixed", {
  id: integer("id").primaryKey(),
  title: text("title").notNull(),
  amount: numeric("amount", { precision: 12, scale: 2 }).notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
  details: jsonb("details").$type<{ n: number; label: string }>().notNull(),
  tags: text("tags").array().notNull(),
  scores: integer("scores").array().notNull(),
  active: boolean("active").notNull(),
});

export const bulk = pgTable("bench_bulk", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  name: text("name").notNull(),
  note: text("note"),
  amount: numeric("amount", { precision: 12, scale: 2 }).notNull(),
  at: timestamp("at", { withTimezone: true }).notNull(),
  active: boolean("active").notNull(),
});

export const artists = pgTable("bench_artists", {
  id: integer("id").primaryKey(),
  name: text("name").notNull(),
  country: text("country").notNull(),
});

export const albums = pgTable("bench_albums", {
  id: integer("id").primaryKey(),
  artistId: integer("artist_id").notNull().references(() => artists.id),
  title: text("title").notNull(),
});

export const tracks = pgTable("bench_tracks", {
  id: integer("id").primaryKey(),
  albumId: integer("album_id").notNull().references(() => albums.id),
  title: text("title").notNull(),
  position: integer("position").notNull(),
  composer: text("composer"),
  milliseconds: integer("milliseconds").notNull(),
  bytes: integer("bytes").notNull(),
  price: numeric("price", { precision: 10, scale: 2 }).notNull(),
  explicit: boolean("explicit").notNull(),
  addedAt: timestamp("added_at", { withTimezone: true }).notNull(),
});

export const artistRelations = relations(artists, ({ many }) => ({ albums: many(albums) }));

export const albumRelations = relations(albums, ({ one, many }) => ({
  artist: one(artists, { fields: [albums.artistId], references: [artists.id] }),
  tracks: many(tracks),
}));

export const trackRelations = relations(tracks, ({ one }) => ({
  album: one(albums, { fields: [tracks.albumId], references: [albums.id] }),
}));
