/** What the compiler infers of functions and of what ends a query, and what it refuses. `deno check` proves it. */
import assert from "node:assert/strict";
import {
  call,
  caseWhen,
  coalesce,
  column,
  type Expression,
  fn,
  from,
  generateSeries,
  model,
  nullable,
  nullif,
  output,
  param,
  parameters,
  scalar,
  unnest,
  value,
  valuesOf,
} from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { FakeExecutor } from "../fake_executor.ts";
import { Thing } from "./things.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only when its type argument is true. */
function proves<_Claim extends true>(): void {}

/** What an expression is in a row. */
type RowOf<E extends { readonly "~types": { readonly row: unknown } }> = E["~types"]["row"];

const Owner = model("owners", { id: column.integer().primaryKey(), nick: column.text() });
const { executor } = new FakeExecutor();

test("functions are null where their operands are", () => {
  const lower = fn.lower(Thing.name);
  const note = fn.lower(Thing.note);
  const replaced = fn.replace(Thing.name, "a", Thing.note);
  proves<Equal<RowOf<typeof lower>, string>>();
  proves<Equal<RowOf<typeof note>, string | null>>();
  proves<Equal<RowOf<typeof replaced>, string | null>>();
  const absolute = fn.abs(Thing.b);
  const root = fn.sqrt(Thing.b);
  const month = fn.dateTrunc("month", Thing.at);
  const year = fn.extract("year", Thing.day);
  proves<Equal<RowOf<typeof absolute>, bigint>>();
  proves<Equal<RowOf<typeof root>, number>>();
  proves<Equal<RowOf<typeof month>, Temporal.Instant>>();
  proves<Equal<RowOf<typeof year>, number>>();
  const element = fn.element(Thing.nums, 1);
  proves<Equal<RowOf<typeof element>, bigint | null>>();
  // @ts-expect-error: a number has no lower case
  assert.ok(fn.lower(Thing.n));
  // @ts-expect-error: a text has no month
  assert.ok(fn.dateTrunc("month", Thing.name));
  // @ts-expect-error: there is no such field
  assert.throws(() => fn.extract("moth", Thing.at), /it is none; give one of second/);
  // @ts-expect-error: undefined is a mistake
  assert.throws(() => fn.lower(undefined), /argument 1 of lower\(\)|give a value/);
});

test("aggregates are null of no rows, but for counts", () => {
  const count = fn.count();
  const sum = fn.sum(Thing.n);
  const bigints = fn.sum(Thing.b);
  const average = fn.avg(Thing.b);
  const spans = fn.avg(Thing.span);
  const notes = fn.arrayAgg(Thing.note);
  const filtered = fn.count().filter(Thing.n.gt(0)).over({ orderBy: Thing.id });
  proves<Equal<RowOf<typeof count>, number>>();
  proves<Equal<RowOf<typeof sum>, number | null>>();
  proves<Equal<RowOf<typeof bigints>, bigint | null>>();
  proves<Equal<RowOf<typeof average>, string | null>>();
  proves<Equal<RowOf<typeof spans>, Temporal.Duration | null>>();
  proves<Equal<RowOf<typeof notes>, readonly (string | null)[] | null>>();
  proves<Equal<RowOf<typeof filtered>, number>>();
  const total = coalesce(fn.sum(Thing.n), 0);
  proves<Equal<RowOf<typeof total>, number>>();
  const lag = fn.lag(Thing.b).over();
  const lagOr = fn.lag(Thing.b, 1, 0n).over();
  const rank = fn.rank().over();
  proves<Equal<RowOf<typeof lag>, bigint | null>>();
  proves<Equal<RowOf<typeof lagOr>, bigint>>();
  proves<Equal<RowOf<typeof rank>, number>>();
  // @ts-expect-error: a condition has no sum
  assert.ok(fn.sum(Thing.n.gt(0)));
  // @ts-expect-error: a function of windows is no value before over()
  assert.throws(() => Thing.find().select({ rank: fn.rank() }).toSQL());
});

test("expressions that choose are of the types they choose from", () => {
  const named = coalesce(Thing.note, Thing.name);
  const noted = coalesce(Thing.name, Thing.note);
  proves<Equal<RowOf<typeof named>, string>>();
  proves<Equal<RowOf<typeof noted>, string | null>>();
  const kind = caseWhen(Thing.n.gt(0), "plus").when(Thing.n.lt(0), 1).else(Thing.note);
  const ended = caseWhen(Thing.n.gt(0), true).end();
  proves<Equal<RowOf<typeof kind>, string | number | null>>();
  proves<Equal<RowOf<typeof ended>, boolean | null>>();
  const unlike = nullif(Thing.n, 0);
  const maybe = nullable(Thing.n);
  const called = call<bigint>("f", [1]);
  proves<Equal<RowOf<typeof unlike>, number | null>>();
  proves<Equal<RowOf<typeof maybe>, number | null>>();
  proves<Equal<RowOf<typeof called>, bigint>>();
  const one = value(1);
  const price = value("1.5", "numeric");
  proves<Equal<RowOf<typeof one>, number>>();
  proves<Equal<RowOf<typeof price>, string>>();
  // @ts-expect-error: a number does not stand in for a text
  assert.ok(coalesce(Thing.note, 1));
  // @ts-expect-error: the type of an object is not known
  assert.throws(() => value({ a: 1 }), /whose type in SQL is not known/);
});

