/** Folders of migrations, made for one test. */
import { mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestOptions } from "../../harness.ts";
import { type Need, needs } from "../../services/client.ts";

/** A folder that is removed at the end of its scope. */
export interface MigrationFolder extends AsyncDisposable {
  readonly dir: string;
  /** Writes a file, over what it was. */
  write(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Makes a folder with files by their names. */
export async function migrationFolder(files: Readonly<Record<string, string>>): Promise<MigrationFolder> {
  const dir = await mkdtemp(join(tmpdir(), "lifeguard-migrations-"));
  const write = (name: string, text: string): Promise<void> => writeFile(join(dir, name), text);
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return {
    dir,
    write,
    remove: (name) => unlink(join(dir, name)),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** What a test of a folder may do, beside the network. */
export const WITH_FOLDER: TestOptions = { allow: ["read", "write", "env"] };

/** The options of a test that needs services and a folder. */
export function needsFolder(...names: Need[]): TestOptions {
  return { ...needs(...names), ...WITH_FOLDER };
}
