import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { freshDatabase, needs } from "../../../services/client.ts";
import { canonical } from "./canonical.ts";
import { carryAll } from "./carrying.ts";
import { embeddedSession, type TestSession, testSession } from "./test_session.ts";

async function assertCarriesAll(session: TestSession, name: string, runs: number): Promise<void> {
  const { covered, problems } = await carryAll(session, runs);
  console.log(`${name}, PostgreSQL ${session.version}, carries: ${covered.join(", ")}`);
  if (problems.length > 0) throw new AggregateError(problems, `${problems.length} types were not carried`);
  assert.ok(covered.length >= 100);
}

for (const name of ["primary", "pg15"] as const) {
  test(`CodecRegistry's codecs carry every type to and from ${name}, in both formats`, {
    ...needs(name),
    timeout: 120_000,
  }, async () => {
    await using database = await freshDatabase({ server: name });
    await using session = await testSession(database.url);
    await assertCarriesAll(session, name, 20);
  });
}

test("CodecRegistry's codecs carry every type to and from an embedded PostgreSQL, in both formats", {
  timeout: 120_000,
  sanitize: false,
}, async () => {
  await using session = await embeddedSession();
  await assertCarriesAll(session, "embedded", 4);
});

for (const name of ["primary", "pg15"] as const) {
  test(`Codecs of record and void read what ${name} sends`, needs(name), async () => {
    await using database = await freshDatabase({ server: name });
    await using session = await testSession(database.url);
    const text =
      "select row(1, 'a'::text, null, array[row(2::int8, true)]) as record, pg_sleep(0) as nothing";
    const [row] = await session.query(text);
    assert.deepStrictEqual(row.record, [1, "a", null, [[2n, true]]]);
    assert.equal(row.nothing, undefined);
  });
}

for (const name of ["primary", "pg15"] as const) {
  test(
    `Codecs of interval and timestamptz read the text of any session on ${name}`,
    needs(name),
    async () => {
      await using database = await freshDatabase({ server: name });
      await using session = await testSession(database.url);
      await session.query("set TimeZone = 'Asia/Kolkata'");
      for (const style of ["postgres", "iso_8601"]) {
        await session.query(`set IntervalStyle = ${style}`);
        const rows = await session.query(`
        select i, format('%s', i) as printed_i, t, format('%s', t) as printed_t from
          (values (interval '1 year -2 mons 3 days -04:05:06.78'), ('-1 day'), ('-0.5 seconds'), ('0'), ('13 mons')) a (i),
          (values (timestamptz '2024-02-29 12:00Z'), ('1800-01-01Z'), ('0044-03-15Z BC'), ('-infinity')) b (t)`);
        assert.equal(rows.length, 20);
        for (const { i, printed_i, t, printed_t } of rows) {
          const interval = session.registry.get(1186)!.decodeText(printed_i as string);
          assert.deepStrictEqual(canonical(interval), canonical(i));
          const moment = session.registry.get(1184)!.decodeText(printed_t as string);
          assert.deepStrictEqual(canonical(moment), canonical(t));
        }
      }
    },
  );
}
