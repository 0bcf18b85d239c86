/** That what has no kind of its own can be made again from its record. */
import assert from "node:assert/strict";
import type { Catalog, OpaqueObject } from "../../../migrate/catalog/objects.ts";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import type { Step } from "../../../migrate/steps/step.ts";
import { writeStep } from "../../../migrate/steps/write_step.ts";
import type { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { richSchema } from "./rich_schema.ts";
import { SERVERS, withDatabase } from "./servers.ts";

for (const [server, version] of SERVERS) {
  test(
    `OpaqueObject.definition makes what OpaqueObject.drop has dropped (${version})`,
    { ...needs(server), timeout: 60_000 },
    async () => {
      await withDatabase(server, richSchema(version), async (pool) => {
        const completeOf = ({ objects }: Catalog): OpaqueObject[] =>
          [...objects.values()].filter((object): object is OpaqueObject =>
            object.kind === "opaque" && object.definition !== undefined && object.drop !== undefined
          );
        const commented = completeOf(await readCatalog(pool))
          .filter(({ what }) => what !== "user mapping" && what !== "default privileges");
        await runAll(
          pool,
          commented.map((object) => ({ kind: "comment", object, to: "It's; one" })),
          version,
        );
        const catalog = await readCatalog(pool);
        const complete = completeOf(catalog);
        assert.equal(complete.filter(({ comment }) => comment === "It's; one").length, commented.length);
        const words = new Set(complete.map(({ what }) => what));
        assert.ok(words.size >= 20, `${[...words]}`);
        await runAll(pool, complete.map((object) => ({ kind: "drop", object })), version);
        assert.equal((await readCatalog(pool)).objects.size, catalog.objects.size - complete.length);
        await runAll(pool, complete.map((object) => ({ kind: "create", object })), version);
        assert.deepEqual(await readCatalog(pool), catalog);
      });
    },
  );

  test(`OpaqueObject.hash differs where its thing does (${version})`, needs(server), async () => {
    const hashOf = (statement: string): Promise<string> =>
      withDatabase(server, ["create table t (id int)", statement], async (pool) => {
        const [object] = [...(await readCatalog(pool)).objects.values()].filter(({ kind }) =>
          kind === "opaque"
        );
        return (object as OpaqueObject).hash;
      });
    const [one, same, other] = await Promise.all([
      hashOf("create rule r as on delete to t do instead nothing"),
      hashOf("CREATE RULE r AS ON DELETE TO public.t DO  INSTEAD  NOTHING"),
      hashOf("create rule r as on delete to t do also nothing"),
    ]);
    assert.match(one, /^[0-9a-f]{64}$/);
    assert.equal(one, same);
    assert.notEqual(one, other);
  });
}

test("OpaqueObject tells no password of a user mapping", needs("primary"), async () => {
  await withDatabase("primary", [
    "create foreign data wrapper w",
    "create server s foreign data wrapper w",
    "create user mapping for public server s options (user 'me', password 'canary-canary')",
  ], async (pool) => {
    const catalog = await readCatalog(pool);
    const mapping = catalog.objects.get("opaque:user mapping public on server s") as OpaqueObject;
    assert.equal(mapping.definition, undefined);
    assert.ok(!JSON.stringify([...catalog.objects]).includes("canary"));
  });
});

/** Runs steps in any order in which they run. */
async function runAll(pool: Pool, steps: readonly Step[], version: number): Promise<void> {
  let left = steps;
  while (left.length > 0) {
    const failed: Step[] = [];
    let last: unknown;
    for (const step of left) {
      try {
        await pool.transaction(async (tx) => {
          for (const { text } of writeStep(step, version)) await tx.execute(sql.unsafe(text));
        });
      } catch (error) {
        last = error;
        failed.push(step);
      }
    }
    if (failed.length === left.length) {
      throw new Error(`Cannot run ${failed.length} steps: ${JSON.stringify(failed[0])}`, { cause: last });
    }
    left = failed;
  }
}
