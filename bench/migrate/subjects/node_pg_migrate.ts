/** node-pg-migrate: migrations in SQL, each in a transaction of its own. */
import { runner } from "node-pg-migrate";
import { expectCount, type Measurement, type Task } from "../measurement.ts";
import { runTask } from "./run_task.ts";

await runTask(({ url, folder }: Measurement): Record<string, Task> => {
  const up = async (): Promise<number> => {
    const done = await runner({
      databaseUrl: url,
      dir: folder,
      direction: "up",
      migrationsTable: "pgmigrations",
      singleTransaction: false,
      log: () => {},
    });
    return done.length;
  };
  const applied = (expected: number) => (count: unknown): void =>
    expectCount("migrations applied", count, expected);
  return {
    apply: { run: up, check: applied(1) },
    tiny: { run: up, check: applied(Number(folder.split("-").at(-1))) },
    nothing: { prepare: up, run: up, check: applied(0) },
  };
});
