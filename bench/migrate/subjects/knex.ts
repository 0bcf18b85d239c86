/** Knex: migrations in JavaScript, each in a transaction of its own. */
import knex from "knex";
import { expectCount, type Measurement, type Task } from "../measurement.ts";
import { runTask } from "./run_task.ts";

await runTask(({ url, folder }: Measurement): Record<string, Task> => {
  const client = knex({
    client: "pg",
    connection: url,
    pool: { min: 0, max: 2 },
    migrations: { directory: folder, loadExtensions: [".cjs"] },
  });
  const up = async (): Promise<number> => {
    const [, names]: [number, string[]] = await client.migrate.latest();
    return names.length;
  };
  const applied = (expected: number) => (count: unknown): void =>
    expectCount("migrations applied", count, expected);
  return {
    apply: { run: up, check: applied(1) },
    tiny: { run: up, check: applied(Number(folder.split("-").at(-1))) },
    nothing: { prepare: up, run: up, check: applied(0) },
  };
});
