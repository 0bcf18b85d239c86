import assert from "node:assert/strict";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { test } from "../../harness.ts";
import { inferGolden, SERVERS, withSchema } from "./inferred.ts";

const TABLES = 1_000;

test(`inferModels() makes models of ${TABLES} tables in a moment`, {
  timeout: 240_000,
  ...SERVERS[0].need,
}, async () => {
  const statements = Array.from(
    { length: TABLES / 100 },
    (_, chunk) =>
      `do $$ begin for at in ${100 * chunk + 1}..${100 * (chunk + 1)} loop
    execute format('create table table_%s (id bigint generated always as identity primary key, name text not null,
      email varchar(200) unique, total numeric(10,2) default 0, tags text[] not null default ''{}'',
      made timestamptz not null default now(), parent_id bigint references table_%s, note jsonb check (note is not null))',
      at, greatest(at - 1, 1));
    execute format('create index on table_%s (name, made)', at);
  end loop; end $$`,
  );
  await withSchema(SERVERS[0], statements, async (pool) => {
    const start = performance.now();
    const catalog = await readCatalog(pool);
    const read = performance.now();
    const { source } = inferGolden(catalog);
    const done = performance.now();
    console.log(
      `${TABLES} tables: read in ${Math.round(read - start)} ms, written in ${Math.round(done - read)} ms, ` +
        `${source.length} characters`,
    );
    assert.equal(source.match(/= model\(/g)?.length, TABLES);
    assert.ok(done - start < 20_000, "it takes 5 s at most on a machine with nothing else to do");
  });
});
