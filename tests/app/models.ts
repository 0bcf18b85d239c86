/**
 * The music store's models: every table with every column, as the application that sells its tracks would declare
 * them.
 */
import { type Column, column, model } from "../../orm/mod.ts";
import { sql } from "../../pool/sql/sql.ts";

/** What a customer once told about themselves. */
export interface Preferences {
  readonly newsletter?: boolean;
  readonly contact?: { readonly channel: "email" | "phone"; readonly hour: number };
  readonly favourites?: readonly string[];
}

export const Artist = model("artist", {
  artistId: column.identity().primaryKey(),
  name: column.varchar(120).nullable(),
});

export const Album = model("album", {
  albumId: column.identity().primaryKey(),
  title: column.varchar(160),
  artistId: column.integer().references(() => Artist.artistId),
  version: column.integer().default(1),
}, { version: true });

export const Genre = model("genre", {
  genreId: column.integer().primaryKey(),
  name: column.varchar(120).nullable(),
});

export const MediaType = model("media_type", {
  mediaTypeId: column.integer().primaryKey(),
  name: column.varchar(120).nullable(),
});

export const Track = model("track", {
  trackId: column.identity().primaryKey(),
  name: column.varchar(200),
  albumId: column.integer().nullable().references(() => Album.albumId),
  mediaTypeId: column.integer().references(() => MediaType.mediaTypeId),
  genreId: column.integer().nullable().references(() => Genre.genreId),
  composer: column.varchar(220).nullable(),
  milliseconds: column.integer(),
  bytes: column.integer().nullable(),
  unitPrice: column.numeric(10, 2),
  titleWords: column.tsvector().generated(sql`to_tsvector('english', name)`),
  tags: column.text().array().default([]),
});

export const Playlist = model("playlist", {
  playlistId: column.identity().primaryKey(),
  name: column.varchar(120).nullable(),
});

export const PlaylistTrack = model("playlist_track", {
  playlistId: column.integer().primaryKey().references(() => Playlist.playlistId),
  trackId: column.integer().primaryKey().references(() => Track.trackId),
});

export const Employee = model("employee", {
  employeeId: column.integer().primaryKey(),
  lastName: column.varchar(20),
  firstName: column.varchar(20),
  title: column.varchar(30).nullable(),
  reportsTo: column.integer().nullable().references((): Column<number> => Employee.employeeId),
  birthDate: column.timestamp().nullable(),
  hireDate: column.timestamp().nullable(),
  address: column.varchar(70).nullable(),
  city: column.varchar(40).nullable(),
  state: column.varchar(40).nullable(),
  country: column.varchar(40).nullable(),
  postalCode: column.varchar(10).nullable(),
  phone: column.varchar(24).nullable(),
  fax: column.varchar(24).nullable(),
  email: column.varchar(60).nullable(),
});

export const Customer = model("customer", {
  customerId: column.identity().primaryKey(),
  firstName: column.varchar(40),
  lastName: column.varchar(20),
  company: column.varchar(80).nullable(),
  address: column.varchar(70).nullable(),
  city: column.varchar(40).nullable(),
  state: column.varchar(40).nullable(),
  country: column.varchar(40).nullable(),
  postalCode: column.varchar(10).nullable(),
  phone: column.varchar(24).nullable(),
  fax: column.varchar(24).nullable(),
  email: column.varchar(60).unique(),
  supportRepId: column.integer().nullable().references(() => Employee.employeeId),
  deletedAt: column.timestamptz().nullable(),
  preferences: column.jsonb<Preferences>().default({}),
}, { softDelete: true });

export const Invoice = model("invoice", {
  invoiceId: column.identity().primaryKey(),
  customerId: column.integer().references(() => Customer.customerId),
  invoiceDate: column.timestamp(),
  billingAddress: column.varchar(70).nullable(),
  billingCity: column.varchar(40).nullable(),
  billingState: column.varchar(40).nullable(),
  billingCountry: column.varchar(40).nullable(),
  billingPostalCode: column.varchar(10).nullable(),
  total: column.numeric(10, 2),
  status: column.enum("invoice_status", ["placed", "paid", "refunded"]).default("placed"),
});

export const InvoiceLine = model("invoice_line", {
  invoiceLineId: column.identity().primaryKey(),
  invoiceId: column.integer().references(() => Invoice.invoiceId),
  trackId: column.integer().references(() => Track.trackId),
  unitPrice: column.numeric(10, 2),
  quantity: column.integer(),
});

export const Stock = model("stock", {
  warehouse: column.text<"north" | "harbour">().primaryKey(),
  trackId: column.integer().primaryKey().references(() => Track.trackId),
  copies: column.integer().check(sql`copies >= 0`),
  countedAt: column.timestamptz().defaultNow(),
});

export const Promotion = model("promotion", {
  promotionId: column.identity().primaryKey(),
  name: column.text().unique(),
  during: column.daterange(),
  discount: column.numeric(3, 2),
});
