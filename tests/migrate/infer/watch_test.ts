import assert from "node:assert/strict";
import { watchSchema } from "../../../migrate/infer/watch.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { SERVERS, withSchema } from "./inferred.ts";

for (const server of SERVERS) {
  test(`watchSchema() infers again when the schema has changed (PostgreSQL ${server.version})`, {
    timeout: 60_000,
    ...server.need,
  }, async () => {
    await withSchema(server, [`create table artists (id int primary key)`], async (pool) => {
      const watch = new AbortController();
      const changes = [
        sql`alter table artists add column name text`,
        sql`alter table artists rename column name to called`,
        sql`create function one() returns int language sql return 1`,
        sql`comment on table artists is 'Who plays'`,
        sql`drop function one()`,
      ];
      const sources: string[] = [];
      await watchSchema(pool, async ({ source }) => {
        sources.push(source);
        const change = changes[sources.length - 1];
        if (change === undefined) return watch.abort();
        await pool.execute(sql`insert into artists (id) values (${sources.length})`); // rows are no change
        await pool.execute(change);
      }, { signal: watch.signal, interval: 10 });
      assert.equal(sources.length, 6);
      assert.equal(new Set(sources).size, 6);
      assert.match(sources[2], /called: column\.text\(\)\.nullable\(\)/);
      assert.match(sources[5], /comment: "Who plays"/);
    });
  });
}

test(
  "watchSchema() goes on when a look fails, and ends when what it tells does",
  SERVERS[0].need,
  async () => {
    await withSchema(SERVERS[0], [], async (pool) => {
      const failure = new Error("told");
      const told = watchSchema(pool, () => Promise.reject(failure), {
        signal: new AbortController().signal,
        interval: 10,
      });
      await assert.rejects(told, (error) => error === failure);
      const watch = new AbortController();
      const errors: unknown[] = [];
      await pool.close();
      await watchSchema(pool, () => {}, {
        signal: watch.signal,
        interval: 5,
        onError(error) {
          if (errors.push(error) === 3) watch.abort();
        },
      });
      assert.equal(errors.length, 3);
    });
  },
);
