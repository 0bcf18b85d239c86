/** A database's catalog, written as steps and run in an empty one, gives the same catalog. */
import assert from "node:assert/strict";
import { describeObject, objectKey } from "../../../migrate/catalog/object_key.ts";
import { type Catalog, type CatalogObject, OBJECT_KINDS } from "../../../migrate/catalog/objects.ts";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { reverseSteps } from "../../../migrate/steps/reverse.ts";
import type { Step } from "../../../migrate/steps/step.ts";
import { writeStep } from "../../../migrate/steps/write_step.ts";
import type { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { catalogJson } from "../catalog/golden.ts";
import { richSchema } from "../catalog/rich_schema.ts";
import { SERVERS, withDatabase } from "../catalog/servers.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";

/**
 * A catalog without its opaque objects and what needs them: their statements are PostgreSQL's own, and not for all of them
 * are there any.
 */
function told({ objects, serverVersion }: Catalog): Catalog {
  const left = new Map(objects);
  const needsMissing = (object: CatalogObject): boolean =>
    object.dependsOn.some((key) => objects.has(key) && !left.has(key) && !key.startsWith("opaque:transform"));
  for (let count = -1; count !== left.size;) {
    count = left.size;
    for (const [key, object] of left) {
      if (object.kind === "opaque" || needsMissing(object)) left.delete(key);
    }
  }
  // Privileges are told against the default privileges, which are opaque.
  for (const [key, { privileges: _, ...object }] of left) {
    const dependsOn = object.dependsOn.filter((other) => !other.startsWith("opaque:"));
    left.set(key, { ...object, dependsOn } as CatalogObject);
  }
  return { objects: left, serverVersion };
}

/** Objects after what they depend on; columns stand for their tables. */
function ordered({ objects }: Catalog): CatalogObject[] {
  const done = new Set<string>();
  const result: CatalogObject[] = [];
  const visit = (object: CatalogObject): void => {
    const key = objectKey(object);
    if (done.has(key)) return;
    done.add(key);
    for (const other of object.dependsOn) {
      const dependency = objects.get(other) ?? tableOfColumn(other);
      if (dependency !== undefined) visit(dependency);
    }
    result.push(object);
  };
  const tableOfColumn = (key: string): CatalogObject | undefined => {
    const name = key.replace(/^column:/, "").replace(/\.("([^"]|"")+"|[^."]+)$/, "");
    return ["table", "view", "materialized view"].map((kind) => objects.get(`${kind}:${name}`))
      .find((object) => object !== undefined);
  };
  const rank = ({ kind }: CatalogObject): number => OBJECT_KINDS.indexOf(kind);
  for (const object of [...objects.values()].sort((a, b) => rank(a) - rank(b))) visit(object);
  return result;
}

/** What creates everything of a catalog. */
function creation(catalog: Catalog): Step[] {
  const late: Step[] = [];
  const steps = ordered(catalog).map((object): Step => {
    if (object.kind === "sequence" && object.ownedBy !== undefined) {
      const { ownedBy: _, ...free } = object;
      late.push({ kind: "sequence", from: free, to: object });
      return { kind: "create", object: free };
    }
    if (object.kind === "table" && typeof object.replicaIdentity === "object") {
      const change = { type: "replica identity", from: undefined, to: object.replicaIdentity } as const;
      late.push({ kind: "table", table: object, change });
    }
    const isEmpty = object.kind === "materialized view" && !object.isPopulated;
    return {
      kind: "create",
      object,
      ifNotExists: object.kind === "schema",
      ...(isEmpty ? { withNoData: true } : {}),
    };
  });
  return [...steps, ...late];
}

async function run(pool: Pool, steps: readonly Step[], version: number): Promise<void> {
  for (const step of steps) {
    for (const { text } of writeStep(step, version)) {
      try {
        await pool.execute(sql.unsafe(text));
      } catch (error) {
        throw new Error(`${text}: ${(error as Error).message}`, { cause: error });
      }
    }
  }
}

for (const [server, version] of SERVERS) {
  test(
    `writeStep() writes a catalog that gives the same database on PostgreSQL ${version}`,
    { ...needs(server), timeout: 120_000 },
    async () => {
      const catalog = told(await withDatabase(server, richSchema(version), (pool) => readCatalog(pool)));
      const steps = creation(catalog);
      const again = await withDatabase(server, [], async (pool) => {
        await run(pool, steps, version);
        return told(await readCatalog(pool));
      });
      assert.deepEqual(catalogJson(again), catalogJson(catalog));
      console.log(`${catalog.objects.size} objects, ${steps.length} steps`);
    },
  );

  test(
    `reverseSteps() of a drop brings back each object on PostgreSQL ${version}`,
    { ...needs(server), timeout: 120_000 },
    async () => {
      await withDatabase(server, richSchema(version), async (pool) => {
        const before = told(await readCatalog(pool));
        const json = catalogJson(before);
        let dropped = 0;
        for (const object of before.objects.values()) {
          const parts = ordered(before).toReversed().filter((part) =>
            "columns" in object && "table" in part && part.table === object.name &&
            part.schema === object.schema
          );
          const drops = [...parts, object].map((one): Step => ({ kind: "drop", object: one }));
          const isAlone = await pool.transaction(async (tx) => {
            for (const drop of drops) {
              for (const { text } of writeStep(drop, version)) await tx.execute(sql.unsafe(text));
            }
            return true;
          }).catch(() => false);
          if (!isAlone) continue;
          await run(pool, reverseSteps(drops).steps, version);
          assert.deepEqual(catalogJson(told(await readCatalog(pool))), json, describeObject(object));
          dropped++;
        }
        console.log(`${dropped} of ${before.objects.size} objects dropped and brought back`);
        assert.ok(dropped > before.objects.size / 4);
      });
    },
  );
}
