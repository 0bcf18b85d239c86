/** Records: what they know of a row, which statements they send, and what they are after a failure. */
import assert from "node:assert/strict";
import { column, model, NotNullViolationError, ref, sql, StaleRecordError } from "../../../mod.ts";
import type { Transaction } from "../../../mod.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { beginRollback } from "../../../testkit/mod.ts";
import { test } from "../../harness.ts";
import { testOnBoth } from "../../testkit/databases.ts";
import { FakeExecutor } from "../fake_executor.ts";
import { Recorded } from "../writing/recorded.ts";

const User = model("users", {
  id: column.identity().primaryKey(),
  email: column.text().unique(),
  nick: column.text().nullable(),
  visits: column.bigint().default(0n),
  tags: column.text().array().default([]),
  settings: column.jsonb<{ theme?: string; sizes?: readonly number[] }>().nullable(),
  avatar: column.bytea().nullable(),
  born: column.date().nullable(),
  slug: column.text().generated(sql`lower(email)`),
});
const Note = model("notes", {
  id: column.identity().primaryKey(),
  body: column.text(),
  updatedAt: column.timestamptz().nullable(),
  deletedAt: column.timestamptz().nullable(),
  version: column.integer().default(1),
}, {
  softDelete: true,
  timestamps: { updatedAt: "updatedAt" },
  version: true,
  defaultScope: (note) => note.body.ne(""),
});
const Seat = model("seats", {
  hall: column.text().primaryKey(),
  place: column.integer().primaryKey(),
  guest: column.text().nullable(),
  version: column.bigint().default(1n),
}, { version: true });

const USER =
  '"users"."id", "users"."email", "users"."nick", "users"."visits", "users"."tags", "users"."settings", ' +
  '"users"."avatar", "users"."born", "users"."slug"';
const NOTE =
  '"notes"."id", "notes"."body", "notes"."updated_at" as "updatedAt", "notes"."deleted_at" as "deletedAt", ' +
  '"notes"."version"';
const SEAT = '"seats"."hall", "seats"."place", "seats"."guest", "seats"."version"';

const ADA = {
  id: 1,
  email: "ada@x.org",
  nick: null,
  visits: 3n,
  tags: ["a"],
  settings: { theme: "dark", sizes: [1, 2] },
  avatar: new Uint8Array([1, 2]),
  born: Temporal.PlainDate.from("1815-12-10"),
  slug: "ada@x.org",
};

test("LifeRecord tells how each of its values stands", () => {
  const user = User.record({ email: "ada@x.org" });
  assert.equal(user.isNew, true);
  assert.equal(user.original, undefined);
  assert.equal(user.state("email"), "set");
  assert.equal(user.state("nick"), "not-set");
  assert.equal(user.get("nick"), undefined);
  user.set("nick", null).set("visits", User.visits.plus(1n));
  assert.equal(user.state("nick"), "null");
  assert.equal(user.state("visits"), "expression");
  assert.deepEqual(user.dirty, ["email", "nick", "visits"]);
  assert.throws(() => user.get("visits"), /"visits".*an expression.*save the record first$/);

  const known = User.edit(ADA);
  assert.deepEqual([known.isNew, known.isDirty, known.key], [false, false, 1]);
  assert.equal(known.state("nick"), "unchanged");
  assert.equal(known.get("settings"), ADA.settings);
  known.set({ nick: "A", visits: sql`visits + 1` });
  assert.deepEqual(known.dirty, ["nick", "visits"]);
  assert.equal(known.changes().nick, "A");
  known.reset("nick");
  assert.deepEqual([known.state("nick"), known.dirty], ["unchanged", ["visits"]]);
  known.reset();
  assert.deepEqual([known.isDirty, known.get("visits")], [false, 3n]);
});

test("LifeRecord takes for no change what is the same value, whatever its kind", () => {
  const user = User.edit(ADA);
  user.set({
    email: "ada@x.org",
    nick: null,
    visits: 3n,
    tags: ["a"],
    settings: { sizes: [1, 2], theme: "dark" },
    avatar: new Uint8Array([1, 2]),
    born: Temporal.PlainDate.from("1815-12-10"),
  });
  assert.deepEqual(user.dirty, []);
  user.set({
    tags: ["a", "b"],
    settings: { sizes: [1, 3], theme: "dark" },
    avatar: new Uint8Array([1, 3]),
    born: Temporal.PlainDate.from("1815-12-11"),
  });
  assert.deepEqual(user.dirty, ["tags", "settings", "avatar", "born"]);
  user.set({ tags: ["a"], settings: ADA.settings, avatar: ADA.avatar, born: ADA.born });
  assert.deepEqual(user.dirty, []);
  const settings = user.get("settings") as { theme?: string };
  settings.theme = "light";
  user.set("settings", settings);
  assert.deepEqual(user.dirty, ["settings"], "a value that was changed in place and set is a change");
  ADA.settings.theme = "dark";
});

