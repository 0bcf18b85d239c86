/** The workload for Kysely, which has no relations. */
import { numbers, type Workload } from "./workload.ts";

/** See {@linkcode Workload}. */
export const kysely: Workload = {
  name: "kysely",
  title: "Kysely",
  without: "the relational load",
  source(models) {
    return [
      HEAD,
      ...numbers(models).map(table),
      `export interface Database {\n${
        numbers(models).map((i) => `  readonly table_${i}: Table${i};`).join("\n")
      }\n}`,
      "declare const db: Kysely<Database>;",
      ...numbers(models).map(uses),
    ].join("\n");
  },
};

const HEAD = `import type { Generated, JSONColumnType, Kysely } from "kysely";`;

function table(i: number): string {
  return `export interface Table${i} {
  readonly id: Generated<number>;
  readonly previous_id: number | null;
  readonly name_${i}: string;
  readonly email: string;
  readonly age: number | null;
  readonly balance: Generated<string>;
  readonly kind: "a" | "b" | "c${i}";
  readonly data: JSONColumnType<{ readonly tag${i}: string }> | null;
  readonly active: Generated<boolean>;
  readonly created_at: Generated<Date>;
}`;
}

function uses(i: number): string {
  const select = `export async function select${i}(): Promise<string | undefined> {
  const rows = await db.selectFrom("table_${i}").selectAll().where("age", ">=", 18).where("kind", "=", "c${i}")
    .orderBy("created_at", "desc").limit(10).execute();
  return rows[0].data?.tag${i};
}
export async function insert${i}(): Promise<number> {
  const row = await db.insertInto("table_${i}").values({ name_${i}: "x", email: "y", kind: "a" })
    .returningAll().executeTakeFirstOrThrow();
  return row.id;
}`;
  if (i === 0) return select;
  return `${select}
export async function join${i}(): Promise<{ id: number; before: string }[]> {
  return await db.selectFrom("table_${i}").innerJoin("table_${i - 1}", "table_${i}.previous_id", "table_${
    i - 1
  }.id")
    .where("table_${i - 1}.active", "=", true)
    .select(["table_${i}.id as id", "table_${i - 1}.name_${i - 1} as before"]).execute();
}`;
}
