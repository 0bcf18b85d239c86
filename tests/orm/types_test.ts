/**
 * What the compiler infers, accepts and refuses. `deno check` proves it: an expected error that does not occur is
 * an error itself.
 */
import assert from "node:assert/strict";
import { type Column, column, type Insert, type Key, model, type Row, type Update } from "../../orm/mod.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import { test } from "../harness.ts";
import { FakeExecutor } from "./fake_executor.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only when its type argument is true. */
function proves<_Claim extends true>(): void {}

const User = model("users", {
  id: column.identity().primaryKey(),
  email: column.text().unique(),
  firstName: column.text().nullable(),
  age: column.integer().nullable(),
  visits: column.bigint().default(0n),
  active: column.boolean().default(true),
  createdAt: column.timestamptz().defaultNow(),
  slug: column.text().generated(sql`lower(email)`),
});

const Everything = model("everything", {
  a: column.smallint().primaryKey(),
  b: column.uuid().primaryKey(),
  bigintMode: column.bigint({ mode: "number" }),
  bigintText: column.bigint({ mode: "string" }),
  numeric: column.numeric(10, 2),
  numericMode: column.numeric({ mode: "number", precision: 10 }),
  real: column.real(),
  double: column.double(),
  varchar: column.varchar(20),
  literal: column.text<"x" | "y">(),
  json: column.json(),
  jsonb: column.jsonb<{ readonly tags: readonly string[] }>(),
  bytea: column.bytea(),
  date: column.date(),
  time: column.time(),
  timestamp: column.timestamp(),
  interval: column.interval(),
  mood: column.enum("mood", ["sad", "ok"]),
  tags: column.text().array(),
  grid: column.integer().array().array().nullable(),
  legacy: column.timestamptz<Date>(),
  always: column.integer().identityAlways(),
});

const Tag = model("tags", { label: column.text() });

test("model() infers the row", () => {
  proves<
    Equal<typeof User.Row, {
      readonly id: number;
      readonly email: string;
      readonly firstName: string | null;
      readonly age: number | null;
      readonly visits: bigint;
      readonly active: boolean;
      readonly createdAt: Temporal.Instant;
      readonly slug: string;
    }>
  >();
  proves<
    Equal<Row<typeof Everything>, {
      readonly a: number;
      readonly b: string;
      readonly bigintMode: number;
      readonly bigintText: string;
      readonly numeric: string;
      readonly numericMode: number;
      readonly real: number;
      readonly double: number;
      readonly varchar: string;
      readonly literal: "x" | "y";
      readonly json: unknown;
      readonly jsonb: { readonly tags: readonly string[] };
      readonly bytea: Uint8Array;
      readonly date: Temporal.PlainDate;
      readonly time: Temporal.PlainTime;
      readonly timestamp: Temporal.PlainDateTime;
      readonly interval: Temporal.Duration;
      readonly mood: "sad" | "ok";
      readonly tags: readonly string[];
      readonly grid: readonly (readonly number[])[] | null;
      readonly legacy: Date;
      readonly always: number;
    }>
  >();
  assert.equal(User.Row, undefined);
});

test("model() infers what an insert and an update take", () => {
  proves<
    Equal<Insert<typeof User>, {
      readonly email: string;
      readonly id?: number;
      readonly firstName?: string | null;
      readonly age?: number | null;
      readonly visits?: bigint;
      readonly active?: boolean;
      readonly createdAt?: Temporal.Instant;
    }>
  >();
  proves<
    Equal<Update<typeof User>, {
      readonly id?: number;
      readonly email?: string;
      readonly firstName?: string | null;
      readonly age?: number | null;
      readonly visits?: bigint;
      readonly active?: boolean;
      readonly createdAt?: Temporal.Instant;
    }>
  >();
  proves<Equal<"always" extends keyof typeof Everything.Insert ? true : false, false>>();
  assert.equal(User.Insert, undefined);
});

test("model() infers the key: a value, or an object of several", () => {
  proves<Equal<typeof User.Key, number>>();
  proves<Equal<Key<typeof Everything>, { readonly a: number; readonly b: string }>>();
  const find = (): unknown => {
    // @ts-expect-error: a model without a key has no findById()
    return Tag.findById(1, new FakeExecutor().executor);
  };
  assert.equal(typeof find, "function");
});

