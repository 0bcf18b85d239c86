// Inferred from a database. What is changed here is lost when it is inferred again.
import { declare } from "../../../../migrate/scratch/declare.ts";
import {
  belongsTo,
  type Column,
  column,
  constraint,
  hasMany,
  hasOne,
  index,
  indexKey,
  manyToMany,
  model,
  policy,
  type Range,
  relations,
  sql,
  trigger,
} from "../../../../mod.ts";

export const addressType = column.composite("address", {
  street: column.text().nullable(),
  town: column.varchar(80).nullable(),
  location: column.point().nullable(),
});

export const personNameType = column.composite("person_name", {
  given: column.text().nullable(),
  family: column.text().nullable(),
  lived: addressType.nullable(),
});

export const isbnType = column.domain(
  "isbn",
  column.varchar(17).check(sql`(VALUE)::text ~ '^[0-9-]+$'::text`),
);

export const shelfMarkType = column.domain(
  "shelf_mark",
  column.text().default("A").check(sql`VALUE <> ''::text`),
);

export const formatType = column.enum("format", ["hardback", "paperback", "audio"]);

export const Author = model("authors", {
  id: column.bigint().identityAlways().primaryKey(),
  name: personNameType,
  penName: column.citext().nullable().unique().comment('It\'s "another" name \\ of theirs'),
  born: column.date().nullable(),
  rivalId: column.bigint().nullable().references((): Column<bigint> => Author.id, { onDelete: "set null" }),
  mentorId: column.bigint().nullable().references((): Column<bigint> => Author.id).deferrable("deferred"),
  links: column.text().array().default([]),
  extra: column.hstore().nullable(),
  createdAt: column.timestamptz().defaultNow(),
}, {
  comment: "Who writes `books` for ${money}",
  triggers: () => [
    trigger("touched", { on: "update", call: { function: "touch", schema: "public" } }),
  ],
});

export const BookCover = model("book_covers", {
  bookId: column.uuid().primaryKey().references(() => Book.id, { onDelete: "cascade" }),
  image: column.bytea(),
});

export const BookTag = model("book_tags", {
  bookId: column.uuid().primaryKey().references(() => Book.id),
  tagId: column.integer().primaryKey().references(() => Tag.id),
  since: column.date().nullable(),
});

export const Book = model("books", {
  id: column.uuid().default(sql`gen_random_uuid()`).primaryKey(),
  title: column.text(),
  isbn: isbnType.nullable().unique(),
  format: formatType.default("paperback"),
  formats: formatType.array().nullable(),
  categoryId: column.integer().nullable().references(() => Category.categoryId),
  authorId: column.bigint().references(() => Author.id),
  translatorId: column.bigint().nullable().references(() => Author.id),
  pages: column.smallint().default(-1).nullable(),
  words: column.bigint().default(sql`'5000000000'::bigint`).nullable(),
  price: column.numeric(10, 2).default("0.00"),
  weight: column.real().default(0.5).nullable(),
  rating: column.double().nullable(),
  stock: column.money().nullable(),
  inPrint: column.boolean().default(true).nullable(),
  status: column.varchar(20).default("new"),
  cover: column.bytea().nullable(),
  meta: column.jsonb().default({}),
  raw: column.json().nullable(),
  flags: column.bit(3).nullable(),
  moreFlags: column.varbit(8).nullable(),
  code: column.char(4).nullable(),
  // The type "char" has no function of its own; its values are taken for strings
  letter: column.custom('"char"').nullable(),
  keptIn: shelfMarkType.nullable(),
  lent: column.tstzrange().nullable(),
  kept: column.custom<Range<string>>("public.temperature").nullable(),
  spans: column.int4multirange().nullable(),
  numbers: column.numrange().nullable(),
  opened: column.time({ precision: 3 }).nullable(),
  closed: column.timetz().nullable(),
  span: column.interval().nullable(),
  stay: column.interval({ precision: 2 }).nullable(),
  // The type interval year to month has no function of its own; its values are taken for strings
  yearSpan: column.custom("interval year to month").nullable(),
  seen: column.timestamp({ precision: 0 }).nullable(),
  address: addressType.nullable(),
  ip: column.inet().nullable(),
  net: column.cidr().nullable(),
  mac: column.macaddr().nullable(),
  mac8: column.macaddr8().nullable(),
  lsn: column.pgLsn().nullable(),
  doc: column.xml().nullable(),
  js: column.jsonpath().nullable(),
  place: column.point().nullable(),
  walls: column.line().nullable(),
  edge: column.lseg().nullable(),
  area: column.box().nullable(),
  way: column.path().nullable(),
  ground: column.polygon().nullable(),
  round: column.circle().nullable(),
  query: column.tsquery().nullable(),
  // The type regclass has no function of its own; its values are taken for strings
  what: column.custom("regclass").nullable(),
  object: column.oid().nullable(),
  xact: column.xid8().nullable(),
  // The type name has no function of its own; its values are taken for strings
  label: column.custom("name").nullable(),
  document: column.tsvector().generated(sql`to_tsvector('simple'::regconfig, title)`).nullable(),
  receipt: column.integer().default(sql`nextval('public.receipts'::regclass)`),
  grid: column.integer().array().nullable(),
}, {
  indexes: (t) => [
    index(t.authorId, t.format.desc({ nulls: "last" })),
    index(t.document).using("gin"),
    index(indexKey(t.meta, { opclass: "jsonb_path_ops" })).using("gin", { fastupdate: "off" }),
    index(t.title, sql`COALESCE(translator_id, (0)::bigint)`).unique().name("books_one_title"),
    index(t.seen).using("brin", { pages_per_range: 16 }),
    index(indexKey(sql`lower(title)`, { order: "desc" }), t.id)
      .include(t.format)
      .where(sql`(price > (10)::numeric) AND (title <> 'it''s'::text)`)
      .name("books_title_lower"),
  ],
  checks: () => ({
    books_pages: sql`(pages > '-2'::integer) AND (pages < 10000)`,
    books_price_check: sql`price >= (0)::numeric`,
    books_status_check:
      sql`(status)::text = ANY (ARRAY['new'::character varying, 'old'::character varying, 'it''s'::character varying])`,
    books_title_check: sql`title <> ''::text`,
  }),
});

