/** What was sold, when and where. */
import {
  caseWhen,
  coalesce,
  cte,
  fn,
  from,
  groupingSets,
  output,
  rollup,
  scalar,
  value,
  windowOf,
} from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { Album, Artist, Genre, Invoice, InvoiceLine, Promotion, Track } from "../models.ts";
import { invoice, invoiceLine, track } from "../relations.ts";
import type { ReadQuestion } from "../question.ts";

const NEW_YEAR_2025 = Temporal.PlainDateTime.from("2025-01-01");

export const SALES: readonly ReadQuestion[] = [
  {
    name: "the three best selling artists of each country and month of 2025",
    rows: 107,
    plain: sql`
      with sales as (
        select i.billing_country as country, date_trunc('month', i.invoice_date) as month, ar.name as artist,
          sum(il.unit_price * il.quantity) as revenue
        from invoice i
          join invoice_line il on il.invoice_id = i.invoice_id
          join track t on t.track_id = il.track_id
          join album al on al.album_id = t.album_id
          join artist ar on ar.artist_id = al.artist_id
        where i.invoice_date >= '2025-01-01'
        group by i.billing_country, date_trunc('month', i.invoice_date), ar.artist_id
      ), ranked as (
        select *, row_number() over (partition by country, month order by revenue desc, artist) as place from sales
      )
      select country, month, artist, revenue, place from ranked where place <= 3 order by country, month, place`,
    async ask(pool) {
      const month = fn.dateTrunc("month", Invoice.invoiceDate);
      const revenue = fn.sum(InvoiceLine.unitPrice.times(InvoiceLine.quantity));
      const sales = cte(
        "sales",
        Invoice.find()
          .join(InvoiceLine, InvoiceLine.invoiceId.eq(Invoice.invoiceId))
          .join(Track, Track.trackId.eq(InvoiceLine.trackId))
          .join(Album, Album.albumId.eq(Track.albumId))
          .join(Artist, Artist.artistId.eq(Album.artistId))
          .where(Invoice.invoiceDate.gte(NEW_YEAR_2025))
          .groupBy(Invoice.billingCountry, month, Artist.artistId)
          .select({ country: Invoice.billingCountry, month, artist: Artist.name, revenue }),
      );
      const { country, artist } = sales;
      const place = fn.rowNumber().over({
        partitionBy: [country, sales.month],
        orderBy: [sales.revenue.desc(), artist],
      });
      const ranked = cte(
        "ranked",
        from(sales).select({ country, month: sales.month, artist, revenue: sales.revenue, place }),
      );
      return await from(ranked).where(ranked.place.lte(3)).orderBy(ranked.country, ranked.month, ranked.place)
        .all(pool);
    },
  },
  {
    name: "revenue by month with the total so far, the change and the mean of three months",
    rows: 60,
    plain: sql`
      select date_trunc('month', invoice_date) as month, sum(total) as revenue,
        sum(sum(total)) over so_far as so_far,
        sum(total) - lag(sum(total)) over so_far as change,
        round(avg(sum(total)) over (order by date_trunc('month', invoice_date)
          rows between 2 preceding and current row), 4) as mean
      from invoice
      group by date_trunc('month', invoice_date)
      window so_far as (order by date_trunc('month', invoice_date))
      order by month`,
    async ask(pool) {
      const month = fn.dateTrunc("month", Invoice.invoiceDate);
      const revenue = fn.sum(Invoice.total);
      return await Invoice.find()
        .groupBy(month)
        .window("so_far", windowOf({ orderBy: month }))
        .select({
          month,
          revenue,
          so_far: fn.sum(revenue).over("so_far"),
          change: revenue.minus(fn.lag(revenue).over("so_far")),
          mean: fn.round(
            fn.avg(revenue).over({ orderBy: month, frame: { unit: "rows", from: { preceding: 2 } } }),
            4,
          ),
        })
        .orderBy(month)
        .all(pool);
    },
  },
  {
    name: "what each year's new customers bought in the years after",
    rows: 9,
    plain: sql`
      with firsts as (
        select customer_id, min(extract(year from invoice_date))::int as cohort from invoice group by customer_id
      )
      select f.cohort, extract(year from i.invoice_date)::int as year, count(distinct i.customer_id) as customers,
        sum(i.total) as revenue
      from invoice i join firsts f on f.customer_id = i.customer_id
      group by f.cohort, extract(year from i.invoice_date)::int
      order by f.cohort, year`,
    async ask(pool) {
      const year = fn.extract("year", Invoice.invoiceDate);
      const firsts = cte(
        "firsts",
        Invoice.find().groupBy(Invoice.customerId).select({
          customerId: Invoice.customerId,
          cohort: fn.min(year),
        }),
      );
      return await Invoice.find()
        .join(firsts, firsts.customerId.eq(Invoice.customerId))
        .groupBy(firsts.cohort, year)
        .select({
          cohort: firsts.cohort,
          year,
          customers: fn.countDistinct(Invoice.customerId),
          revenue: fn.sum(Invoice.total),
        })
        .orderBy(firsts.cohort, year)
        .all(pool);
    },
  },
  {
    name: "each genre's share of revenue, and all of it",
    rows: 25,
    plain: sql`
      select g.name as genre, grouping(g.name) as is_total, sum(il.unit_price * il.quantity) as revenue,
        count(*) as lines
      from invoice_line il
        join track t on t.track_id = il.track_id
        join genre g on g.genre_id = t.genre_id
      group by grouping sets ((g.name), ())
      order by is_total desc, revenue desc, genre`,
    async ask(pool) {
      const revenue = fn.sum(InvoiceLine.unitPrice.times(InvoiceLine.quantity));
      const isTotal = fn.grouping(Genre.name);
      return await InvoiceLine.find()
        .join(Track, Track.trackId.eq(InvoiceLine.trackId))
        .join(Genre, Genre.genreId.eq(Track.genreId))
        .groupBy(groupingSets([Genre.name], []))
        .select({ genre: Genre.name, is_total: isTotal, revenue, lines: fn.count() })
        .orderBy(isTotal.desc(), revenue.desc(), Genre.name)
        .all(pool);
    },
  },
  {
    name: "revenue by country and year with subtotals",
    rows: 126,
    plain: sql`
      select billing_country as country, extract(year from invoice_date)::int as year, sum(total) as revenue
      from invoice
      group by rollup (billing_country, extract(year from invoice_date)::int)
      order by country nulls last, year nulls last`,
    async ask(pool) {
      const year = fn.extract("year", Invoice.invoiceDate);
      return await Invoice.find()
        .groupBy(rollup(Invoice.billingCountry, year))
        .select({ country: Invoice.billingCountry, year, revenue: fn.sum(Invoice.total) })
        .orderBy(Invoice.billingCountry.asc({ nulls: "last" }), year.asc({ nulls: "last" }))
        .all(pool);
    },
  },
  {
    name: "the median and the highest tenth of invoices by country",
    rows: 24,
    plain: sql`
      select billing_country as country, percentile_cont(0.5) within group (order by total::float8) as median,
        percentile_disc(0.9) within group (order by total) as high
      from invoice group by billing_country order by country`,
    async ask(pool) {
      return await Invoice.find()
        .groupBy(Invoice.billingCountry)
        .select({
          country: Invoice.billingCountry,
          median: fn.percentileCont(0.5, Invoice.total),
          high: fn.percentileDisc(0.9, Invoice.total),
        })
        .orderBy(Invoice.billingCountry)
        .all(pool);
    },
  },
  {
    name: "the latest invoices with their customer, lines, tracks and albums",
    rows: 34,
    plain: sql`
      with latest as (select * from invoice order by invoice_date desc, invoice_id desc limit 5)
      select i.invoice_id as "invoiceId", i.invoice_date as "invoiceDate", c.last_name as customer,
        il.quantity, il.unit_price as "unitPrice", t.name as track, al.title as album
      from latest i
        join customer c on c.customer_id = i.customer_id
        join invoice_line il on il.invoice_id = i.invoice_id
        join track t on t.track_id = il.track_id
        left join album al on al.album_id = t.album_id
      order by i.invoice_date desc, i.invoice_id desc, il.invoice_line_id`,
    async ask(pool) {
      const invoices = await Invoice.find()
        .with(
          invoice.customer,
          invoice.lines.orderBy(InvoiceLine.invoiceLineId).with(invoiceLine.track.with(track.album)),
        )
        .orderBy(Invoice.invoiceDate.desc(), Invoice.invoiceId.desc())
        .limit(5)
        .all(pool);
      return invoices.flatMap(({ invoiceId, invoiceDate, customer, lines }) =>
        lines.map(({ quantity, unitPrice, track }) => ({
          invoiceId,
          invoiceDate,
          customer: customer.lastName,
          quantity,
          unitPrice,
          track: track.name,
          album: track.album?.title ?? null,
        }))
      );
    },
  },
  {
    name: "the latest invoice of each customer",
    rows: 59,
    plain: sql`
      select distinct on (customer_id) customer_id as "customerId", invoice_id as "invoiceId",
        invoice_date as "invoiceDate", total
      from invoice order by customer_id, invoice_date desc, invoice_id desc`,
    async ask(pool) {
      return await Invoice.find()
        .distinctOn(Invoice.customerId)
        .only("customerId", "invoiceId", "invoiceDate", "total")
        .orderBy(Invoice.customerId, Invoice.invoiceDate.desc(), Invoice.invoiceId.desc())
        .all(pool);
    },
  },
  {
    name: "invoices in a promotion, at its price",
    rows: 49,
    plain: sql`
      select p.name as promotion, i.invoice_id as "invoiceId", i.total,
        round(i.total * (1 - p.discount), 2) as discounted
      from promotion p join invoice i on p.during @> i.invoice_date::date
      order by p.promotion_id, i.invoice_id`,
    async ask(pool) {
      return await Promotion.find()
        .join(Invoice, Promotion.during.contains(Invoice.invoiceDate.cast("date")))
        .select({
          promotion: Promotion.name,
          invoiceId: Invoice.invoiceId,
          total: Invoice.total,
          discounted: fn.round(Invoice.total.times(value("1", "numeric").minus(Promotion.discount)), 2),
        })
        .orderBy(Promotion.promotionId, Invoice.invoiceId)
        .all(pool);
    },
  },
  {
    name: "countries whose customers spend more than the mean of all invoices",
    rows: 10,
    plain: sql`
      select billing_country as country, round(avg(total), 6) as mean, count(*) as invoices
      from invoice group by billing_country
      having avg(total) > (select avg(total) from invoice)
      order by mean desc, country`,
    async ask(pool) {
      const mean = fn.avg(Invoice.total);
      return await Invoice.find()
        .groupBy(Invoice.billingCountry)
        .having(mean.gt(scalar(Invoice.find().select({ mean }))))
        .select({ country: Invoice.billingCountry, mean: fn.round(mean, 6), invoices: fn.count() })
        .orderBy(mean.desc(), Invoice.billingCountry)
        .all(pool);
    },
  },
  {
    name: "invoices by day of the week and state",
    rows: 7,
    plain: sql`
      select extract(isodow from invoice_date)::int as weekday, count(*) as invoices,
        count(*) filter (where status = 'refunded') as refunded,
        coalesce(sum(total) filter (where status = 'placed'), 0) as outstanding
      from invoice group by extract(isodow from invoice_date)::int order by weekday`,
    async ask(pool) {
      const weekday = fn.extract("isodow", Invoice.invoiceDate);
      return await Invoice.find()
        .groupBy(weekday)
        .select({
          weekday,
          invoices: fn.count(),
          refunded: fn.count().filter(Invoice.status.eq("refunded")),
          outstanding: coalesce(fn.sum(Invoice.total).filter(Invoice.status.eq("placed")), "0"),
        })
        .orderBy(weekday)
        .all(pool);
    },
  },
  {
    name: "how long each buyer waited between two purchases, the longest first",
    rows: 20,
    plain: sql`
      select customer_id as "customerId", invoice_date as "invoiceDate", previous,
        invoice_date - previous as waited
      from (
        select customer_id, invoice_date,
          lag(invoice_date) over (partition by customer_id order by invoice_date, invoice_id) as previous
        from invoice
      ) purchases
      where previous is not null
      order by waited desc, customer_id, invoice_date limit 20`,
    async ask(pool) {
      const { customerId, invoiceDate, invoiceId } = Invoice;
      const previous = fn.lag(invoiceDate).over({
        partitionBy: [customerId],
        orderBy: [invoiceDate, invoiceId],
      });
      const purchases = Invoice.find().select({ customerId, invoiceDate, previous }).as("purchases");
      const waited = purchases.invoiceDate.minus(purchases.previous);
      return await from(purchases)
        .where(purchases.previous.isNotNull())
        .select({
          customerId: purchases.customerId,
          invoiceDate: purchases.invoiceDate,
          previous: purchases.previous,
          waited,
        })
        .orderBy(waited.desc(), purchases.customerId, purchases.invoiceDate)
        .limit(20)
        .all(pool);
    },
  },
  {
    name: "the size of invoices as words",
    rows: 3,
    plain: sql`
      select case when total < 2 then 'small' when total < 10 then 'usual' else 'large' end as size,
        count(*) as invoices, min(total) as least, max(total) as most
      from invoice
      group by case when total < 2 then 'small' when total < 10 then 'usual' else 'large' end
      order by size`,
    async ask(pool) {
      const size = caseWhen(Invoice.total.lt("2"), "small").when(Invoice.total.lt("10"), "usual").else(
        "large",
      );
      return await Invoice.find()
        .groupBy(size)
        .select({ size, invoices: fn.count(), least: fn.min(Invoice.total), most: fn.max(Invoice.total) })
        .orderBy(output("size"))
        .all(pool);
    },
  },
];
