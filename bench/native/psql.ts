/** psql's `\copy`: as fast as libpq copies. */
import { median } from "../report/statistics.ts";
import type { FoundProgram } from "../../tests/services/installed_program.ts";
import { type NativeRun, postgresProgram } from "./native_program.ts";

/** Where psql is. */
export function program(): Promise<FoundProgram> {
  return postgresProgram("psql");
}

/** Copies five times and takes psql's own times. */
export async function measure({ url, load, run }: NativeRun): Promise<Readonly<Record<string, number>>> {
  const found = await program();
  if ("reason" in found) throw new Error(found.reason);
  if (!("statement" in load)) throw new Error("Cannot measure psql: the scenario is no COPY");
  const file = await Deno.makeTempFile({ suffix: ".tsv" });
  try {
    const { statement, rows, chunks, before } = load;
    if (chunks !== undefined) await Deno.writeFile(file, ReadableStream.from(chunks()));
    const copy = ["-c", "\\timing on", "-c", `${statement} '${load.isIn ? file : "/dev/null"}'`];
    const first = before === undefined ? [] : ["-c", "\\timing off", "-c", before];
    const copies = Array.from({ length: 5 }, () => [...first, ...copy]).flat();
    const output = await run(found.path, [
      "-X",
      "-v",
      "ON_ERROR_STOP=1",
      ...copies,
      url,
    ]);
    const times = [...output.matchAll(/^Time: (\d+\.\d+) ms/gm)].map(([, time]) => Number(time));
    if (times.length !== 5) throw new Error(`Cannot read what psql printed: ${output}`);
    const p50 = median(times);
    return { rate: rows / p50 * 1000, p50 };
  } finally {
    await Deno.remove(file);
  }
}