test("a query's calls need an executor until the model is bound", () => {
  const { executor } = new FakeExecutor();
  const bound = User.on(executor);
  const calls = (): unknown[] => [
    User.find().all(executor),
    bound.find().all(),
    bound.find().all(executor),
    bound.findById(1),
    bound.insert({ email: "x" }),
    // @ts-expect-error: no executor
    User.find().all(),
    // @ts-expect-error: no executor
    User.findById(1),
    // @ts-expect-error: no executor
    User.insert({ email: "x" }),
    // @ts-expect-error: a string is no executor
    User.find().all("pool"),
  ];
  assert.equal(typeof calls, "function");
  proves<Equal<ReturnType<typeof bound.findById>, Promise<typeof User.Row | undefined>>>();
});

test("a row cannot be changed", () => {
  const change = (row: typeof User.Row): void => {
    // @ts-expect-error: rows are read-only
    row.email = "x";
  };
  assert.equal(typeof change, "function");
});

test("insert() refuses at compile time what cannot be inserted", () => {
  const bound = User.on(new FakeExecutor().executor);
  const calls = (maybe: string | undefined): unknown[] => [
    // @ts-expect-error: email is missing
    bound.insert({}),
    // @ts-expect-error: a number is no email
    bound.insert({ email: 7 }),
    // @ts-expect-error: there is no such column
    bound.insert({ email: "x", emial: "y" }),
    // @ts-expect-error: it is generated
    bound.insert({ email: "x", slug: "y" }),
    // @ts-expect-error: undefined is no value
    bound.insert({ email: maybe }),
    // @ts-expect-error: null where it is not nullable
    bound.insert({ email: null }),
  ];
  assert.equal(typeof calls, "function");
});

test("where() accepts conditions of the right types and refuses others", () => {
  const calls = (maybe: string | undefined): unknown[] => [
    User.find().where(User.age.gte(18)),
    User.find().where(sql`lower(${User.email}) = ${"x"}`),
    User.find().where(User.active),
    User.find().where({ email: "x", age: null }),
    User.find().where(User.age.gt(User.id)),
    User.find().where(Everything.mood.in(["sad"])),
    // @ts-expect-error: a plain string is no SQL
    User.find().where("age > 18"),
    // @ts-expect-error: there is no such column
    User.find().where({ emial: "x" }),
    // @ts-expect-error: a number is no email
    User.find().where({ email: 7 }),
    // @ts-expect-error: undefined is no value
    User.find().where({ email: maybe }),
    // @ts-expect-error: null where it is not nullable
    User.find().where({ email: null }),
    // @ts-expect-error: there is no such column
    User.find().where(User.emial.eq("x")),
    // @ts-expect-error: undefined is no value
    User.find().where(User.email.eq(maybe)),
    // @ts-expect-error: nothing equals null
    User.find().where(User.age.eq(null)),
    // @ts-expect-error: a string is no age
    User.find().where(User.age.eq("18")),
    // @ts-expect-error: a number has no pattern
    User.find().where(User.age.like("1%")),
    // @ts-expect-error: no such label
    User.find().where(Everything.mood.eq("great")),
    // @ts-expect-error: a plain string is no order
    User.find().orderBy("age"),
  ];
  assert.equal(typeof calls, "function");
});

test("column modifiers refuse at compile time what does not fit", () => {
  const calls = (): unknown[] => [
    // @ts-expect-error: a string is no integer
    column.integer().default("1"),
    // @ts-expect-error: no such label
    column.enum("mood", ["sad", "ok"]).default("great"),
    // @ts-expect-error: a plain string is no expression
    column.text().generated("lower(email)"),
    // @ts-expect-error: the column referred to is of another type
    column.text().references(() => User.id),
    // @ts-expect-error: no such mode
    column.bigint({ mode: "float" }),
    // @ts-expect-error: a model has find() itself
    model("t", { find: column.text() }),
    // @ts-expect-error: no such option
    model("t", { id: column.text() }, { shcema: "app" }),
  ];
  assert.equal(typeof calls, "function");
});

test("references() may lead to the model itself when its type is written", () => {
  const Category = model("categories", {
    id: column.identity().primaryKey(),
    parentId: column.integer().nullable().references((): Column<number> => Category.id, {
      onDelete: "cascade",
    }),
    ownerId: column.integer().references(() => User.id),
  });
  proves<Equal<typeof Category.Row["parentId"], number | null>>();
  assert.equal(Category.parentId.settings.references?.target(), Category.id);
  assert.equal(Category.ownerId.settings.references?.target(), User.id);
});

test("columns named like the members of a fragment are columns", () => {
  const Note = model("notes", {
    text: column.text(),
    values: column.text(),
    sql: column.text(),
    name: column.text(),
    count: column.integer(),
  });
  const fragment: Sql = sql`select ${Note.text}, ${Note.values} from ${Note}`;
  assert.equal(fragment.text, 'select "notes"."text", "notes"."values" from "notes"');
});
