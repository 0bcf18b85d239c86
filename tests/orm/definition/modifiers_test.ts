/** What columns' modifiers and types come to: in SQL, in rows, at compile time, and what is refused. */
import assert from "node:assert/strict";
import {
  type AnyColumnDefinition,
  type Column,
  column,
  constraint,
  createTables,
  index,
  indexKey,
  type KeyOf,
  model,
  type ValuesOf,
} from "../../../orm/mod.ts";
import type {
  Box,
  Circle,
  Geometry,
  Line,
  LineSegment,
  Path,
  Point,
  Polygon,
  Range,
  SparseVector,
} from "../../../pool/wire/codec/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import { testOnBoth } from "./on_both.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only when its type argument is true. */
function proves<_Claim extends true>(): void {}

function refuses(run: () => unknown, message: RegExp): void {
  assert.throws(run, (error) => error instanceof ValidationError && message.test(error.message));
}

const COLUMNS = {
  id: column.identity().primaryKey(),
  name: column.text().selectAs((name) => sql`upper(${name}) || ${"!"}`),
  photo: column.bytea().nullable().skipped(),
  secret: column.bigint().default(7n).skipped().comment("kept"),
  seenAt: column.timestamptz().nullable().readOnly(),
};
const User = model("users", COLUMNS);

const SELECTED = `"users"."id", upper("users"."name") || '!' as "name", "users"."seen_at" as "seenAt"`;

testOnBoth(
  "skipped columns are left out and selectAs() is selected, unless a query says otherwise",
  async (pool) => {
    await createTables([User], pool);
    const users = User.on(pool);
    const photo = new Uint8Array([1, 2]);
    const inserted = await users.insert({ name: "Ada", photo });
    assert.deepEqual(inserted, { id: 1, name: "ADA!", seenAt: null });
    assert.equal(users.find().toSQL().text, `select ${SELECTED} from "users"`);
    assert.deepEqual(await users.find().all(), [{ id: 1, name: "ADA!", seenAt: null }]);
    assert.deepEqual(await users.findById(1), { id: 1, name: "ADA!", seenAt: null });
    const found = users.find().where({ secret: 7n, name: "Ada" }).where(User.photo.isNotNull()).orderBy(
      User.secret,
    );
    assert.deepEqual(await found.only("photo", "secret", "name").all(), [{
      photo,
      secret: 7n,
      name: "ADA!",
    }]);
    assert.deepEqual(await found.omit("name").all(), [{ id: 1, seenAt: null }]);
    assert.deepEqual(await found.select({ photo: User.photo, name: User.name }).all(), [{
      photo,
      name: "ADA!",
    }]);
    assert.deepEqual(await found.select({ user: User, length: sql`length(${User.name})` }).all(), [
      { user: { id: 1, name: "ADA!", seenAt: null }, length: 3 },
    ]);
    const Other = User.as("other");
    assert.deepEqual(
      await from(users, Other).all(),
      [{ id: 1, name: "ADA!", seenAt: null }],
    );
  },
);

testOnBoth("saveAs() writes its expression in the place of each value", async (pool) => {
  const Tag = model("tags", {
    id: column.identity().primaryKey(),
    name: column.text().saveAs((value) => sql`lower(${value}::text) || ${"?"}`),
    rank: column.integer().nullable(),
  });
  await createTables([Tag], pool);
  const tags = Tag.on(pool);
  assert.deepEqual(await tags.insert({ name: "RED", rank: 1 }), { id: 1, name: "red?", rank: 1 });
  assert.deepEqual(await tags.find().where({ name: "red?" }).count(), 1);
});

/** The rows of an alias. */
function from(
  users: ReturnType<typeof User.on>,
  other: ReturnType<typeof User.as<"other">>,
): { all(): Promise<readonly unknown[]> } {
  const query = users.find().join(other, other.id.eq(User.id)).select({ other });
  return { all: async () => (await query.all()).map((row) => row.other) };
}

