/** A database whose names are as odd as PostgreSQL lets them be, in several schemas. */

/** The statements, in an order that runs. */
export function odditiesSchema(version: number): readonly string[] {
  return [...STATEMENTS, ...(version >= 18 ? NEWEST : [])];
}

const LONG = "a_name_that_is_as_long_as_a_name_can_be_and_not_one_byte_longer";

const STATEMENTS = [
  `create schema "Sales Dept"`,
  `create schema app`,
  `create schema "order"`,
  `comment on schema "order" is 'A word SQL keeps'`,
  `create type "Sales Dept"."Mood" as enum ('it''s', 'a"b', 'back\\slash', '\`tick\` \${x}')`,
  `create type "order"."select" as enum ('one')`,
  `create type mood as enum ('calm')`,
  `create domain "order"."table" as "order"."select" default 'one'`,
  `create collation app.german (provider = icu, locale = 'de-DE')`,
  `create table users (id int primary key, name text)`,
  `create table app.users (id int primary key, public_user int references users, "User" int references users)`,
  `create table "Sales Dept"."Users" (id int primary key, "mood" "Sales Dept"."Mood" default '\`tick\` \${x}',
     old_mood "Sales Dept"."Mood"[] default '{it''s}')`,
  `create table "user" (id int primary key)`,
  `create table "Odd ""table""" (
     "first_name" text, "firstName" text, "FirstName" text, "first name" text, "FIRST_NAME" text,
     "select" "order"."select", "table" "order"."table", "find" int, "Row" int, "constructor" int, "insert" int, "on" int,
     "as" int, "class" int, "2nd" int, "日本" int, "%" int, "a.b" int, "it's" int, "q""q" int, "b\\s" int, "t\`t" int, "$1" int,
     "${LONG}" int, "__proto__x" int, "e\u0301" int,
     primary key ("first name", "firstName"),
     constraint "odd ""check"" of it's" check ("a.b" > 1 and "select" is not null),
     unique ("日本", "%")
   )`,
  `comment on table "Odd ""table""" is 'it''s a \\ "comment" with \`ticks\` and \${dollars}
and a second line'`,
  `comment on column "Odd ""table"""."q""q" is '\\'`,
  `create index "odd ""index""" on "Odd ""table""" ("q""q" desc, ("2nd" + 1))`,
  `create table "column" (id int primary key, "model" int references "user", sql text)`,
  `create table model (id int primary key)`,
  `create table relations (id int primary key, "column" int references "column", column_id int references "column")`,
  `create table "Date" (id int primary key)`,
  `create table sql (id int primary key)`,
  `create table "index" (id int primary key)`,
  `create table "2020 sales" (id int primary key, user_id int references users, users_id int references app.users)`,
  `create table invoice_lines (id int primary key)`,
  `create table "InvoiceLine" (id int primary key)`,
  `create table "invoice line" (id int primary key)`,
  `create table "%" (id int primary key)`,
  `create table ${LONG} (${
    LONG.slice(0, 60)
  } serial unique, id int primary key, other int references ${LONG})`,
  `create table a_b (c int primary key, c_d int references a_b)`,
  `create table a (b_c int, b_c_d int, constraint a_b_c_fkey foreign key (b_c_d) references a_b, constraint taken unique (b_c))`,
  `create table ring_a (id int primary key, b_id int, kind "Sales Dept"."Mood" unique)`,
  `create table ring_b (id int primary key, c_id int, kind "Sales Dept"."Mood" references ring_a (kind))`,
  `create table ring_c (id int primary key, a_id int references ring_a)`,
  `alter table ring_a add constraint to_b foreign key (b_id) references ring_b on delete set null deferrable`,
  `alter table ring_b add foreign key (c_id) references ring_c not valid`,
  `create table app.pairs (a int, b int, c text collate app.german, d text collate "de-x-icu",
     constraint "named key" primary key (b, a) deferrable initially deferred)`,
  `create table app.halves (a int, b int, whole_b int, whole_a int, x int default (3 + 4) * 2,
     y timestamp default (now() at time zone 'utc'), z text default 'a\\b', w varchar default 'it''s', v char(3) default 'ab',
     u numeric default -1.5, s smallint default '7'::smallint, r int default '-3'::int, q interval default '1 day',
     p boolean not null default false, o jsonb default '[]', n date default current_date, m real default 1e10,
     unique (a, b) include (x), foreign key (whole_b, whole_a) references app.halves (b, a) match full)`,
  `alter table app.halves drop constraint halves_whole_b_whole_a_fkey`,
  `create table app.by_name (name text unique not null, id serial primary key)`,
  `create table app.named (by_name text references app.by_name (name) on update cascade, name_key text references app.by_name (name))`,
  `create table app.parent (a int, b int)`,
  `create table app.child (c int) inherits (app.parent)`,
  `create sequence app."Odd seq" cycle maxvalue 5`,
  `create table app.counted (n int not null default nextval('app."Odd seq"'), m int default nextval('app."Odd seq"'))`,
  `create table app.listed (kind text, size int) partition by list (kind)`,
  `create table app.listed_a partition of app.listed for values in ('a', 'it''s') partition by hash (size)`,
  `create table app.listed_a0 partition of app.listed_a for values with (modulus 1, remainder 0)`,
  `create view app."Odd View" as select "q""q" as "a ""b""", "first_name" as "selectMe", 'it''s \\ \`\${x}\`' as t from "Odd ""table"""`,
  `create function app."Odd ""func"""("a b" text default 'x''y') returns text language sql as 'select $1 || ''\`\${y}\\'''`,
  `create view app.calls as select app."Odd ""func"""() as "call", * from app.by_name`,
  `create table app.checked (status varchar(9) check (status in ('a', 'b')), other varchar, tax text,
     constraint several check (status in ('a', 'b''c') and other not in ('x', 'y')), check ((status = 'a') or (other = 'b')))`,
  `create index on app.checked (other) where other in ('a', 'b')`,
  `create view app.choices as select * from app.checked where status in ('a', 'b')`,
];

const NEWEST = [
  `create table app.newest (a int constraint "it is ""there""" not null, b int not null)`,
];
