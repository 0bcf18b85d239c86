/** The workload for our models; the budget of the types is measured with it too. */
import { fileURLToPath } from "node:url";
import { numbers, type Workload } from "./workload.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** See {@linkcode Workload}. */
export const lifeguard: Workload = {
  name: "lifeguard",
  title: "Lifeguard",
  without: "the join and the relational load, which are still to come",
  source(models) {
    return [HEAD, ...numbers(models).map(model), ...numbers(models).map(uses)].join("\n");
  },
};

const HEAD = `import { and, column, model } from "${ROOT}orm/mod.ts";
import type { Executor } from "${ROOT}pool/executor.ts";
declare const pool: Executor;`;

function model(i: number): string {
  return `export const Model${i} = model("table_${i}", {
  id: column.identity().primaryKey(),
  previousId: column.integer().nullable()${i === 0 ? "" : `.references(() => Model${i - 1}.id)`},
  name${i}: column.text(),
  email: column.text().unique(),
  age: column.integer().nullable(),
  balance: column.numeric(12, 2).default("0"),
  kind: column.enum("kind_${i}", ["a", "b", "c${i}"]),
  data: column.jsonb<{ readonly tag${i}: string }>().nullable(),
  active: column.boolean().default(true),
  createdAt: column.timestamptz<Date>().defaultNow(),
});`;
}

function uses(i: number): string {
  return `export async function select${i}(): Promise<string | undefined> {
  const rows = await Model${i}.find().where(and(Model${i}.age.gte(18), Model${i}.kind.eq("c${i}")))
    .orderBy(Model${i}.createdAt.desc()).limit(10).all(pool);
  return rows[0].data?.tag${i};
}
export async function insert${i}(): Promise<number> {
  const row = await Model${i}.insert({ name${i}: "x", email: "y", kind: "a" }, pool);
  return row.id;
}`;
}