export const Branch = model("branches", {
  id: column.smallserial().primaryKey(),
  town: column.text(),
  head: column.integer().nullable().references((): Column<number> => Member.id),
}, {
  constraints: (t) => [
    constraint.unique([t.id, t.town]),
  ],
});

export const Category = model("categories", {
  categoryId: column.serial().primaryKey(),
  parentId: column.integer()
    .nullable()
    .references((): Column<number> => Category.categoryId, { onDelete: "cascade", onUpdate: "restrict" }),
  path: column.ltree().nullable(),
  label: column.varchar(40).default("it's new"),
}, {
  constraints: (t) => [
    constraint.unique([t.parentId, t.label], { nullsNotDistinct: true }),
  ],
});

export const Fine = model("fines", {
  id: column.integer().primaryKey(),
  loanBranch: column.smallint(),
  loanNumber: column.integer(),
  amount: column.numeric().default("12.5"),
}, {
  constraints: (t) => [
    constraint.foreignKey([t.loanBranch, t.loanNumber], () => [Loan.branch, Loan.number], {
      onDelete: "restrict",
    }),
  ],
});

export const Follow = model("follows", {
  followerId: column.integer().primaryKey().references(() => Member.id),
  followeeId: column.integer().primaryKey().references(() => Member.id),
});

export const Loan = model("loans", {
  number: column.integer().primaryKey(),
  branch: column.smallint().primaryKey(),
  bookId: column.uuid().references(() => Book.id),
  memberId: column.integer().references(() => Member.id),
  lentAt: column.timestamptz().default(sql`CURRENT_TIMESTAMP`),
}, {
  constraints: () => [
    constraint.exclude([[sql`tstzrange(lent_at, NULL::timestamp with time zone)`, "&&"]], {
      where: sql`number < 0`,
      name: "loans_tstzrange_excl",
    }),
  ],
});

export const Member = model("members", {
  id: column.identity({ start: 100, increment: 5, max: 100000, cycle: true }).primaryKey(),
  email: column.text().unique({ name: "members_unique_email" }),
  sponsor: column.integer().nullable().unique().references((): Column<number> => Member.id),
  card: column.bigserial(),
  favouriteBook: column.uuid().nullable().references(() => Book.id),
  homeBranch: column.smallint().nullable().references((): Column<number> => Branch.id),
}, {
  policies: () => [
    policy("joined", { command: "insert", restrictive: true, check: sql`card > 0` }),
    policy("own", { using: sql`email = current_setting('app.email'::text, true)`, check: sql`id > 0` }),
  ],
});

export const Note = model("notes", {
  id: column.integer().primaryKey(),
  tag: column.text().nullable().references(() => Tag.name),
  memberNumber: column.bigint().nullable(),
}, {
  constraints: (t) => [
    constraint.foreignKey([t.memberNumber], () => [Member.id]),
  ],
});

export const Offer = model("offers", {
  id: column.integer().primaryKey(),
  product: column.int4range().nullable(),
  valid: column.daterange().nullable(),
});

