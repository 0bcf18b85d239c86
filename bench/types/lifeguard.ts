/** The workload for our models; the budget of the types is measured with it too. */
import { numbers, type Workload } from "./workload.ts";

/** See {@linkcode Workload}. */
export const lifeguard: Workload = {
  name: "lifeguard",
  title: "Lifeguard",
  source(models) {
    return [
      HEAD,
      ...numbers(models).map(model),
      ...numbers(models).map((i) => relationsOf(i, i === models - 1)),
      ...numbers(models).map(uses),
    ].join("\n");
  },
};

const HEAD = `import { and, belongsTo, column, hasMany, model, type Pool, relations } from "@lifeguard/core";
declare const pool: Pool;`;

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

function relationsOf(i: number, isLast: boolean): string {
  const previous = i === 0 ? "" : `previous: belongsTo(Model${i - 1}, Model${i}.previousId), `;
  const next = isLast ? "" : `next: hasMany(Model${i + 1}, Model${i + 1}.previousId)`;
  return `export const relations${i} = relations(Model${i}, { ${previous}${next} });`;
}

function uses(i: number): string {
  const select = `export async function select${i}(): Promise<string | undefined> {
  const rows = await Model${i}.find().where(and(Model${i}.age.gte(18), Model${i}.kind.eq("c${i}")))
    .orderBy(Model${i}.createdAt.desc()).limit(10).all(pool);
  return rows[0].data?.tag${i};
}
export async function insert${i}(): Promise<number> {
  const row = await Model${i}.insert({ name${i}: "x", email: "y", kind: "a" }, pool);
  return row.id;
}`;
  if (i === 0) return select;
  return `${select}
export async function join${i}(): Promise<{ id: number; before: string }[]> {
  return await Model${i}.find().join(Model${i - 1}, Model${i}.previousId.eq(Model${i - 1}.id))
    .where(Model${i - 1}.active.eq(true)).select({ id: Model${i}.id, before: Model${i - 1}.name${
    i - 1
  } }).all(pool);
}
export async function load${i}(): Promise<string | undefined> {
  const [row] = await Model${i - 1}.find().where(Model${i - 1}.active.eq(true))
    .with(relations${i - 1}.next${i === 1 ? "" : `, relations${i - 1}.previous`}).all(pool);
  const before: string | undefined = ${i === 1 ? "row.email" : `row.previous?.name${i - 2}`};
  return before ?? row.next[0].data?.tag${i};
}`;
}