test("modifiers change the types of rows, inserts, updates and conditions", () => {
  proves<
    Equal<typeof User.Row, {
      readonly id: number;
      readonly name: string;
      readonly photo: undefined;
      readonly secret: undefined;
      readonly seenAt: Temporal.Instant | null;
    }>
  >();
  proves<
    Equal<typeof User.Insert, {
      readonly name: string;
      readonly id?: number;
      readonly photo?: Uint8Array | null;
      readonly secret?: bigint;
    }>
  >();
  proves<
    Equal<typeof User.Update, {
      readonly id?: number;
      readonly name?: string;
      readonly photo?: Uint8Array | null;
      readonly secret?: bigint;
    }>
  >();
  proves<Equal<KeyOf<typeof COLUMNS>, number>>();
  proves<Equal<ValuesOf<typeof COLUMNS>["photo"], Uint8Array | null>>();
  // @ts-expect-error: the value of a skipped column is no number
  const query = User.find().where({ secret: 7 });
  assert.ok(query);
  const only = (): Promise<readonly { readonly secret: bigint }[]> =>
    User.find().only("secret").all({} as never);
  assert.ok(only);
});

test("readOnly() keeps a column out of inserts", async () => {
  const executor = { query: () => Promise.reject(new Error("BUG: sent")) } as never;
  const wrong = { name: "x", seenAt: null } as unknown as typeof User.Insert;
  await assert.rejects(User.insert(wrong, executor), /column "seenAt" of model "users": it is read-only/);
});

test("modifiers keep what they are told in the column's settings", () => {
  const saveAs = (value: unknown) => sql`lower(${value as string})`;
  const { settings } = column.text().saveAs(saveAs).renamedFrom("old").collate("C").comment("c").unique({
    name: "u",
    nullsNotDistinct: true,
  });
  const { type, ...rest } = settings;
  assert.equal(type.sql, "text");
  assert.deepEqual(rest, {
    saveAs,
    renamedFrom: "old",
    collation: "C",
    comment: "c",
    unique: true,
    uniqueOptions: { name: "u", nullsNotDistinct: true },
  });
  const { references } =
    column.integer().references(() => User.id, { name: "fk" }).deferrable("deferred").settings;
  assert.equal(references?.target(), User.id);
  assert.deepEqual({ ...references, target: 0 }, { name: "fk", deferrable: "deferred", target: 0 });
});

test("modifiers refuse what cannot be", () => {
  const wrong = (value: unknown): never => value as never;
  refuses(
    () => column.integer().deferrable(),
    /deferrable\(\) is for foreign keys; call references\(\) first/,
  );
  refuses(
    () => column.integer().references(() => User.id).deferrable(wrong("later")),
    /"immediate" or "deferred"/,
  );
  const refer = (options: unknown) => () => column.integer().references(() => User.id, wrong(options));
  refuses(
    refer({ onDelete: "cascade; drop table x" }),
    /option "onDelete" of a foreign key: there is no such action/,
  );
  refuses(refer({ onUpdate: "nothing" }), /option "onUpdate" of a foreign key/);
  refuses(refer({ onRemove: "cascade" }), /option "onRemove" of a foreign key: there is none/);
  refuses(refer({ name: "" }), /option "name" of a foreign key/);
  refuses(
    () => constraint.foreignKey([User.id], () => [User.id], { deferrable: wrong("later") }),
    /option "deferrable" of a foreign key/,
  );
  refuses(() => column.integer().primaryKey().skipped(), /skipped and a primary key/);
  refuses(() => column.integer().skipped().primaryKey(), /skipped and a primary key/);
  refuses(() => column.text().comment(""), /comment\(\) takes a text/);
  refuses(() => column.text().collate(wrong(7)), /collate\(\) takes a text/);
  refuses(() => column.text().renamedFrom(wrong(undefined)), /renamedFrom\(\) takes a text/);
  refuses(() => column.text().selectAs(wrong("lower")), /selectAs\(\) takes a function that returns sql/);
  refuses(() => column.text().saveAs(wrong(sql`x`)), /saveAs\(\) takes a function that returns sql/);
  refuses(() => column.text().identity(), /identity is for whole numbers and this is text/);
  refuses(() => column.identity({ begin: 1 } as never), /no option "begin"; use start, increment/);
  refuses(
    () => column.identity({ start: 1.5 }),
    /option "start" is a number with a fraction; give a whole number/,
  );
  refuses(() => column.identity({ cycle: wrong(1) }), /option "cycle" is an integer; give true or false/);
  refuses(
    () => column.tstzrange().defaultNow(),
    /defaultNow\(\) is for dates and times and this is tstzrange/,
  );
  refuses(() => column.serial().identity(), /it has serial already/);
  const Bad = (): unknown => model("bad", { name: column.text().selectAs(() => "lower" as never) });
  refuses(Bad, /selectAs\(\) of column "name" of model "bad": it is a string/);
});