test("JSON is read by the type of its column", () => {
  const tag = Thing.data.key("tags").index(0);
  const age = Thing.data.key("who").key("age");
  const nick = Thing.data.path("who", "nick");
  const text = Thing.data.key("who").keyText("age");
  proves<Equal<RowOf<typeof tag>, string | null>>();
  proves<Equal<RowOf<typeof age>, number>>();
  proves<Equal<RowOf<typeof nick>, string | null>>();
  proves<Equal<RowOf<typeof text>, string>>();
  // @ts-expect-error: there is no such key
  assert.ok(Thing.data.key("what"));
  // @ts-expect-error: there is no such path
  assert.ok(Thing.data.path("who", "what"));
  const built = fn.jsonbBuildObject({ id: Thing.b, note: Thing.note });
  proves<Equal<RowOf<typeof built>, { readonly id: number; readonly note: string | null }>>();
});

test("sources have the columns they are made with", () => {
  const n = generateSeries("n", { from: 1, to: 3 });
  const tag = unnest("tag", Thing.tags);
  const given = valuesOf("given", { id: "integer", at: "date" }, []);
  proves<Equal<RowOf<typeof n.value>, number>>();
  proves<Equal<RowOf<typeof tag.value>, string>>();
  proves<Equal<RowOf<typeof given.at>, Temporal.PlainDate | null>>();
  const joined = Thing.find().leftJoin(Owner, Owner.id.eq(Thing.n))
    .select({
      name: fn.upper(Owner.nick),
      known: Owner.nick.isNotNull(),
      shown: coalesce(Owner.nick, "none"),
    });
  type Row = NonNullable<(typeof joined)["~row"]>;
  proves<Equal<Row["name"], string | null>>();
  proves<Equal<Row["known"], boolean>>();
  proves<Equal<Row["shown"], string>>();
  const most = scalar(from(n).select({ most: fn.max(n.value) }));
  proves<Equal<RowOf<typeof most>, number | null>>();
  // @ts-expect-error: a date is no text
  assert.ok(valuesOf("given", { at: "date" }, [{ at: "2026-01-01" }]));
});

test("what ends a query is typed by the query", () => {
  const query = Thing.find().orderBy(Thing.name, Thing.id.desc());
  const page = () => query.only("id").keyset({ first: 1, after: { name: "x", id: 1 } }, executor);
  proves<Equal<Awaited<ReturnType<typeof page>>["rows"][number], { readonly id: number }>>();
  const sum = () => query.sum(Thing.b, executor);
  proves<Equal<Awaited<ReturnType<typeof sum>>, bigint | null>>();
  const plan = () => query.explain({ format: "json" }, executor);
  proves<Equal<Awaited<ReturnType<typeof plan>>["Plan"]["Node Type"], string>>();
  const orders = () => Thing.find().select({ all: fn.count() }).orderBy(output("all").desc());
  assert.ok(orders().toSQL().text.endsWith('order by "all" desc'));
  const unrun: (() => unknown)[] = [
    // @ts-expect-error: the query is not ordered by this property
    () => query.keyset({ first: 1, after: { name: "x", id: 1, n: 2 } }, executor),
    // @ts-expect-error: a place has a value for each property ordered by
    () => query.keyset({ first: 1, after: { id: 1 } }, executor),
    // @ts-expect-error: without an executor nothing can run
    () => query.sum(Thing.n),
    // @ts-expect-error: a condition has no sum
    () => query.sum(Thing.n.gt(0), executor),
  ];
  assert.equal(unrun.length, 4);
});

test("parameters are typed by what they are compared with, or as they were declared", () => {
  const where = Thing.name.eq(param("name"));
  assert.equal(where.text, '"things"."name" = $1');
  const given = parameters<{ name: string; most: number }>();
  proves<Equal<RowOf<typeof given.name>, string>>();
  const prepared = Thing.find().where(Thing.name.eq(given.name)).limit(given.most).prepare(given);
  assert.ok(prepared.toSQL({ name: "x", most: 1 }));
  // @ts-expect-error: a number is no text
  assert.ok(Thing.n.eq(given.name));
  // @ts-expect-error: a parameter is missing
  assert.throws(() => prepared.toSQL({ name: "x" }), /parameter "most"/);
  // @ts-expect-error: a parameter is unknown
  assert.throws(() => prepared.toSQL({ name: "x", most: 1, least: 0 }), /parameter "least"/);
  // @ts-expect-error: a parameter is of another type
  assert.throws(() => prepared.toSQL({ name: "x", most: "1" }), /whole number/);
  const fragment: Expression<number> = call<number>("f", [sql`1`]);
  assert.equal(fragment.pure, false);
});
