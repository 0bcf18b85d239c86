import assert from "node:assert/strict";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { splitStatements } from "../../../migrate/files/statement.ts";
import { lintStatements } from "../../../migrate/lint/lint.ts";
import { LOCK_MODES, type LockMode, type Rule } from "../../../migrate/lint/rule.ts";
import { RULES } from "../../../migrate/lint/rules/rules.ts";
import { Pool } from "../../../pool/pool.ts";
import type { Transaction } from "../../../pool/session_executor.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { BEFORE, type Example, EXAMPLES } from "./examples.ts";

/** The strongest lock of a table that this transaction has. */
async function strongestLock(tx: Transaction, oid: number): Promise<LockMode | undefined> {
  const rows = await tx.query(sql<{ mode: string }>`
    select mode from pg_locks
    where pid = pg_backend_pid() and locktype = 'relation' and granted and relation = ${oid}`);
  const modes = rows.map(({ mode }) =>
    mode.replace(/Lock$/, "").replace(/(?!^)([A-Z])/g, " $1").toUpperCase()
  );
  return LOCK_MODES.findLast((mode) => modes.includes(mode));
}

/** What an example does to its table. */
async function effectOf(
  pool: Pool,
  { bad, on = "users" }: Example,
): Promise<{ lock: LockMode | undefined; rewrites: boolean }> {
  const statements = splitStatements(bad);
  const undo = new Error("undo");
  let effect: { lock: LockMode | undefined; rewrites: boolean } | undefined;
  await assert.rejects(
    pool.transaction(async (tx) => {
      const oid = await tx.value<number>(sql`select to_regclass(${on})::oid`);
      // By its number: it may have another name later.
      const node = sql`select relfilenode from pg_class where oid = ${oid}`;
      const before = await tx.value(node);
      for (const { text } of statements) await tx.execute(sql.unsafe(text));
      const after = await tx.value(node);
      const lock = await strongestLock(tx, oid);
      effect = { lock, rewrites: before !== after };
      throw undo;
    }),
    (error) => error === undo || (console.log(bad, String(error)), false),
  );
  return effect!;
}

function found(text: string, options: Parameters<typeof lintStatements>[1]): Set<string> {
  return new Set(lintStatements(splitStatements(text), options).map(({ rule }) => rule));
}

for (const [name, serverVersion] of [["primary", 18], ["pg15", 15]] as const) {
  test(`each rule is right about its lock and its rewrite (PostgreSQL ${serverVersion})`, {
    ...needs(name),
    timeout: 60_000,
  }, async () => {
    await using database = await freshDatabase({ server: name });
    await using pool = new Pool(database.url);
    for (const { text } of splitStatements(BEFORE)) await pool.execute(sql.unsafe(text));
    const catalog = await readCatalog(pool);
    let proved = 0;
    const wrong: unknown[] = [];
    for (const rule of RULES as readonly Rule[]) {
      const example = EXAMPLES[rule.id];
      assert.ok(example !== undefined, `no example of ${rule.id}`);
      if (example.bad !== "") {
        assert.ok(
          found(example.bad, { serverVersion, catalog }).has(rule.id),
          `${rule.id} not found in ${example.bad}`,
        );
      }
      assert.ok(
        !found(example.good, { serverVersion, catalog }).has(rule.id),
        `${rule.id} found in ${example.good}`,
      );
      const isMissing = rule.id === "generated-rewrites-table" && serverVersion < 17;
      if (rule.lock === undefined || example.outside !== undefined || isMissing) continue;
      const effect = await effectOf(pool, example);
      const said = { lock: rule.lock, rewrites: rule.rewrites === true };
      proved++;
      // TRUNCATE, type changes of other columns: a rule that says nothing of rewriting may do it.
      if (effect.lock !== said.lock || effect.rewrites !== said.rewrites) {
        wrong.push({ rule: rule.id, said, effect });
      }
    }
    console.log(
      `${proved} rules' locks and rewrites seen in pg_locks and pg_class (PostgreSQL ${serverVersion})`,
    );
    assert.deepEqual(wrong, []);
    assert.deepEqual(Object.keys(EXAMPLES).filter((id) => !RULES.some((rule) => rule.id === id)), []);
  });

  test(
    `the safer ways take the locks they are said to (PostgreSQL ${serverVersion})`,
    needs(name),
    async () => {
      await using database = await freshDatabase({ server: name });
      await using pool = new Pool(database.url);
      for (const { text } of splitStatements(BEFORE)) await pool.execute(sql.unsafe(text));
      await pool.execute(sql`alter table users add constraint grown check (age > 0) not valid`);
      await pool.execute(
        sql`alter table users add constraint team foreign key (team_id) references teams not valid`,
      );
      const ways: readonly [bad: string, lock: LockMode | undefined, rewrites: boolean, on?: string][] = [
        ["alter table users validate constraint grown", "SHARE UPDATE EXCLUSIVE", false],
        ["alter table users validate constraint team", "SHARE UPDATE EXCLUSIVE", false],
        ["alter table users validate constraint team", "ROW SHARE", false, "teams"],
        ["alter table users add made timestamptz default now()", "ACCESS EXCLUSIVE", false],
        ["alter table users add country text not null default 'AT'", "ACCESS EXCLUSIVE", false],
        ["alter table users add born years", "ACCESS EXCLUSIVE", true],
        ["alter domain years add constraint old check (value < 200) not valid", undefined, false],
        ["alter table users drop constraint team", "ACCESS EXCLUSIVE", false, "teams"],
        ["alter table users alter email type varchar(100)", "ACCESS EXCLUSIVE", false],
        [
          "alter table events attach partition events_2 for values from ('2021-01-01') to ('2022-01-01')",
          "SHARE UPDATE EXCLUSIVE",
          false,
          "events",
        ],
        ["refresh materialized view concurrently counts", "EXCLUSIVE", false, "counts"],
      ];
      for (const [bad, lock, rewrites, on] of ways) {
        const effect = await effectOf(pool, { bad, good: "", ...(on === undefined ? {} : { on }) });
        assert.deepEqual(effect, { lock, rewrites }, bad);
      }
    },
  );
}
