/** The errors of values that only the pool's codecs refuse name their row and column, however the rows travel. */
import assert from "node:assert/strict";
import { column, model } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const Doubled = model("doubled", {
  id: column.integer().primaryKey(),
  word: column.text().saveAs((value) => sql`${value} || ${value}`),
  note: column.text().nullable(),
  tags: column.text().array().nullable(),
});

testOnBoth(
  "bulk writes name the row of a value in rows of other columns, beside expressions, and where saveAs() repeats it",
  { models: [Doubled] },
  async (pool) => {
    const bad = "no \0 please";
    const noun =
      /^ValidationError: Cannot use column "note" of model "doubled" in row 3: the string contains a NUL/;
    const word =
      /^ValidationError: Cannot use column "word" of model "doubled" in row 3: the string contains a NUL/;
    const rows = [
      { id: 1, word: "a" },
      { id: 2, word: sql<string>`concat(${"a"}::text, ${"b"}::text)`, note: "x" },
      { id: 3, word: "c", note: "y" },
    ];
    const withNote = [rows[0], rows[1], { ...rows[2], note: bad }];
    const withWord = [rows[0], rows[1], { ...rows[2], word: bad }];
    await assert.rejects(Doubled.insertMany(withNote, pool), noun);
    await assert.rejects(Doubled.insertMany(withWord, pool), word);
    await assert.rejects(Doubled.upsertMany(withNote, { update: "nothing" }, pool), noun);
    await assert.rejects(Doubled.insert({ id: 9, word: bad }, pool), /Cannot use column "word" of model/);
    await Doubled.insertMany(rows, pool);
    const changes = [{ id: 1, word: "d" }, { id: 2, note: "e", word: "f" }, { id: 3, word: "g" }];
    await assert.rejects(
      Doubled.updateMany([changes[0], changes[1], { id: 3, word: bad }], pool),
      word,
    );
    const tagged = [{ id: 4, word: "w", tags: ["a"] }, { id: 5, word: "w", tags: ["b", bad] }];
    await assert.rejects(
      Doubled.insertMany(tagged, pool),
      /column "tags" of model "doubled" in row 2: element 2: /,
    );
    const words = await Doubled.find().orderBy(Doubled.id).all(pool);
    assert.deepEqual(words.map((row) => row.word), ["aa", "ab", "cc"]);
  },
);
