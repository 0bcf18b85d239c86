/** Behind a pooler that hands out server connections by the transaction, without a word in the options about it. */
import assert from "node:assert/strict";
import { sql } from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { needs, server } from "../../services/client.ts";
import { assertSound, openPool } from "./pools.ts";

test("Pool finds out that a transaction pooler stands between, and names no statement", {
  ...needs("pgbouncer", "primary"),
}, async () => {
  const mark = `mark_${crypto.randomUUID().slice(0, 8)}`;
  const statement = (n: number) => sql`select ${n}::int as ${sql.identifier(mark)}`;
  const named = sql`select count(*)::int from pg_prepared_statements where statement like ${`%${mark}%`}`;
  for (const [service, isNamed] of [["pgbouncer", false], ["primary", true]] as const) {
    await using pool = openPool({ url: server(service).url, max: 3 });
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => pool.value(statement(n))));
    assert.deepEqual(answers, answers.map((_, n) => n));
    for (let round = 0; round < 3; round++) {
      assert.equal(await pool.transaction((tx) => tx.value(statement(round))), round);
      const [[row]] = await pool.batch([statement(round)]);
      assert.deepEqual(row, { [mark]: round });
      const rows: unknown[] = [];
      for await (const one of pool.stream(sql`select n from generate_series(1, 50) as n`)) rows.push(one);
      assert.equal(rows.length, 50);
    }
    const counts = await Promise.all(Array.from({ length: 12 }, () => pool.value<number>(named)));
    assert.equal(counts.some((count) => count > 0), isNamed, `${service}: ${counts}`);
    await assertSound(pool, 3);
  }
});