export const Person = model("people", {
  id: column.integer().primaryKey(),
  family: column.text().nullable(),
});

export const Price = model("prices", {
  product: column.int4range().primaryKey(),
  valid: column.daterange().primaryKey(),
  net: column.numeric(),
  gross: column.numeric().generated(sql`net * 1.2`, { virtual: true }).nullable(),
});

export const Reading = model("readings", {
  sensor: column.integer().primaryKey(),
  at: column.date().primaryKey(),
  value: column.real().nullable(),
}, {
  partitionBy: (t) => ({ range: [t.at] }),
  indexes: (t) => [
    index(t.value),
  ],
});

export const Setting = model("settings", {
  key: column.text().primaryKey(),
  value: column.text().nullable(),
});

export const Shelf = model("shelves", {
  id: column.integer().primaryKey(),
  ofChild: column.boolean().nullable(),
});

export const Tag = model("tags", {
  id: column.integer().primaryKey(),
  name: column.text().unique(),
});

export const Visit = model("visits", {
  at: column.timestamptz(),
  page: column.text().nullable(),
});

export const CategoryTree = model("category_tree", {
  id: column.integer().nullable(),
  depth: column.integer().nullable(),
}, {
  view: "view",
  query: sql`WITH RECURSIVE category_tree(id, depth) AS (
         SELECT categories.category_id,
            0 AS "?column?"
           FROM public.categories
          WHERE (categories.parent_id IS NULL)
        UNION ALL
         SELECT c.category_id,
            (t.depth + 1)
           FROM (public.categories c
             JOIN category_tree t ON ((c.parent_id = t.id)))
        )
 SELECT id,
    depth
   FROM category_tree`,
});

export const CheapBook = model("cheap_books", {
  id: column.uuid().nullable(),
  title: column.text().nullable(),
  price: column.numeric(10, 2).nullable().comment("Below 5"),
  format: formatType.nullable(),
}, {
  comment: "Bargains",
  view: "view",
  query: sql`SELECT id,
    title,
    price,
    format
   FROM public.books
  WHERE ((price < (5)::numeric) OR (title ~~ '%\`\${x}\\%'::text))`,
});

export const CheaperBook = model("cheaper_books", {
  id: column.uuid().nullable(),
  title: column.text().nullable(),
  price: column.numeric(10, 2).nullable(),
  format: formatType.nullable(),
}, {
  view: "view",
  query: sql`SELECT id,
    title,
    price,
    format
   FROM public.cheap_books
  WHERE (price < (1)::numeric)`,
});

export const SafeBook = model("safe_books", {
  id: column.uuid().nullable(),
}, { view: "view" });

export const AuthorCount = model("author_counts", {
  authorId: column.bigint().nullable(),
  books: column.bigint().nullable(),
}, {
  view: "materialized view",
  query: sql`SELECT author_id,
    count(*) AS books
   FROM public.books
  GROUP BY author_id`,
  indexes: (t) => [
    index(t.authorId).unique(),
  ],
});

export const author = relations(Author, {
  mentor: belongsTo(Author, Author.mentorId),
  rival: belongsTo(Author, Author.rivalId),
  childrenByMentor: hasMany(Author, Author.mentorId),
  childrenByRival: hasMany(Author, Author.rivalId),
  books: hasMany(Book, Book.authorId),
  booksByTranslator: hasMany(Book, Book.translatorId),
});

export const bookCover = relations(BookCover, {
  book: belongsTo(Book, BookCover.bookId),
});

export const bookTag = relations(BookTag, {
  book: belongsTo(Book, BookTag.bookId),
  tag: belongsTo(Tag, BookTag.tagId),
});

export const book = relations(Book, {
  author: belongsTo(Author, Book.authorId),
  category: belongsTo(Category, Book.categoryId),
  translator: belongsTo(Author, Book.translatorId),
  bookCover: hasOne(BookCover, BookCover.bookId),
  bookTags: hasMany(BookTag, BookTag.bookId),
  loans: hasMany(Loan, Loan.bookId),
  members: hasMany(Member, Member.favouriteBook),
  tags: manyToMany(Tag, { through: BookTag, from: BookTag.bookId, to: BookTag.tagId }),
});

export const branch = relations(Branch, {
  member: belongsTo(Member, Branch.head),
  members: hasMany(Member, Member.homeBranch),
});

export const category = relations(Category, {
  parent: belongsTo(Category, Category.parentId),
  books: hasMany(Book, Book.categoryId),
  children: hasMany(Category, Category.parentId),
});

export const fine = relations(Fine, {
  loan: belongsTo(Loan, [Fine.loanNumber, Fine.loanBranch]),
});

