/** What is ordered, and what becomes of it. */
import assert from "node:assert/strict";
import { graph } from "../../../orm/mod.ts";
import { CheckViolationError, type Transaction } from "../../../pool/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { Customer, Invoice, InvoiceLine, Stock, Track } from "../models.ts";
import { invoice } from "../relations.ts";
import type { WriteQuestion } from "../question.ts";

/** The newest invoice with its lines, and what is left of what it took. */
const NEWEST_ORDER = sql`
  select i.customer_id, i.total, i.status, i.billing_country, il.track_id, il.quantity, il.unit_price, s.copies
  from (select * from invoice order by invoice_id desc limit 1) i
    join invoice_line il on il.invoice_id = i.invoice_id
    left join stock s on s.track_id = il.track_id and s.warehouse = 'north'
  order by il.track_id`;

/** How much there is of everything an order touches. */
const TOTALS = sql`
  select (select count(*) from invoice) as invoices, (select count(*) from invoice_line) as lines,
    (select sum(copies) from stock) as copies`;

export const ORDERS: readonly WriteQuestion[] = [
  {
    name: "an order with its lines, whose copies leave the stock",
    rows: 2,
    seen: NEWEST_ORDER,
    async plain(tx) {
      const { id } = await tx.one<{ id: number }>(sql`
        insert into invoice (customer_id, invoice_date, billing_country, total)
        values (14, '2026-02-03 10:30:00', 'Canada', 2.97) returning invoice_id as id`);
      await tx.execute(sql`
        insert into invoice_line (invoice_id, track_id, unit_price, quantity)
        values (${id}, 5, 0.99, 2), (${id}, 10, 0.99, 1)`);
      await tx.execute(sql`update stock set copies = copies - 2 where warehouse = 'north' and track_id = 5`);
      await tx.execute(sql`update stock set copies = copies - 1 where warehouse = 'north' and track_id = 10`);
      return [];
    },
    async ask(tx) {
      await placeOrder(tx, 14, [[5, 2], [10, 1]]);
      return [];
    },
  },
  {
    name: "an order of what is not in stock leaves nothing behind",
    rows: 1,
    seen: TOTALS,
    async plain(tx) {
      try {
        await tx.transaction(async (nested) => {
          const { id } = await nested.one<{ id: number }>(sql`
            insert into invoice (customer_id, invoice_date, total) values (14, '2026-02-03', 1.98)
            returning invoice_id as id`);
          await nested.execute(sql`
            insert into invoice_line (invoice_id, track_id, unit_price, quantity)
            values (${id}, 5, 0.99, 1), (${id}, 15, 0.99, 1)`);
          await nested.execute(sql`
            update stock set copies = copies - 1 where warehouse = 'north' and track_id in (5, 15)`);
        });
      } catch (error) {
        assert.ok(error instanceof CheckViolationError);
        return [{ refused: error.constraint }];
      }
      return [];
    },
    async ask(tx) {
      try {
        await placeOrder(tx, 14, [[5, 1], [15, 1]]);
      } catch (error) {
        assert.ok(error instanceof CheckViolationError);
        return [{ refused: error.constraint }];
      }
      return [];
    },
  },
  {
    name: "invoices of a video are refunded",
    rows: 3,
    seen: sql`select status, count(*), sum(total) as total from invoice group by status order by status`,
    async plain(tx) {
      return await tx.query(sql`
        with refunded as (
          update invoice set status = 'refunded'
          where status = 'paid' and invoice_id in (
            select il.invoice_id from invoice_line il join track t on t.track_id = il.track_id
            where t.media_type_id = 3
          ) returning invoice_id, total
        ) select invoice_id as "invoiceId", total from refunded order by invoice_id`);
    },
    async ask(tx) {
      const videos = InvoiceLine.find()
        .join(Track, Track.trackId.eq(InvoiceLine.trackId))
        .where(Track.mediaTypeId.eq(3))
        .select({ invoiceId: InvoiceLine.invoiceId });
      const refunded = await Invoice.update({ status: "refunded" })
        .where({ status: "paid" })
        .where(Invoice.invoiceId.in(videos))
        .only("invoiceId", "total")
        .returning(tx);
      return refunded.toSorted((one, other) => one.invoiceId - other.invoiceId);
    },
  },
  {
    name: "the three oldest orders are taken by somebody who waits for nobody",
    rows: 3,
    seen: sql`select invoice_id, status from invoice where invoice_id in (401, 402, 403) order by invoice_id`,
    async plain(tx) {
      const taken = await tx.query<{ invoiceId: number }>(sql`
        select invoice_id as "invoiceId" from invoice where status = 'placed'
        order by invoice_date, invoice_id limit 3 for update skip locked`);
      const ids = taken.map((invoice) => invoice.invoiceId);
      await tx.execute(sql`update invoice set status = 'paid' where invoice_id = any(${ids})`);
      return taken;
    },
    async ask(tx) {
      const taken = await Invoice.find()
        .where({ status: "placed" })
        .only("invoiceId")
        .orderBy(Invoice.invoiceDate, Invoice.invoiceId)
        .limit(3)
        .forUpdate({ skipLocked: true })
        .all(tx);
      await Invoice.update({ status: "paid" }).where(Invoice.invoiceId.in(taken.map((row) => row.invoiceId)))
        .run(tx);
      return taken;
    },
  },
];

/** Places an order as one graph and takes its copies from the northern warehouse, or does nothing at all. */
async function placeOrder(
  executor: Transaction,
  customerId: number,
  wanted: readonly (readonly [trackId: number, quantity: number])[],
): Promise<void> {
  await executor.transaction(async (tx) => {
    const customer = await Customer.find().where({ customerId }).one(tx);
    const tracks = await Track.find().where(Track.trackId.in(wanted.map(([trackId]) => trackId))).all(tx);
    const lines = wanted.map(([trackId, quantity]) => ({
      trackId,
      quantity,
      unitPrice: tracks.find((track) => track.trackId === trackId)!.unitPrice,
    }));
    await graph(Invoice, invoice.lines).insert({
      customerId,
      invoiceDate: Temporal.PlainDateTime.from("2026-02-03T10:30:00"),
      billingCountry: customer.country,
      total: lines.reduce((sum, line) => sum + Number(line.unitPrice) * line.quantity, 0).toFixed(2),
      lines,
    }, tx);
    for (const { trackId, quantity } of lines) {
      await Stock.update({ copies: Stock.copies.minus(quantity) }).where({ warehouse: "north", trackId }).run(
        tx,
      );
    }
  });
}
