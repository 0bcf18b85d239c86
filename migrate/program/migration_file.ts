/**
 * Files of migrations: their names, and that none is ever written over.
 *
 * @module
 */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A migration that is to be written. */
export interface MigrationFile {
  readonly dir: string;
  readonly name: string;
  readonly kind: "sql" | "ts";
  readonly text: string;
}

const SECOND = 1000;

/** Writes a file with the time as its version, behind every version that is there. */
export async function writeMigrationFile(
  { dir, name, kind, text }: MigrationFile,
  now: Date = new Date(),
): Promise<{ readonly version: string; readonly path: string }> {
  await mkdir(dir, { recursive: true });
  const versions = (await readdir(dir)).map((file) => /^(\d{14})_/.exec(file)?.[1]).filter((found) =>
    found !== undefined
  );
  const last = versions.sort().at(-1) ?? "";
  let time = now;
  // Two made within a second, or on machines whose clocks differ, keep their order.
  if (versionAt(time) <= last) time = new Date(timeOf(last).getTime() + SECOND);
  const version = versionAt(time);
  const path = join(dir, `${version}_${name}.${kind}`);
  await writeFile(path, text, { flag: "wx" });
  return { version, path };
}

/** A version: fourteen digits of a time in UTC. */
export function versionAt(time: Date): string {
  return time.toISOString().replace(/\D/g, "").slice(0, 14);
}

function timeOf(version: string): Date {
  const [year, month, day, hour, minute, second] =
    (/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(version) ?? []).slice(1);
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
