/** Keys whose two columns have different types, or types whose values JavaScript compares otherwise than PostgreSQL. */
import assert from "node:assert/strict";
import { column, hasMany, model, relations } from "../../../orm/mod.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const Account = model("accounts", { id: column.bigint().primaryKey() });
const Payment = model("payments", {
  id: column.integer().primaryKey(),
  accountId: column.integer(),
});
const account = relations(Account, {
  payments: hasMany(Payment, Payment.accountId, { key: Account.id }),
});

testOnBoth(
  "keys beyond the other column's type find nothing, and others are found beside them",
  { models: [Account, Payment] },
  async (pool) => {
    await Account.insertMany([{ id: 1n }, { id: 3_000_000_000n }], pool);
    await Payment.insertMany([{ id: 1, accountId: 1 }, { id: 2, accountId: 1 }], pool);
    const all = [{ id: 1, accountId: 1 }, { id: 2, accountId: 1 }];
    const ordered = account.payments.orderBy(Payment.id);
    for (const relation of [ordered, ordered.by("lateral"), ordered.limit(5)]) {
      const rows = await Account.find().orderBy(Account.id).with(relation).all(pool);
      assert.deepEqual(rows.map(({ payments }) => payments), [all, []]);
    }
    const rows = await Account.find().orderBy(Account.id).all(pool);
    assert.deepEqual(await Promise.all(rows.map((row) => ordered.of(row, pool))), [all, []]);
    const query = ordered.query(rows[1]);
    assert.match(query.toSQL().text, /where "payments"\."account_id" = \$1::bigint order by/);
    assert.deepEqual(await query.all(pool), []);
    assert.deepEqual(await ordered.query(rows[0]).all(pool), all);
  },
);

const Country = model("countries", { code: column.varchar(10).primaryKey() });
const City = model("cities", { id: column.integer().primaryKey(), code: column.varchar(3) });
const country = relations(Country, { cities: hasMany(City, City.code, { key: Country.code }) });

testOnBoth(
  "keys longer than the other column's type are not cut",
  { models: [Country, City] },
  async (pool) => {
    await Country.insertMany([{ code: "abc" }, { code: "abcd" }, { code: "abcde" }], pool);
    await City.insert({ id: 1, code: "abc" }, pool);
    for (const relation of [country.cities, country.cities.limit(5)]) {
      const rows = await Country.find().orderBy(Country.code).with(relation).all(pool);
      assert.deepEqual(rows.map(({ cities }) => cities.length), [1, 0, 0]);
    }
  },
);

const columns = () => ({
  id: column.integer().primaryKey(),
  document: column.jsonb<unknown>(),
  uid: column.uuid(),
  code: column.char(4),
  amount: column.numeric(),
});
const Left = model("lefts", columns());
const Right = model("rights", columns());
const left = relations(Left, {
  byDocument: hasMany(Right, Right.document, { key: Left.document }),
  byUid: hasMany(Right, Right.uid, { key: Left.uid }),
  byCode: hasMany(Right, [Right.amount, Right.code], { key: [Left.amount, Left.code] }),
});
const UID = "0b3a6c1e-6d0f-4f0a-9d0e-0123456789ab";

testOnBoth(
  "documents, padded texts, numerics and UUIDs are equal where PostgreSQL says so",
  { models: [Left, Right] },
  async (pool) => {
    await Left.insertMany([
      { id: 1, document: { a: 1, b: [2] }, uid: UID, code: "ab", amount: "1.0" },
      { id: 2, document: "1", uid: UID, code: "ab\t", amount: "1.00" },
      { id: 3, document: 1, uid: UID, code: "", amount: "0" },
    ], pool);
    await Right.insertMany([
      { id: 1, document: { b: [2], a: 1 }, uid: UID, code: "ab  ", amount: "1" },
      { id: 2, document: "1", uid: UID, code: "ab\t", amount: "1.000" },
      { id: 3, document: 1, uid: UID, code: "x", amount: "0" },
    ], pool);
    for (const by of ["query", "lateral"] as const) {
      const rows = await Left.find().orderBy(Left.id).with(
        left.byDocument.by(by),
        left.byUid.by(by),
        left.byCode.by(by),
      ).all(pool);
      assert.deepEqual(
        rows.map(({ byDocument, byUid, byCode }) =>
          [byDocument, byUid, byCode].map((found) => found.map(({ id }) => id).sort())
        ),
        [[[1], [1, 2, 3], [1]], [[2], [1, 2, 3], [2]], [[3], [1, 2, 3], []]],
        by,
      );
    }
    const row = { ...(await Left.find().where({ id: 1 }).one(pool)), uid: UID.toUpperCase() };
    assert.equal((await left.byUid.of(row, pool)).length, 3, "as the caller wrote it");
  },
);
