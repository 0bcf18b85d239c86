/** What the compiler infers, accepts and refuses of writes. `deno check` proves it. */
import assert from "node:assert/strict";
import { column, cte, type InsertValues, model, type Row, type UpdateRow } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { FakeExecutor } from "../fake_executor.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only when its type argument is true. */
function proves<_Claim extends true>(): void {}

const User = model("users", {
  id: column.identity().primaryKey(),
  email: column.text(),
  name: column.text().nullable(),
  age: column.integer().default(1),
  data: column.jsonb<{ readonly tags: readonly string[] }>().nullable(),
  slug: column.text().generated(sql`lower(email)`),
});
const Seat = model("seats", {
  row: column.integer().primaryKey(),
  number: column.integer().primaryKey(),
  guest: column.text().nullable(),
}, { schema: "hall" });

type User = Row<typeof User>;

function executor(): FakeExecutor["executor"] {
  const fake = new FakeExecutor();
  fake.rows = [{ id: 1, email: "a" }];
  return fake.executor;
}

/** Never called: what is in it is only compiled. */
function refused(run: () => unknown): void {
  assert.equal(typeof run, "function");
}

test("writes return rows, numbers, or what may be missing", async () => {
  const on = executor();
  const users = User.on(on);
  const inserted = await users.insertMany([{ email: "a" }]);
  proves<Equal<typeof inserted, User[]>>();
  const some = await User.update({ age: 2 }).where({ id: 1 }).only("id", "age").returning(on);
  proves<Equal<typeof some, { readonly id: number; readonly age: number }[]>>();
  const updated = await users.updateById(1, { age: User.age.plus(1), name: null });
  proves<Equal<typeof updated, User | undefined>>();
  const upserted = await users.upsert({ email: "a" }, { conflict: ["email"] });
  proves<Equal<typeof upserted, User>>();
  const kept = await users.upsert({ email: "a" }, { conflict: ["email"], update: "nothing" });
  proves<Equal<typeof kept, User | undefined>>();
  const guarded = await users.upsert({ email: "a" }, { conflict: ["email"], where: sql`true` });
  proves<Equal<typeof guarded, User | undefined>>();
  const merged = await users.merge([{ email: "a", age: 1 }], { on: ["email"], returning: true });
  proves<Equal<typeof merged[0]["row"], User>>();
  refused(async () => {
    const count: number = await User.insertMany([{ email: "a" }], { returning: false }, on);
    const changed: number = await User.delete().all().run(on);
    const merges: number = await User.merge([{ email: "a", age: 1 }], { on: ["email"] }, on);
    const deleted: boolean = await Seat.deleteById({ row: 1, number: 2 }, on);
    return [count, changed, merges, deleted];
  });
  const moved = cte("moved", User.delete().all().only("id").returningColumns());
  proves<Equal<typeof moved.id["~types"]["value"], number>>();
});

test("writes take values and expressions of a column's type", () => {
  const values: InsertValues<NonNullable<typeof User["~columns"]>> = {
    email: sql`lower('A')`,
    age: User.age.plus(1),
  };
  const row: UpdateRow<NonNullable<typeof Seat["~columns"]>> = { row: 1, number: 2, guest: null };
  assert.ok(values !== undefined && row.guest === null);
  refused(() => {
    const on = executor();
    User.update({ name: User.email, data: { tags: [] } });
    User.update({ age: User.find().select({ age: User.age }).limit(1) });
    // @ts-expect-error: a number is no string
    User.update({ name: 1 });
    // @ts-expect-error: an expression of another type
    User.update({ name: User.age });
    // @ts-expect-error: an expression of another type
    void User.insert({ email: User.age }, on);
    // @ts-expect-error: not null
    User.update({ email: null });
    // @ts-expect-error: there is no such column
    User.update({ nme: "x" });
    // @ts-expect-error: PostgreSQL generates it
    User.update({ slug: "x" });
    // @ts-expect-error: it has no default and must be given
    void User.insertMany([{ name: "x" }], on);
    // @ts-expect-error: the key is missing
    void User.updateMany([{ name: "x" }], on);
    // @ts-expect-error: half of the key is missing
    void Seat.updateMany([{ row: 1, guest: "x" }], on);
    // @ts-expect-error: a plain string is no SQL
    User.update({ age: 1 }).where("id = 1");
    // @ts-expect-error: a key of two columns is an object of both
    void Seat.deleteMany([1], on);
    // @ts-expect-error: there is no such column
    void User.upsert({ email: "a" }, { conflict: ["mail"] }, on);
    // @ts-expect-error: there is no such column
    void User.merge([{ email: "a" }], { on: ["mail"] }, on);
    // @ts-expect-error: a column cannot be named like a method
    model("t", { merge: column.text() });
    // @ts-expect-error: it is bound to nothing, and is given nothing to run on
    return User.deleteById(1);
  });
});

test("an update or a delete runs only once it says of which rows", () => {
  refused(() => {
    const on = executor();
    // @ts-expect-error: it has no condition
    void User.update({ age: 1 }).run(on);
    // @ts-expect-error: it has no condition
    void User.delete().returning(on);
    // @ts-expect-error: it has no condition
    void User.forceDelete().from(Seat).run(on);
    return User.delete().all().run(on);
  });
});
