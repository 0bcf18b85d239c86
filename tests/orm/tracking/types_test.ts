/** What the compiler infers, accepts and refuses of records and sessions. `deno check` proves it. */
import assert from "node:assert/strict";
import {
  type Bound,
  column,
  type LifeRecord,
  model,
  type Query,
  type RecordReference,
  ref,
  Session,
  sql,
  type Unbound,
} from "../../../mod.ts";
import { test } from "../../harness.ts";
import { FakeExecutor } from "../fake_executor.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only when its type argument is true. */
function proves<_Claim extends true>(): void {}

const User = model("users", {
  id: column.identity().primaryKey(),
  email: column.text<"a" | "b">(),
  nick: column.text().nullable(),
  visits: column.bigint().default(0n),
  slug: column.text().generated(sql`lower(email)`),
});
const Seat = model("seats", { hall: column.text().primaryKey(), place: column.integer().primaryKey() });
type UserColumns = NonNullable<(typeof User)["~columns"]>;

test("LifeRecord knows the types of its values, its key and its rows", () => {
  const user = User.record();
  proves<Equal<typeof user, LifeRecord<UserColumns, Unbound>>>();
  proves<Equal<ReturnType<typeof user.get<"visits">>, bigint | undefined>>();
  proves<Equal<typeof user.values.nick, string | null | undefined>>();
  proves<Equal<typeof user.values.slug, string | undefined>>();
  proves<Equal<typeof user.key, number | undefined>>();
  proves<Equal<Awaited<ReturnType<typeof user.save>>, typeof User.Row>>();
  proves<Equal<typeof user.original, typeof User.Row | undefined>>();
  proves<Equal<(typeof user.dirty)[number], "id" | "email" | "nick" | "visits" | "slug">>();
  const seat = Seat.record();
  proves<Equal<typeof seat.key, { readonly hall: string; readonly place: number } | undefined>>();
  const email = user.take("email");
  proves<Equal<typeof email, "a" | "b" | undefined>>();
  const reference = ref(user, "visits");
  proves<Equal<typeof reference, RecordReference<bigint>>>();
  assert.equal(user.isDirty, false);
});

test("LifeRecord takes values, expressions and references of a column's type", () => {
  const user = User.record({ email: "a", visits: sql`1`, nick: User.nick });
  user.set("email", "b").set("nick", null).set({
    visits: User.visits.plus(1n),
    id: ref(Seat.record(), "place"),
  });
  // @ts-expect-error: no such text
  user.set("email", "c");
  // @ts-expect-error: a reference to a value of another type
  user.set("visits", ref(Seat.record(), "place"));
  // @ts-expect-error: an expression of another type
  user.set({ email: User.visits });
  // @ts-expect-error: the value of another type
  assert.throws(() => User.record({ nick: 1 }));
  // @ts-expect-error: no such column
  assert.throws(() => ref(user, "age"));
  // @ts-expect-error: a model is no record
  assert.throws(() => ref(User, "id"));
  // @ts-expect-error: the row of another model
  assert.throws(() => User.edit({ hall: "x", place: 1 }));
  // @ts-expect-error: no such column
  assert.throws(() => user.state("age"));
});

test("LifeRecord takes an executor where its model has none", async () => {
  const { executor } = new FakeExecutor();
  const [user, bound] = [User.record(), User.on(executor).record()];
  proves<Equal<typeof bound, LifeRecord<UserColumns, Bound>>>();
  // @ts-expect-error: there is nothing to run on
  await assert.rejects(user.update());
  await assert.rejects(bound.update(), /it is new/);
});

test("Session knows the types of what it finds and takes whole rows only", async () => {
  const session = new Session(new FakeExecutor().executor, { unflushed: "ignore" });
  const query = session.query(User.find().where({ nick: null }).orderBy(User.id));
  proves<Equal<Awaited<typeof query>, LifeRecord<UserColumns, Bound>[]>>();
  const found = session.find(Seat, { hall: "a", place: 1 });
  proves<
    Equal<Awaited<typeof found>, LifeRecord<NonNullable<(typeof Seat)["~columns"]>, Bound> | undefined>
  >();
  const added = session.add(User, { email: "a" });
  proves<Equal<typeof added, LifeRecord<UserColumns, Bound>>>();
  const mine = User.record({ email: "b" });
  const same = session.add(mine);
  proves<Equal<typeof same, typeof mine>>();
  assert.equal(same, mine);
  assert.deepEqual([await query, await found], [[], undefined]);
  // @ts-expect-error: a model without values is no record
  assert.throws(() => session.remove(User));
  // @ts-expect-error: some columns are no whole row
  await assert.rejects(session.query(User.find().select({ id: User.id })));
  const loose: Query<UserColumns, typeof User.Row, Unbound> = User.find();
  assert.deepEqual(await session.query(loose), []);
});
