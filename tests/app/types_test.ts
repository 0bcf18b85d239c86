/** What the compiler knows of the shop's answers. */
import assert from "node:assert/strict";
import { coalesce, cte, fn, from } from "../../orm/mod.ts";
import { test } from "../harness.ts";
import { Album, Artist, Customer, Employee, Genre, Invoice, type Preferences, Track } from "./models.ts";
import { album, artist, employee, invoice, playlist, track } from "./relations.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** The rows a query returns, with what is an intersection written out. */
type RowsOf<Q> = Q extends { readonly "~row"?: infer Row }
  ? { [Property in keyof NonNullable<Row>]: NonNullable<Row>[Property] }
  : never;

function same<_Same extends true>(): void {}

test("rows of the store's questions have exact types", () => {
  const joined = Track.find()
    .leftJoin(Album, Album.albumId.eq(Track.albumId))
    .select({
      name: Track.name,
      title: Album.title,
      seconds: Track.milliseconds.dividedBy(1000),
      bytes: Track.bytes,
    });
  same<
    Equal<
      RowsOf<typeof joined>,
      {
        readonly name: string;
        readonly title: string | null;
        readonly seconds: number;
        readonly bytes: number | null;
      }
    >
  >();

  const summed = Invoice.find().groupBy(Invoice.customerId).select({
    customerId: Invoice.customerId,
    status: fn.max(Invoice.status),
    spent: fn.sum(Invoice.total),
    atLeast: coalesce(fn.sum(Invoice.total), "0"),
    invoices: fn.count(),
    first: fn.min(Invoice.invoiceDate),
  });
  same<
    Equal<RowsOf<typeof summed>, {
      readonly customerId: number;
      readonly status: "placed" | "paid" | "refunded" | null;
      readonly spent: string | null;
      readonly atLeast: string;
      readonly invoices: number;
      readonly first: Temporal.PlainDateTime | null;
    }>
  >();

  const ranked = cte(
    "ranked",
    Genre.find().select({ genre: Genre.name, place: fn.rank().over({ orderBy: Genre.name }) }),
  );
  const top = from(ranked).where(ranked.place.lte(3));
  same<Equal<RowsOf<typeof top>, { readonly genre: string | null; readonly place: number }>>();

  const chosen = Customer.find().only("email", "preferences", "deletedAt");
  same<
    Equal<RowsOf<typeof chosen>, {
      readonly email: string;
      readonly preferences: Preferences;
      readonly deletedAt: Temporal.Instant | null;
    }>
  >();

  const nested = Artist.find().only("name").with(
    artist.albums.only("title").with(album.tracks.only("name").with(track.genre.only("name"))),
  );
  same<
    Equal<RowsOf<typeof nested>, {
      readonly name: string | null;
      readonly albums: readonly {
        readonly title: string;
        readonly tracks: readonly {
          readonly name: string;
          readonly genre: { readonly name: string | null } | null;
        }[];
      }[];
    }>
  >();

  const billed = Invoice.find().only("total").with(invoice.customer.only("email"));
  same<
    Equal<RowsOf<typeof billed>, { readonly total: string; readonly customer: { readonly email: string } }>
  >();

  const managed = Employee.find().only("lastName").with(employee.manager.only("lastName"));
  same<
    Equal<
      RowsOf<typeof managed>,
      { readonly lastName: string; readonly manager: { readonly lastName: string } | null }
    >
  >();

  for (const query of [joined, summed, top, chosen, nested, billed, managed]) {
    assert.match(query.toSQL().text, /^(?:with|select) /);
  }
});

test("what the store's models do not have does not compile", () => {
  const refused = (): void => {
    // @ts-expect-error: a column of no such name
    Track.find().where({ title: "x" });
    // @ts-expect-error: a number is no title
    Album.find().where(Album.title.eq(1));
    // @ts-expect-error: no such status
    Invoice.find().where(Invoice.status.eq("lost"));
    // @ts-expect-error: a relation of another model
    Artist.find().with(playlist.tracks);
    // @ts-expect-error: a title is missing
    Album.insert({ artistId: 1 });
    // @ts-expect-error: a generated column takes no value
    Track.update({ titleWords: "x" });
    // @ts-expect-error: a plain string is no SQL
    Track.find().where("name = 'x'");
  };
  assert.equal(typeof refused, "function");
});
