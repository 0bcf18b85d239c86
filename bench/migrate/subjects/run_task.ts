/** A subject's process: it does one task, once, and prints how long that took. */
import process from "node:process";
import { FIGURE, type Measurement, type Task } from "../measurement.ts";

/** Does what the argument asks for, and ends the process. */
export async function runTask(tasks: (measurement: Measurement) => Record<string, Task>): Promise<never> {
  const measurement: Measurement = JSON.parse(process.argv[2]);
  const { prepare, run, check } = tasks(measurement)[measurement.task];
  await prepare?.();
  const started = performance.now();
  const outcome = await run();
  const taken = performance.now() - started;
  await check?.(outcome);
  console.log(FIGURE + taken);
  process.exit(0);
}