export const follow = relations(Follow, {
  followee: belongsTo(Member, Follow.followeeId),
  follower: belongsTo(Member, Follow.followerId),
});

export const loan = relations(Loan, {
  book: belongsTo(Book, Loan.bookId),
  member: belongsTo(Member, Loan.memberId),
  fines: hasMany(Fine, [Fine.loanNumber, Fine.loanBranch]),
});

export const member = relations(Member, {
  book: belongsTo(Book, Member.favouriteBook),
  branch: belongsTo(Branch, Member.homeBranch),
  parent: belongsTo(Member, Member.sponsor),
  branches: hasMany(Branch, Branch.head),
  followsByFollowee: hasMany(Follow, Follow.followeeId),
  followsByFollower: hasMany(Follow, Follow.followerId),
  loans: hasMany(Loan, Loan.memberId),
  child: hasOne(Member, Member.sponsor),
  notes: hasMany(Note, Note.memberNumber),
  followers: manyToMany(Member, { through: Follow, from: Follow.followeeId, to: Follow.followerId }),
  followees: manyToMany(Member, { through: Follow, from: Follow.followerId, to: Follow.followeeId }),
});

export const note = relations(Note, {
  member: belongsTo(Member, Note.memberNumber),
  tagRow: belongsTo(Tag, Note.tag),
});

export const offer = relations(Offer, {
  price: belongsTo(Price, [Offer.product, Offer.valid]),
});

export const price = relations(Price, {
  offers: hasMany(Offer, [Offer.product, Offer.valid]),
});

export const tag = relations(Tag, {
  bookTags: hasMany(BookTag, BookTag.tagId),
  notes: hasMany(Note, Note.tag),
  books: manyToMany(Book, { through: BookTag, from: BookTag.tagId, to: BookTag.bookId }),
});

export const declarations = declare([
  sql`alter table "public"."loans" rename constraint "loans_pkey" to "loans_pk"`,
  sql`alter table "public"."prices" drop constraint "prices_pkey"`,
  sql`alter table "public"."prices" add constraint "prices_pkey" primary key ("product", "valid" without overlaps)`,
  sql`create extension if not exists "citext" schema "public"`,
  sql`create extension if not exists "hstore" schema "public"`,
  sql`create extension if not exists "ltree" schema "public"`,
  sql`comment on type "public"."format" is 'How a book is made'`,
  sql`create type "public"."unused" as enum ('nothing')`,
  sql`alter domain "public"."shelf_mark" set not null`,
  sql`alter domain "public"."shelf_mark" add constraint "short" check ((length(VALUE) < 20))`,
  sql`create type "public"."temperature" as range (subtype = numeric, multirange_type_name = "public"."temperature_multirange")`,
  sql`CREATE OR REPLACE FUNCTION public.title_of(book uuid)
 RETURNS text
 LANGUAGE sql
 STABLE
RETURN (SELECT books.title FROM public.books WHERE (books.id = title_of.book))`,
  sql`CREATE OR REPLACE FUNCTION public.touch()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
     begin new.created_at := now(); if new.born = any ((array['a'::character varying])::text[]) then return null; end if;
     return new; end $function$`,
  sql`create sequence "public"."receipts" start with 1000 increment by 10`,
  sql`alter sequence "public"."receipts" owned by "public"."books"."receipt"`,
  sql`alter table "public"."offers" rename constraint "offers_id_not_null" to "offers are told"`,
  sql`create table "public"."readings_2026" partition of "public"."readings" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
  sql`create table "public"."readings_rest" partition of "public"."readings" DEFAULT`,
  sql`alter table "public"."settings" set ("fillfactor" = '80')`,
  sql`alter table "public"."visits" set unlogged`,
  sql`comment on constraint "books_pages" on "public"."books" is 'Not too many'`,
  sql`alter table "public"."offers" add constraint "offers_product_valid_fkey" foreign key ("product", period "valid") references "public"."prices" ("product", period "valid")`,
  sql`alter table "public"."prices" add constraint "known" check ((net < (100)::numeric)) not enforced`,
  sql`create view "public"."safe_books" ("id") with ("security_barrier" = 'true') as SELECT id
   FROM public.books`,
  sql`comment on index "public"."books_title_lower" is 'For the catalogue'`,
  sql`CREATE STATISTICS public.books_many (dependencies) ON format, status FROM public.books`,
  sql`create policy "idle" on "public"."fines" for select to public using ((amount > (0)::numeric))`,
  sql`create aggregate public.product(numeric) (sfunc = numeric_mul, stype = numeric, initcond = '1')`,
]);
