/** Drizzle: its migrator, and Drizzle Kit's comparison of a schema with a database. */
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import {
  bigint,
  boolean,
  index,
  jsonb,
  numeric,
  type PgTable,
  pgTable,
  text,
  timestamp,
  varchar,
} from "drizzle-orm/pg-core";
import pg from "pg";
import { expectCount, type Measurement, type Task } from "../measurement.ts";
import { MISSING, missingSql, tableName } from "../schema.ts";
import { runTask } from "./run_task.ts";

interface Push {
  readonly statementsToExecute: readonly string[];
  apply(): Promise<void>;
}

/** What is used of `drizzle-kit/api`, whose types need every client there is. */
interface DrizzleKit {
  pushSchema(schema: Record<string, unknown>, database: unknown, schemas: string[]): Promise<Push>;
}

await runTask(({ url, tables, folder }: Measurement): Record<string, Task> => {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  const database = drizzle(pool);
  const push = async (): Promise<Push> => {
    const name = "drizzle-kit/api";
    const kit: DrizzleKit = await import(name);
    return await kit.pushSchema(schemaOf(tables), database, ["public"]);
  };
  const up = (): Promise<void> => migrate(database, { migrationsFolder: folder });
  return {
    "models-diff": {
      prepare: async () => {
        await (await push()).apply();
        for (const statement of missingSql()) await pool.query(statement);
      },
      run: push,
      check: (found) => expectCount("statements", (found as Push).statementsToExecute.length, MISSING),
    },
    apply: { run: up },
    tiny: { run: up },
    nothing: { prepare: up, run: up },
  };
});

function schemaOf(count: number): Record<string, unknown> {
  const tables: (PgTable & { id: never })[] = [];
  for (let at = 0; at < count; at++) {
    const made = pgTable(tableName(at + 1), {
      id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
      name: text().notNull(),
      email: varchar({ length: 200 }).unique(),
      total: numeric({ precision: 10, scale: 2 }).notNull().default("0"),
      active: boolean().notNull().default(true),
      made: timestamp({ withTimezone: true }).notNull().defaultNow(),
      parentId: bigint("parent_id", { mode: "number" }).references(() => tables[Math.max(0, at - 1)].id),
      note: jsonb(),
    }, (t) => [index().on(t.name, t.made)]);
    tables.push(made as never);
  }
  return Object.fromEntries(tables.map((table, at) => [`table${at + 1}`, table]));
}