test("kinds refuse what PostgreSQL would", () => {
  const wrong = (value: unknown): never => value as never;
  refuses(() => column.char(0), /char: its length is not a whole number from 1 to 10,485,760/);
  refuses(() => column.varchar(1.5), /varchar: its length is not a whole number/);
  refuses(() => column.bit(0), /bit: its length/);
  refuses(() => column.varbit(-1), /varbit: its length/);
  refuses(() => column.vector(0), /vector: its number of dimensions is not a whole number from 1 to 16,000/);
  refuses(
    () => column.timestamptz({ precision: 7 }),
    /timestamptz: its precision is not a whole number from 0 to 6/,
  );
  refuses(() => column.geometry({ type: "Point; drop" }), /type of a geometry: it is no word/);
  refuses(() => column.geometry({ srid: -1 }), /geometry: its srid/);
  refuses(() => column.enum("mood", wrong([])), /labels are not a list/);
  refuses(() => column.enum("mood", ["a", "a"]), /labels are not a list of different strings/);
  refuses(() => column.composite("part", {}), /composite "part": it has no attributes/);
  refuses(() => column.composite("part", { a: wrong("text") }), /attribute "a" is no column/);
  refuses(
    () => column.composite("part", { a: column.text().name("b") }),
    /attribute "a" has another \.name\(\)/,
  );
  refuses(() => column.domain("email", wrong("text")), /domain "email": its base is no column/);
  for (const type of ["", "a; drop table x", "a--", "int[]", "a'b", "x(')"]) {
    refuses(() => column.custom(type), /its type is no name of one/);
  }
  for (const type of ["regclass", "app.color", '"My Type"(3)', "double precision", "s.t(1, 2)"]) {
    assert.equal(column.custom(type).settings.type.sql, type);
  }
  const accepts = (definition: AnyColumnDefinition, value: unknown): boolean | undefined =>
    (definition as ReturnType<typeof column.text>).settings.type.accepts?.(value);
  const part = column.composite("part", { a: column.integer(), b: column.text().nullable() });
  const cases: readonly (readonly [AnyColumnDefinition, unknown, boolean])[] = [
    [column.char(2), "ab", true],
    [column.char(2), "abc", false],
    [column.bit(2), "01", true],
    [column.bit(2), "0", false],
    [column.bit(2), "0x", false],
    [column.varbit(2), "", true],
    [column.varbit(2), "010", false],
    [column.oid(), 4_294_967_295, true],
    [column.oid(), -1, false],
    [column.timetz(), 7, false],
    [column.domain("d", column.varchar(2)), "abc", false],
    [part, { a: 1, b: null }, true],
    [part, { a: null, b: null }, false],
    [part, { a: 1 }, false],
    [part, { a: "1", b: "x" }, false],
    [part, [1, "x"], false],
    [column.citext().array(), ["a", null], true],
    [column.citext().array(), [1], false],
  ];
  for (const [definition, value, expected] of cases) {
    assert.equal(accepts(definition, value), expected, JSON.stringify(value));
  }
});

test("each kind has the type of its values", () => {
  const Kinds = model("kinds", {
    money: column.money(),
    oid: column.oid(),
    xid8: column.xid8(),
    char: column.char<"a" | "b">(1),
    citext: column.citext(),
    bit: column.bit(3),
    inet: column.inet(),
    hstore: column.hstore(),
    ltree: column.ltree(),
    timetz: column.timetz(),
    point: column.point(),
    line: column.line(),
    lseg: column.lseg(),
    box: column.box(),
    path: column.path(),
    polygon: column.polygon(),
    circle: column.circle(),
    vector: column.vector(3),
    sparsevec: column.sparsevec(),
    geometry: column.geometry(),
    int4range: column.int4range(),
    int8range: column.int8range().array(),
    numrange: column.numrange(),
    tstzrange: column.tstzrange(),
    dates: column.daterange<string>(),
    tsmultirange: column.tsmultirange(),
    composite: column.composite("part", { a: column.bigint(), b: column.text().nullable() }),
    domain: column.domain("amount", column.numeric({ mode: "number" }).nullable()),
    custom: column.custom("regclass"),
    typed: column.custom<7>("seven").nullable(),
    small: column.smallserial(),
    time: column.timestamptz<Date>({ precision: 3 }),
  });
  type Row = typeof Kinds.Row;
  proves<
    Equal<Row, {
      readonly money: string;
      readonly oid: number;
      readonly xid8: bigint;
      readonly char: "a" | "b";
      readonly citext: string;
      readonly bit: string;
      readonly inet: string;
      readonly hstore: Readonly<Record<string, string | null>>;
      readonly ltree: string;
      readonly timetz: string;
      readonly point: Point;
      readonly line: Line;
      readonly lseg: LineSegment;
      readonly box: Box;
      readonly path: Path;
      readonly polygon: Polygon;
      readonly circle: Circle;
      readonly vector: readonly number[];
      readonly sparsevec: SparseVector;
      readonly geometry: Geometry;
      readonly int4range: Range<number>;
      readonly int8range: readonly Range<bigint>[];
      readonly numrange: Range<string>;
      readonly tstzrange: Range<Temporal.Instant>;
      readonly dates: Range<string>;
      readonly tsmultirange: readonly Range<Temporal.PlainDateTime>[];
      readonly composite: { readonly a: bigint; readonly b: string | null };
      readonly domain: number;
      readonly custom: string;
      readonly typed: 7 | null;
      readonly small: number;
      readonly time: Date;
    }>
  >();
  assert.equal(Kinds.small.settings.serial, true);
});

