/** pgbench with prepared statements and pipelines: as fast as C goes with as many connections. */
import { availableParallelism } from "node:os";
import type { FoundProgram } from "../../tests/services/installed_program.ts";
import { ITEMS } from "../scenarios/scenario.ts";
import { type NativeRun, postgresProgram } from "./native_program.ts";

/** Where pgbench is. */
export function program(): Promise<FoundProgram> {
  return postgresProgram("pgbench");
}

/** Selects by primary key, as many at once on each connection as callers would. */
export async function measure(
  { url, seconds, load, run }: NativeRun,
): Promise<Readonly<Record<string, number>>> {
  const found = await program();
  if ("reason" in found) throw new Error(found.reason);
  if (!("pipeline" in load)) throw new Error("Cannot measure pgbench: the scenario is no select");
  const { connections, pipeline } = load;
  const select = `\\set id random(1, ${ITEMS})\nselect id, name, price from bench_items where id = :id;\n`;
  const script = await Deno.makeTempFile({ suffix: ".sql" });
  try {
    await Deno.writeTextFile(
      script,
      pipeline === 1 ? select : `\\startpipeline\n${select.repeat(pipeline)}\\endpipeline\n`,
    );
    const output = await run(found.path, [
      ...["-n", "-M", "prepared", "-f", script, "-T", String(Math.ceil(seconds))],
      ...["-c", String(connections), "-j", String(Math.min(connections, availableParallelism()))],
      url,
    ]);
    const rate = /^tps = (\d+(\.\d+)?)/m.exec(output);
    if (rate === null) throw new Error(`Cannot read what pgbench printed: ${output}`);
    return { rate: Number(rate[1]) * pipeline };
  } finally {
    await Deno.remove(script);
  }
}
