/** What a program of PostgreSQL's own is asked. */
import { type FoundProgram, onPath } from "../../tests/services/installed_program.ts";
import type { NativeLoad } from "../scenarios/scenario.ts";

/** How a program is run. */
export interface NativeRun {
  readonly url: string;
  readonly seconds: number;
  readonly load: NativeLoad;
  /** Runs a program and resolves with what it printed. */
  readonly run: (program: string, args: readonly string[]) => Promise<string>;
}

/** What a file of this folder exports. */
export interface NativeProgram {
  /** Where the program is, or why it is not there. */
  program(): Promise<FoundProgram>;
  measure(run: NativeRun): Promise<Readonly<Record<string, number>>>;
}

/** Finds a program on PATH, or where Debian puts those of PostgreSQL; the newest first. */
export async function postgresProgram(name: string): Promise<FoundProgram> {
  const found = await onPath(name);
  if (found !== undefined) return { path: found };
  for (let version = 20; version >= 14; version--) {
    const path = `/usr/lib/postgresql/${version}/bin/${name}`;
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return { path };
  }
  return { reason: `"${name}" is not installed (on Debian: apt-get install postgresql-contrib)` };
}
