/** The workload for Drizzle: tables, relations, its query builder and its relational queries. */
import { numbers, type Workload } from "./workload.ts";

/** See {@linkcode Workload}. */
export const drizzle: Workload = {
  name: "drizzle",
  title: "Drizzle",
  source(models) {
    return [
      HEAD,
      ...numbers(models).map(table),
      ...numbers(models).map((i) => relationsOf(i, i === models - 1)),
      `const schema = { ${numbers(models).map((i) => `table${i}, relations${i}`).join(", ")} };`,
      "const db = drizzle(client, { schema });",
      ...numbers(models).map(uses),
    ].join("\n");
  },
};

const HEAD = `import { and, desc, eq, gte, relations } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { boolean, integer, jsonb, numeric, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import type { Sql } from "postgres";
declare const client: Sql;`;

function table(i: number): string {
  return `export const table${i} = pgTable("table_${i}", {
  id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
  previousId: integer("previous_id")${i === 0 ? "" : `.references(() => table${i - 1}.id)`},
  name${i}: text("name_${i}").notNull(),
  email: text("email").notNull().unique(),
  age: integer("age"),
  balance: numeric("balance", { precision: 12, scale: 2 }).notNull().default("0"),
  kind: text("kind", { enum: ["a", "b", "c${i}"] }).notNull(),
  data: jsonb("data").$type<{ readonly tag${i}: string }>(),
  active: boolean("active").notNull().default(true),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
});`;
}

function relationsOf(i: number, isLast: boolean): string {
  const previous = i === 0
    ? ""
    : `previous: one(table${i - 1}, { fields: [table${i}.previousId], references: [table${i - 1}.id] }), `;
  const next = isLast ? "" : `next: many(table${i + 1})`;
  return `export const relations${i} = relations(table${i}, ({ one, many }) => ({ ${previous}${next} }));`;
}

function uses(i: number): string {
  const select = `export async function select${i}(): Promise<string | undefined> {
  const rows = await db.select().from(table${i})
    .where(and(gte(table${i}.age, 18), eq(table${i}.kind, "c${i}"))).orderBy(desc(table${i}.createdAt)).limit(10);
  return rows[0].data?.tag${i};
}
export async function insert${i}(): Promise<number> {
  const [row] = await db.insert(table${i}).values({ name${i}: "x", email: "y", kind: "a" }).returning();
  return row.id;
}`;
  if (i === 0) return select;
  return `${select}
export async function join${i}(): Promise<{ id: number; before: string }[]> {
  return await db.select({ id: table${i}.id, before: table${i - 1}.name${i - 1} }).from(table${i})
    .innerJoin(table${i - 1}, eq(table${i}.previousId, table${i - 1}.id)).where(eq(table${
    i - 1
  }.active, true));
}
export async function load${i}(): Promise<string | undefined> {
  const [row] = await db.query.table${i - 1}.findMany({
    where: eq(table${i - 1}.active, true),
    with: { next: true${i === 1 ? "" : ", previous: true"} },
  });
  const before: string | undefined = ${i === 1 ? "row.email" : `row.previous?.name${i - 2}`};
  return before ?? row.next[0].data?.tag${i};
}`;
}
