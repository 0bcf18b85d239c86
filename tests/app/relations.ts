/** How the music store's models belong together. */
import { belongsTo, hasMany, linked, manyToMany, relations } from "../../orm/mod.ts";
import {
  Album,
  Artist,
  Customer,
  Employee,
  Genre,
  Invoice,
  InvoiceLine,
  MediaType,
  Playlist,
  PlaylistTrack,
  Stock,
  Track,
} from "./models.ts";

export const artist = relations(Artist, { albums: hasMany(Album, Album.artistId) });

export const album = relations(Album, {
  artist: belongsTo(Artist, Album.artistId),
  tracks: hasMany(Track, Track.albumId),
});

export const track = relations(Track, {
  album: belongsTo(Album, Track.albumId),
  genre: belongsTo(Genre, Track.genreId),
  mediaType: belongsTo(MediaType, Track.mediaTypeId),
  sales: hasMany(InvoiceLine, InvoiceLine.trackId),
  stock: hasMany(Stock, Stock.trackId),
  playlists: manyToMany(Playlist, {
    through: PlaylistTrack,
    from: PlaylistTrack.trackId,
    to: PlaylistTrack.playlistId,
  }),
});

export const genre = relations(Genre, { tracks: hasMany(Track, Track.genreId) });

export const playlist = relations(Playlist, {
  tracks: manyToMany(Track, {
    through: PlaylistTrack,
    from: PlaylistTrack.playlistId,
    to: PlaylistTrack.trackId,
  }),
});

export const employee = relations(Employee, {
  manager: belongsTo(Employee, Employee.reportsTo),
  reports: hasMany(Employee, Employee.reportsTo),
  customers: hasMany(Customer, Customer.supportRepId),
});

export const customer = relations(Customer, {
  supportRep: belongsTo(Employee, Customer.supportRepId),
  invoices: hasMany(Invoice, Invoice.customerId),
});

export const invoice = relations(Invoice, {
  customer: belongsTo(Customer, Invoice.customerId),
  lines: hasMany(InvoiceLine, InvoiceLine.invoiceId),
});

export const invoiceLine = relations(InvoiceLine, {
  invoice: belongsTo(Invoice, InvoiceLine.invoiceId),
  track: belongsTo(Track, InvoiceLine.trackId),
});

/** Relations over several others. */
export const far = {
  artist: relations(Artist, {
    tracks: linked(artist.albums, album.tracks),
    sales: linked(artist.albums, album.tracks, track.sales),
  }),
  invoice: relations(Invoice, { tracks: linked(invoice.lines, invoiceLine.track) }),
  customer: relations(Customer, {
    genres: linked(customer.invoices, invoice.lines, invoiceLine.track, track.genre),
  }),
  playlist: relations(Playlist, {
    buyers: linked(playlist.tracks, track.sales, invoiceLine.invoice, invoice.customer),
  }),
};