test("LifeRecord.values are accessors, made once for a model", () => {
  const [a, b] = [User.edit(ADA), User.record()];
  a.values.nick = "A";
  assert.deepEqual([a.values.nick, a.dirty, b.values.nick], ["A", ["nick"], undefined]);
  assert.equal(a.values, a.values);
  assert.equal(Object.getPrototypeOf(a.values), Object.getPrototypeOf(b.values));
  // @ts-expect-error: a generated column has no setter
  assert.throws(() => a.values.slug = "x", /PostgreSQL generates it/);
  // @ts-expect-error: there is no such column
  assert.throws(() => a.values.nickname = "x", TypeError);
});

test("LifeRecord.take() leaves a value not set, and nobody writes it", async () => {
  const user = User.edit(ADA);
  assert.equal(user.take("email"), "ada@x.org");
  assert.deepEqual([user.state("email"), user.get("email"), user.isDirty], ["not-set", undefined, false]);
  user.set("nick", "x");
  assert.equal(user.take("nick"), "x");
  const fake = new FakeExecutor();
  assert.equal(await user.save(fake.executor), user.original);
  assert.deepEqual(fake.statements, []);
  user.reset("email");
  assert.equal(user.get("email"), "ada@x.org");
});

test("LifeRecord refuses what cannot be written when it is set, and sets nothing of it", () => {
  const user = User.edit(ADA);
  // @ts-expect-error: a generated column cannot be set
  assert.throws(() => user.set("slug", "x"), /column "slug".*PostgreSQL generates it; leave it$/);
  // @ts-expect-error: there is no such column
  assert.throws(() => user.set({ nick: "x", mail: "y" }), /there is no such column; did you mean "email"/);
  // @ts-expect-error: the value is of another type
  assert.throws(() => user.set({ nick: "x", email: 1 }), /its type is text and an integer was given/);
  // @ts-expect-error: undefined is no value
  assert.throws(() => user.set("nick", undefined), /undefined was given/);
  // @ts-expect-error: the column is not nullable
  assert.throws(() => user.set("email", null), /it is not nullable/);
  // @ts-expect-error: there is no such column
  assert.throws(() => user.get("mail"), ValidationError);
  assert.deepEqual(user.dirty, []);
  // @ts-expect-error: an expression of another type
  user.set("visits", User.email);
  assert.throws(() => User.edit({ ...ADA, id: undefined as never }), /"id".*undefined was given/);
  const note = Note.edit({ id: 1, body: "", updatedAt: null, deletedAt: null, version: 1 });
  assert.throws(() => note.set("version", 2), /it counts the row's changes by itself/);
  assert.throws(
    // @ts-expect-error: a model has this property itself
    () => model("x", { record: column.text() }),
    /a model has a property of this name itself/,
  );
});

testOnBoth("LifeRecord writes only what changed, by one statement, and knows the whole row then", {
  models: [User],
}, async (pool) => {
  const recorded = new Recorded(pool);
  const run = recorded.executor;
  const user = User.record({ email: "Ada@x.org", nick: "A" });
  const inserted = await user.save(run);
  assert.deepEqual(recorded.take(), [
    `insert into "users" ("email", "nick") values ($1, $2) returning ${USER}`,
  ]);
  assert.deepEqual([inserted.slug, user.get("slug"), user.get("visits")], ["ada@x.org", "ada@x.org", 0n]);
  assert.deepEqual([user.isNew, user.isDirty, user.key], [false, false, inserted.id]);
  assert.equal(user.original, inserted);

  user.set({ visits: User.visits.plus(2n), nick: null, email: "Ada@x.org" });
  const updated = await user.save(run);
  assert.deepEqual(recorded.take(), [
    `update "users" set "nick" = $1, "visits" = ("users"."visits" + $2) where "users"."id" = $3 returning ${USER}`,
  ]);
  assert.deepEqual([updated.nick, updated.visits, user.get("visits")], [null, 2n, 2n]);

  assert.equal(await user.save(run), updated);
  assert.equal(await user.update(run), updated);
  assert.deepEqual(recorded.take(), [], "nothing changed, nothing is sent");

  await user.set("id", 70).save(run);
  assert.deepEqual(recorded.take(), [
    `update "users" set "id" = $1 where "users"."id" = $2 returning ${USER}`,
  ]);
  assert.equal(user.key, 70);

  await pool.execute(sql`update users set nick = 'elsewhere'`);
  user.set("tags", ["mine"]);
  await user.refresh(run);
  assert.deepEqual(recorded.take(), [`select ${USER} from "users" where "users"."id" = $1`]);
  assert.deepEqual([user.get("nick"), user.get("tags"), user.isDirty], ["elsewhere", [], false]);
  assert.equal(recorded.reads, 0, "a record is read where it was written");

  await user.delete(run);
  assert.deepEqual(recorded.take(), [`delete from "users" where "users"."id" = $1 returning ${USER}`]);
  assert.deepEqual([user.isDeleted, user.isNew], [true, false]);
  await assert.rejects(user.save(run), /its row was deleted; make a new record$/);
  assert.equal(await User.find().count(pool), 0);
});

testOnBoth("LifeRecord.save() of a new record with its whole key is one atomic upsert", {
  models: [Seat],
}, async (pool) => {
  const recorded = new Recorded(pool);
  const seats = Seat.on(recorded.executor);
  const first = await seats.record({ hall: "A", place: 1, guest: "Ada" }).save();
  const text =
    'insert into "seats" ("hall", "place", "guest") values ($1, $2, $3) on conflict ("hall", "place") do update set ' +
    `"guest" = excluded."guest", "version" = "seats"."version" + 1 returning ${SEAT}`;
  assert.deepEqual(recorded.take(), [text]);
  const seat = seats.record({ hall: "A", place: 1, guest: "Bob" });
  assert.deepEqual(seat.key, { hall: "A", place: 1 });
  const second = await seat.save();
  assert.deepEqual(recorded.take(), [text]);
  assert.deepEqual([first.version, second.version, second.guest], [1n, 2n, "Bob"]);
  await seat.set("guest", null).save();
  assert.deepEqual(recorded.take(), [
    'update "seats" set "guest" = $1, "version" = "seats"."version" + 1 where "seats"."hall" = $2 and ' +
    `"seats"."place" = $3 and "seats"."version" = $4 returning ${SEAT}`,
  ]);
  assert.deepEqual([seat.get("guest"), seat.get("version")], [null, 3n]);
  await Promise.all(
    Array.from({ length: 8 }, (_, index) => seats.record({ hall: "B", place: 1, guest: `${index}` }).save()),
  );
  assert.equal((await Seat.findById({ hall: "B", place: 1 }, pool))?.version, 8n);
  await assert.rejects(seats.record({ hall: "A", place: 1, guest: "x" }).insert(), /duplicate key/);
});

testOnBoth("LifeRecord tells whether its row was changed or deleted, and stays as it was", {
  models: [Seat, User],
}, async (pool) => {
  const recorded = new Recorded(pool);
  const row = await Seat.insert({ hall: "A", place: 1 }, pool);
  const [mine, yours] = [Seat.edit(row), Seat.edit(row)];
  await mine.set("guest", "mine").save(pool);
  yours.set("guest", "yours");
  for (const act of ["save", "update", "delete"] as const) {
    await assert.rejects(yours[act](recorded.executor), (error: StaleRecordError) => {
      assert.ok(error instanceof StaleRecordError);
      assert.deepEqual([error.code, error.reason, error.table], ["STALE_RECORD", "changed", "seats"]);
      assert.deepEqual(error.key, { hall: "A", place: 1 });
      assert.match(error.message, /its row was changed since it was read; refresh\(\) the record/);
      assert.ok(!`${error.stack}${JSON.stringify(error)}`.includes("yours"));
      return true;
    });
    assert.equal(recorded.take().length, 2, "the second asks what became of the row");
    assert.deepEqual([yours.dirty, yours.get("guest"), yours.isDeleted], [["guest"], "yours", false]);
  }
  await mine.delete(pool);
  await assert.rejects(yours.save(pool), { reason: "deleted" });
  await assert.rejects(yours.refresh(pool), { reason: "deleted" });
  assert.deepEqual([yours.dirty, yours.get("guest")], [["guest"], "yours"]);
  await assert.rejects(User.edit(ADA).set("nick", "x").save(recorded.executor), { reason: "deleted" });
  assert.equal(
    recorded.take().length,
    1,
    "without a version there is nothing else that may have become of it",
  );
  await assert.rejects(User.edit(ADA).delete(pool), StaleRecordError);
});

testOnBoth("LifeRecord of a model with soft delete is deleted, restored and deleted for good", {
  models: [Note],
}, async (pool) => {
  const recorded = new Recorded(pool);
  const note = Note.on(recorded.executor).record({ body: "x" });
  await note.save();
  recorded.take();
  note.set("body", "y");
  const deleted = await note.delete();
  assert.deepEqual(recorded.take(), [
    'update "notes" set "deleted_at" = now(), "updated_at" = now(), "version" = "notes"."version" + 1 where ' +
    `"notes"."id" = $1 and "notes"."deleted_at" is null and "notes"."version" = $2 returning ${NOTE}`,
  ]);
  assert.ok(deleted.deletedAt instanceof Temporal.Instant);
  assert.deepEqual([deleted.body, note.dirty, note.isDeleted], ["x", ["body"], false]);
  await assert.rejects(note.delete(), /it is deleted already; restore\(\) it/);
  await note.save();
  assert.deepEqual(
    [note.get("version"), note.get("body")],
    [3, "y"],
    "a row known as deleted is still written",
  );
  recorded.take();
  await note.restore();
  assert.deepEqual(recorded.take(), [
    'update "notes" set "deleted_at" = null, "updated_at" = now(), "version" = "notes"."version" + 1 where ' +
    `"notes"."id" = $1 and "notes"."deleted_at" is not null and "notes"."version" = $2 returning ${NOTE}`,
  ]);
  assert.equal(note.get("deletedAt"), null);
  await note.set("body", "").save();
  await note.set("body", "back in the default scope").save();
  const other = Note.edit(note.original!);
  await note.delete();
  await assert.rejects(other.set("body", "z").save(pool), { reason: "deleted" });
  await assert.rejects(other.restore(pool), { reason: "changed" });
  await note.forceDelete();
  assert.equal(note.isDeleted, true);
  assert.equal(await Note.find().withTrashed().count(pool), 0);
  await assert.rejects(Seat.record().restore(pool), /its model's rows are deleted for good/);
});

testOnBoth("LifeRecord is as it was when a statement or a hook fails", { models: [User] }, async (pool) => {
  const user = User.record({ email: "a@x.org" });
  await user.save(pool);
  const row = user.original;
  await User.insert({ email: "b@x.org" }, pool);
  user.set({ email: "b@x.org", visits: User.visits.plus(1n) });
  await assert.rejects(user.save(pool), /users_email_key/);
  assert.deepEqual([user.original, user.dirty, user.isNew], [row, ["email", "visits"], false]);
  const fresh = User.record({ email: "b@x.org" });
  await assert.rejects(fresh.save(pool), /users_email_key/);
  assert.deepEqual([fresh.isNew, fresh.dirty, fresh.key], [true, ["email"], undefined]);
  user.set("email", sql`null`);
  await assert.rejects(user.save(pool), NotNullViolationError);
  assert.equal(user.state("email"), "expression");

  let fails = true;
  const Hooked = model("users", { id: column.identity().primaryKey(), email: column.text() }, {
    hooks: {
      beforeUpdate: (values, { row, key }) => {
        assert.deepEqual([row?.email, key], ["a@x.org", user.key]);
        values.email = values.email?.toUpperCase();
      },
      afterUpdate: () => {
        if (fails) throw new Error("no");
      },
    },
  });
  const hooked = Hooked.edit({ id: user.key!, email: "a@x.org" }).set("email", "c@x.org");
  await assert.rejects(hooked.save(pool), /^Error: no$/);
  assert.deepEqual(hooked.dirty, ["email"]);
  assert.equal((await User.findById(user.key!, pool))?.email, "a@x.org", "and so is the row");
  fails = false;
  assert.equal((await hooked.save(pool)).email, "C@X.ORG");
});

testOnBoth(
  "LifeRecord saved in a transaction that is rolled back is dirty again",
  { models: [User] },
  async (pool) => {
    const fails = (work: (tx: Transaction) => Promise<unknown>) =>
      assert.rejects(
        pool.transaction(async (tx) => {
          await work(tx);
          throw new Error("undo");
        }),
        /^Error: undo$/,
      );
    const user = User.record({ email: "a@x.org" });
    await fails(async (tx) => {
      await user.save(tx);
      await user.set("nick", "A").save(tx);
      user.set("tags", ["later"]);
      assert.deepEqual([user.isNew, user.dirty], [false, ["tags"]]);
    });
    assert.deepEqual([user.isNew, user.key, user.original], [true, undefined, undefined]);
    assert.deepEqual(user.dirty, ["email", "nick", "tags"], "with what was set in it");
    await user.save(pool);
    const row = user.original;

    await pool.transaction(async (tx) => {
      await user.set("nick", "B").save(tx);
      const before = user.original;
      await tx.transaction(async (nested) => {
        await user.set({ nick: "C", visits: User.visits.plus(1n) }).save(nested);
        throw new Error("undo");
      }).catch(() => {});
      assert.deepEqual([user.original, user.dirty, user.get("nick")], [before, ["nick", "visits"], "C"]);
      user.reset();
      await tx.transaction((nested) => user.set("nick", "D").save(nested));
      assert.equal(user.isDirty, false);
    });
    assert.deepEqual([user.get("nick"), user.isDirty], ["D", false]);
    assert.equal((await User.findById(user.key!, pool))?.nick, "D");

    await fails((tx) => user.delete(tx));
    assert.deepEqual([user.isDeleted, user.isDirty], [false, false]);
    await fails(async (tx) => {
      await tx.execute(sql`update users set nick = 'E'`);
      await user.refresh(tx);
      assert.equal(user.get("nick"), "E");
    });
    assert.equal(user.get("nick"), "D");
    await fails(async (tx) => {
      await user.set("nick", "F").save(tx);
      user.set("nick", "D");
    });
    assert.deepEqual([user.get("nick"), user.isDirty], ["D", false], "set back to what the row has again");
    assert.notEqual(user.original, row);
  },
);

testOnBoth(
  "LifeRecord in a transaction of the testkit is undone with it",
  { models: [User] },
  async (pool) => {
    await using db = await beginRollback(pool);
    const user = User.record({ email: "a@x.org" });
    await assert.rejects(
      db.transaction(async (tx) => {
        await user.save(tx);
        await user.set("nick", "A").save(db);
        throw new Error("undo");
      }),
      /^Error: undo$/,
    );
    assert.deepEqual([user.isNew, user.dirty], [true, ["email", "nick"]]);
    await db.transaction((tx) => user.save(tx));
    assert.equal(user.isDirty, false);
    await user.set("nick", "B").save(db);
    assert.equal(user.isDirty, false);
  },
);

testOnBoth(
  "LifeRecord runs one write at a time, and nothing is set meanwhile",
  { models: [User] },
  async (pool) => {
    const user = User.record({ email: "a@x.org" });
    const saving = user.save(pool);
    await assert.rejects(user.save(pool), /its save\(\) still runs; await that first$/);
    assert.throws(() => user.set("nick", "x"), /its save\(\) still runs/);
    assert.throws(() => user.reset(), ValidationError);
    await saving;
    await user.set("nick", "x").save(pool);
    assert.equal(user.get("nick"), "x");
  },
);

test("LifeRecord refuses what it cannot do before anything is sent", async () => {
  const fake = new FakeExecutor();
  const run = fake.executor;
  await assert.rejects(User.record().update(run), /it is new and has no row; insert\(\) it first/);
  await assert.rejects(User.record().delete(run), ValidationError);
  await assert.rejects(User.record().refresh(run), ValidationError);
  await assert.rejects(User.edit(ADA).insert(run), /it is stored already; use update\(\), or save\(\)$/);
  await assert.rejects(User.record().insert(run), /"email".*it has no default and was not given/);
  const log = model("logs", { line: column.text() });
  await assert.rejects(log.edit({ line: "x" }).set("line", "y").save(run), /the model has no primary key/);
  const { version: _, ...seat } = { hall: "A", place: 1, guest: null, version: 1n };
  await assert.rejects(
    Seat.edit(seat as typeof Seat.Row).set("guest", "x").save(run),
    /its version "version" is not known; select it too/,
  );
  const view = model("recent", { id: column.integer().primaryKey(), x: column.text() }, { view: "view" });
  await assert.rejects(view.edit({ id: 1, x: "" }).set("x", "y").save(run), /it is of a view/);
  const [parent, child] = [User.record({ email: "p" }), User.record({ email: "c" })];
  child.set({ nick: ref(parent, "email"), id: ref(parent, "id") });
  assert.deepEqual([child.get("nick"), child.get("id"), child.state("id")], ["p", undefined, "set"]);
  await assert.rejects(
    child.insert(run),
    /it refers to "id" of a record of model "users", which is not known/,
  );
  assert.deepEqual(fake.statements, []);
});