test("indexes and constraints know the model's columns", () => {
  const options = {
    seen: [] as unknown[],
  };
  const Known = model("known", { id: column.integer().primaryKey(), name: column.text() }, {
    indexes: (t) => {
      proves<Equal<typeof t.name, Column<string, never, "known", "name">>>();
      options.seen.push(t.id, t.name);
      return [index(t.name)];
    },
  });
  assert.deepEqual(options.seen, [Known.id, Known.name]);
  refuses(
    () =>
      model("wrong", { id: column.integer() }, {
        // @ts-expect-error: the model has no such column
        indexes: (t) => [index(t.nome)],
      }),
    /option "indexes" of model "wrong": .*one of its columns is undefined/,
  );
  refuses(
    () =>
      model("wrong", { id: column.integer() }, {
        // @ts-expect-error: the model has no such column
        constraints: (t) => [constraint.unique([t.id, t.nome])],
      }),
    /option "constraints" of model "wrong": .*one of its columns is undefined/,
  );
  refuses(
    () =>
      model("wrong", { id: column.integer() }, {
        // @ts-expect-error: a condition is made with sql
        checks: () => ({ positive: "id > 0" }),
      }),
    /check "positive" of model "wrong"/,
  );
  const build = (options: unknown) => () => model("wrong", { id: column.integer() }, options as never);
  refuses(build({ indexes: [] }), /option "indexes" of model "wrong": it is an array; give a function/);
  refuses(build({ indexes: () => ["id"] }), /one of them is a string; make each with index\(\)/);
  refuses(build({ constraints: () => [{}] }), /one of them is a plain object; make each with constraint/);
  refuses(build({ view: "table" }), /option "view" of model "wrong": use "view" or "materialized view"/);
});

test("index() and constraint refuse what they cannot take", () => {
  const wrong = (value: unknown): never => value as never;
  refuses(() => index(), /an index: it has no columns/);
  refuses(() => index(wrong("email")), /one of its columns is a string/);
  refuses(() => index(User.name).where(wrong("x > 1")), /condition of an index: it is a string/);
  refuses(() => index(User.name).include(wrong("x")), /it includes a string/);
  refuses(() => index(User.name).name(""), /its name is no text/);
  refuses(() => index(User.name).using(wrong(7)), /access method is an integer/);
  refuses(() => indexKey(User.name, { order: wrong("up") }), /unknown order; use "asc" or "desc"/);
  refuses(() => indexKey(User.name, { nulls: wrong("up") }), /unknown "nulls"/);
  refuses(() => indexKey(User.name, { opclass: wrong(7) }), /a name of its key is an integer/);
  refuses(() => indexKey(User.name, wrong({ sort: 1 })), /has an option "sort"/);
  refuses(() => constraint.unique([]), /unique constraint: it has no columns/);
  refuses(() => constraint.foreignKey([User.id], wrong(User)), /what it refers to is no function/);
  refuses(() => constraint.check(wrong("x")), /condition of a check constraint/);
  refuses(() => constraint.exclude([]), /exclusion constraint: it has no elements/);
  refuses(() => constraint.exclude([[wrong("x"), "="]]), /an element is a string/);
  for (const operator of ["", "=; drop", "--", "/*", "and"]) {
    refuses(() => constraint.exclude([[User.id, operator]]), /an operator is none/);
  }
});
