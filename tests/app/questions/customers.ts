/** Who buys. A closed account is no customer, unless the question says so. */
import { and, coalesce, doesntHave, fn, from, has } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { Customer, Employee, Genre, Invoice, InvoiceLine, Track } from "../models.ts";
import { customer, far } from "../relations.ts";
import type { ReadQuestion } from "../question.ts";

export const CUSTOMERS: readonly ReadQuestion[] = [
  {
    name: "customers who live in the country of their support",
    rows: 8,
    plain: sql`
      select c.last_name as customer, e.last_name as support, c.country from customer c
        join employee e on e.employee_id = c.support_rep_id and e.country = c.country
      where c.deleted_at is null order by c.customer_id`,
    async ask(pool) {
      return await Customer.find()
        .join(
          Employee,
          and(Employee.employeeId.eq(Customer.supportRepId), Employee.country.eq(Customer.country)),
        )
        .select({ customer: Customer.lastName, support: Employee.lastName, country: Customer.country })
        .orderBy(Customer.customerId)
        .all(pool);
    },
  },
  {
    name: "cities that have to do with the shop, and in what way",
    rows: 4,
    plain: sql`
      select 'both' as kind, count(*) as cities from (
        select city from customer where deleted_at is null intersect select city from employee) b
      union all select 'either', count(*) from (
        select city from customer where deleted_at is null union select city from employee) e
      union all select 'only staff', count(*) from (
        select city from employee except select city from customer where deleted_at is null) s
      union all select 'only customers', count(*) from (
        select city from customer where deleted_at is null except select city from employee) c
      order by kind`,
    async ask(pool) {
      const customers = Customer.find().select({ city: Customer.city });
      const staff = Employee.find().select({ city: Employee.city });
      return [
        { kind: "both", cities: await customers.intersect(staff).count(pool) },
        { kind: "either", cities: await customers.union(staff).count(pool) },
        { kind: "only customers", cities: await customers.except(staff).count(pool) },
        { kind: "only staff", cities: await staff.except(customers).count(pool) },
      ];
    },
  },
  {
    name: "who wants the newsletter and is called in the morning",
    rows: 13,
    plain: sql`
      select customer_id as "customerId", email, (preferences #>> '{contact,hour}')::int as hour,
        preferences -> 'favourites' as favourites
      from customer
      where deleted_at is null and preferences @> '{"newsletter": true}'
        and (preferences #>> '{contact,hour}')::int < 12
      order by hour, customer_id`,
    async ask(pool) {
      const hour = Customer.preferences.path("contact", "hour").cast("int");
      return await Customer.find()
        .where(Customer.preferences.contains({ newsletter: true }))
        .where(hour.lt(12))
        .select({
          customerId: Customer.customerId,
          email: Customer.email,
          hour,
          favourites: Customer.preferences.path("favourites"),
        })
        .orderBy(hour, Customer.customerId)
        .all(pool);
    },
  },
  {
    name: "the genre each customer spends most on",
    rows: 56,
    plain: sql`
      select customer, genre, spent from (
        select c.customer_id, c.last_name as customer, g.name as genre, sum(il.unit_price * il.quantity) as spent,
          row_number() over (partition by c.customer_id
            order by sum(il.unit_price * il.quantity) desc, g.name) as place
        from customer c
          join invoice i on i.customer_id = c.customer_id
          join invoice_line il on il.invoice_id = i.invoice_id
          join track t on t.track_id = il.track_id
          join genre g on g.genre_id = t.genre_id
        where c.deleted_at is null
        group by c.customer_id, g.genre_id
      ) favourites where place = 1 order by customer_id`,
    async ask(pool) {
      const spent = fn.sum(InvoiceLine.unitPrice.times(InvoiceLine.quantity));
      const favourites = Customer.find()
        .join(Invoice, Invoice.customerId.eq(Customer.customerId))
        .join(InvoiceLine, InvoiceLine.invoiceId.eq(Invoice.invoiceId))
        .join(Track, Track.trackId.eq(InvoiceLine.trackId))
        .join(Genre, Genre.genreId.eq(Track.genreId))
        .groupBy(Customer.customerId, Genre.genreId)
        .select({
          customerId: Customer.customerId,
          customer: Customer.lastName,
          genre: Genre.name,
          spent,
          place: fn.rowNumber().over({
            partitionBy: [Customer.customerId],
            orderBy: [spent.desc(), Genre.name],
          }),
        })
        .as("favourites");
      return await from(favourites)
        .where(favourites.place.eq(1))
        .select({ customer: favourites.customer, genre: favourites.genre, spent: favourites.spent })
        .orderBy(favourites.customerId)
        .all(pool);
    },
  },
  {
    name: "who bought jazz but never metal",
    rows: 2,
    plain: sql`
      select customer_id as "customerId", last_name as "lastName" from customer c
      where deleted_at is null and exists (
        select 1 from invoice i join invoice_line il on il.invoice_id = i.invoice_id
          join track t on t.track_id = il.track_id join genre g on g.genre_id = t.genre_id
        where i.customer_id = c.customer_id and g.name = 'Jazz'
      ) and not exists (
        select 1 from invoice i join invoice_line il on il.invoice_id = i.invoice_id
          join track t on t.track_id = il.track_id join genre g on g.genre_id = t.genre_id
        where i.customer_id = c.customer_id and g.name = 'Metal'
      ) order by customer_id`,
    async ask(pool) {
      const { genres } = far.customer;
      return await Customer.find()
        .where(has(genres, Genre.name.eq("Jazz")))
        .where(doesntHave(genres, Genre.name.eq("Metal")))
        .only("customerId", "lastName")
        .orderBy(Customer.customerId)
        .all(pool);
    },
  },
  {
    name: "who bought nothing since the middle of 2025",
    rows: 25,
    plain: sql`
      select customer_id as "customerId", email from customer c where deleted_at is null and not exists (
        select 1 from invoice i where i.customer_id = c.customer_id and i.invoice_date >= '2025-07-01'
      ) order by customer_id`,
    async ask(pool) {
      return await Customer.find()
        .where(
          doesntHave(customer.invoices, Invoice.invoiceDate.gte(Temporal.PlainDateTime.from("2025-07-01"))),
        )
        .only("customerId", "email")
        .orderBy(Customer.customerId)
        .all(pool);
    },
  },
  {
    name: "how letters to customers of Brazil and the Czech Republic begin",
    rows: 7,
    plain: sql`
      select 'Dear ' || first_name || ' ' || upper(last_name) as salutation, coalesce(company, '(private)') as company,
        coalesce(state, city, '?') as place
      from customer where deleted_at is null and country in ('Brazil', 'Czech Republic') order by customer_id`,
    async ask(pool) {
      const { firstName, lastName, company, state, city, country } = Customer;
      return await Customer.find()
        .where(country.in(["Brazil", "Czech Republic"]))
        .select({
          salutation: fn.concat("Dear ", firstName, " ", fn.upper(lastName)),
          company: coalesce(company, "(private)"),
          place: coalesce(state, city, "?"),
        })
        .orderBy(Customer.customerId)
        .all(pool);
    },
  },
  {
    name: "each customer's spending by year side by side",
    rows: 15,
    plain: sql`
      select c.last_name as customer,
        sum(i.total) filter (where i.invoice_date < '2023-01-01') as before,
        sum(i.total) filter (where i.invoice_date >= '2023-01-01' and i.invoice_date < '2025-01-01') as between,
        sum(i.total) filter (where i.invoice_date >= '2025-01-01') as after,
        ntile(4) over (order by sum(i.total) desc, c.customer_id) as quarter
      from customer c join invoice i on i.customer_id = c.customer_id
      where c.deleted_at is null
      group by c.customer_id order by quarter, sum(i.total) desc, c.customer_id limit 15`,
    async ask(pool) {
      const spent = fn.sum(Invoice.total);
      const [from2023, from2025] = [
        Temporal.PlainDateTime.from("2023-01-01"),
        Temporal.PlainDateTime.from("2025-01-01"),
      ];
      const quarter = fn.ntile(4).over({ orderBy: [spent.desc(), Customer.customerId] });
      return await Customer.find()
        .join(Invoice, Invoice.customerId.eq(Customer.customerId))
        .groupBy(Customer.customerId)
        .select({
          customer: Customer.lastName,
          before: spent.filter(Invoice.invoiceDate.lt(from2023)),
          between: spent.filter(and(Invoice.invoiceDate.gte(from2023), Invoice.invoiceDate.lt(from2025))),
          after: spent.filter(Invoice.invoiceDate.gte(from2025)),
          quarter,
        })
        .orderBy(quarter, spent.desc(), Customer.customerId)
        .limit(15)
        .all(pool);
    },
  },
  {
    name: "open, closed and all accounts",
    rows: 3,
    plain: sql`
      select 'all' as accounts, count(*), max(customer_id) as last from customer
      union all select 'closed', count(*), max(customer_id) from customer where deleted_at is not null
      union all select 'open', count(*), max(customer_id) from customer where deleted_at is null
      order by accounts`,
    async ask(pool) {
      const accounts = {
        all: Customer.find().withTrashed(),
        closed: Customer.find().onlyTrashed(),
        open: Customer.find(),
      };
      return await Promise.all(
        Object.entries(accounts).map(async ([accounts, query]) => ({
          accounts,
          count: await query.count(pool),
          last: await query.max(Customer.customerId, pool),
        })),
      );
    },
  },
  {
    name: "closed accounts with what they once bought",
    rows: 21,
    plain: sql`
      select c.customer_id as "customerId", c.deleted_at as "deletedAt", i.invoice_id as "invoiceId", i.total
      from customer c join invoice i on i.customer_id = c.customer_id
      where c.deleted_at is not null order by c.customer_id, i.invoice_id`,
    async ask(pool) {
      const closed = await Customer.find().onlyTrashed()
        .with(customer.invoices.orderBy(Invoice.invoiceId))
        .orderBy(Customer.customerId)
        .all(pool);
      return closed.flatMap(({ customerId, deletedAt, invoices }) =>
        invoices.map(({ invoiceId, total }) => ({ customerId, deletedAt, invoiceId, total }))
      );
    },
  },
  {
    name: "neighbours: customers of the same city",
    rows: 6,
    plain: sql`
      select a.last_name as one, b.last_name as other, a.city from customer a
        join customer b on b.city = a.city and b.customer_id > a.customer_id
      where a.deleted_at is null and b.deleted_at is null order by a.city, a.customer_id, b.customer_id`,
    async ask(pool) {
      const other = Customer.as("other");
      return await Customer.find()
        .join(other, and(other.city.eq(Customer.city), other.customerId.gt(Customer.customerId)))
        .select({ one: Customer.lastName, other: other.lastName, city: Customer.city })
        .orderBy(Customer.city, Customer.customerId, other.customerId)
        .all(pool);
    },
  },
  {
    name: "the second page of customers by country, and how many pages there are",
    rows: 10,
    plain: sql`
      select country, last_name as "lastName", count(*) over () as total, ceil(count(*) over () / 10.0)::int as pages
      from customer where deleted_at is null order by country, customer_id limit 10 offset 10`,
    async ask(pool) {
      const page = await Customer.find().only("country", "lastName")
        .orderBy(Customer.country, Customer.customerId)
        .paginate({ page: 2, size: 10 }, pool);
      return page.rows.map((row) => ({ ...row, total: page.total, pages: page.pages }));
    },
  },
];
