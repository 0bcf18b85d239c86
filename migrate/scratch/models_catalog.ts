/**
 * Models and declarations as a catalog: run in an empty database and read back.
 *
 * @module
 */
import type { Joinable } from "../../orm/building/source.ts";
import { describeTable } from "../../orm/compiling/ddl/describe.ts";
import { planCreation } from "../../orm/compiling/ddl/statements.ts";
import { tableOf } from "../../orm/definition/table.ts";
import type { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { columnKey } from "../catalog/object_key.ts";
import type { Catalog, ObjectKey } from "../catalog/objects.ts";
import { readCatalog } from "../catalog/read_catalog.ts";
import type { Declaration } from "./declare.ts";
import { type OwnedStatement, runStatements } from "./run_statements.ts";

/** What models want, and which of it had another name. */
export interface ModelsCatalog extends Catalog {
  /** The renames that models declare with `renamedFrom`. */
  readonly renames: readonly DeclaredRename[];
}

/** A rename that a model declares: in the same shape in which the comparison takes renames. */
export interface DeclaredRename {
  /** What is renamed. */
  readonly kind: "column";
  /** The key of what had the old name, in the table's present name. */
  readonly key: ObjectKey;
  /** Its new name. */
  readonly to: string;
}

/**
 * Runs models and declarations in an empty database and reads what it has then.
 *
 * @param pool A scratch database; it is empty but for what every database like it has.
 * @param models The models, in any order.
 * @param declarations What is declared beside them.
 * @throws {ValidationError} When definitions contradict each other, or a statement cannot run whatever runs before it.
 *
 * @example
 * ```ts
 * import { column, model, sql } from "@lifeguard/core";
 * import { declare, modelsCatalog, withScratch } from "@lifeguard/core/migrate";
 * const User = model("users", { id: column.identity().primaryKey(), name: column.text() });
 * const numbers = declare(sql`create sequence numbers`);
 * const catalog = await withScratch({ kind: "pglite" }, (pool) => modelsCatalog(pool, [User], [numbers]));
 * console.assert(catalog.objects.has("table:public.users") && catalog.objects.has("sequence:public.numbers"));
 * ```
 */
export async function modelsCatalog(
  pool: Pool,
  models: readonly Joinable[],
  declarations: readonly Declaration[] = [],
): Promise<ModelsCatalog> {
  const plan = planCreation(models);
  const statements: OwnedStatement[] = [
    ...plan.together.map(({ text }) => ({ text, owner: "the models' statement" })),
    ...plan.apart.map(({ text }) => ({ text, owner: "the models' statement", isApart: true })),
    ...declarations.flatMap(({ statements }, index) =>
      statements.map((text) => ({ text, owner: `declaration ${index + 1}` }))
    ),
  ];
  await runStatements(pool, statements);
  const [catalog, current] = await Promise.all([
    readCatalog(pool),
    pool.value<string | null>(sql`select current_schema()::text`),
  ]);
  return { ...catalog, renames: declaredRenames(models, current ?? "public") };
}

/**
 * Those of the renames that models declare which a database has yet to see: `renamedFrom` stays in a model when its
 * migration is long done.
 *
 * @param renames The renames.
 * @param from What the database has.
 * @returns Those whose old column is still there.
 *
 * @example
 * ```ts
 * import { columnKey, makeCatalog, pendingRenames } from "@lifeguard/core/migrate";
 * const users = { kind: "table", schema: "public", name: "users", parameters: {}, dependsOn: [] } as const;
 * const mail = { name: "mail", type: "text", notNull: true };
 * const renames = [{ kind: "column", key: columnKey(users, "mail"), to: "email" }] as const;
 * const before = makeCatalog([{ ...users, columns: [mail] }], 18);
 * const after = makeCatalog([{ ...users, columns: [{ ...mail, name: "email" }] }], 18);
 * console.assert(pendingRenames(renames, before).length === 1);
 * console.assert(pendingRenames(renames, after).length === 0);
 * ```
 */
export function pendingRenames(
  renames: readonly DeclaredRename[],
  from: Catalog,
): readonly DeclaredRename[] {
  const columns = new Set<ObjectKey>();
  for (const object of from.objects.values()) {
    if (object.kind !== "table") continue;
    for (const { name } of object.columns) columns.add(columnKey(object, name));
  }
  return renames.filter(({ key }) => columns.has(key));
}

function declaredRenames(models: readonly Joinable[], currentSchema: string): readonly DeclaredRename[] {
  const renames: DeclaredRename[] = [];
  for (const table of models.map(tableOf)) {
    if (table.view !== undefined) continue;
    const { name, schema = currentSchema, columns } = describeTable(table);
    for (const { name: to, renamedFrom } of columns) {
      if (renamedFrom === undefined || renamedFrom === to) continue;
      renames.push({ kind: "column", key: columnKey({ schema, name }, renamedFrom), to });
    }
  }
  return renames;
}
