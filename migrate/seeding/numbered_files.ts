/**
 * Folders of files that are run in the order of their numbers: `001_countries.sql`, `010_users.ts`.
 *
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ValidationError } from "../../pool/wire/errors.ts";

/** A file with a number. */
export interface NumberedFile {
  /** Its name without the suffix: what it is known by. */
  readonly name: string;
  readonly number: number;
  readonly kind: "ts" | "sql";
  readonly path: string;
  readonly text: string;
}

const NAME = /^(\d{1,9})_([\w-]+)\.(ts|js|mts|mjs|sql)$/;

/**
 * The files of a folder, in their order. Files that begin with a dot or an underscore, notes (`.md`) and folders are passed over.
 *
 * @throws {ValidationError} When the folder is missing, a file has no number, or two have the same.
 */
export async function numberedFiles(
  folder: string | URL,
  what: { readonly purpose: string; readonly example: string },
): Promise<readonly NumberedFile[]> {
  const path = typeof folder === "string" ? folder : fileURLToPath(folder);
  const names = await namesIn(path, what);
  const files = await Promise.all(names.map((name) => readNumbered(path, name, what)));
  files.sort((one, other) => one.number - other.number);
  for (const [index, file] of files.entries()) {
    if (index > 0 && files[index - 1].number === file.number) {
      throw new ValidationError(
        `the folder "${path}"`,
        `"${files[index - 1].name}" and "${file.name}" have one number; give each a number of its own`,
      );
    }
  }
  return files;
}

async function namesIn(path: string, { purpose }: { readonly purpose: string }): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
      .filter((name) => !/^[._]/.test(name) && !name.endsWith(".md"));
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "ENOENT") throw error;
    throw new ValidationError(
      `the folder "${path}"`,
      `it does not exist; make it, or name the folder that has the ${purpose}`,
      { cause: error },
    );
  }
}

async function readNumbered(
  folder: string,
  name: string,
  { example }: { readonly example: string },
): Promise<NumberedFile> {
  const found = NAME.exec(name);
  if (found === null) {
    throw new ValidationError(
      `the file "${name}"`,
      `its name has no number to order it by; call it for example ${example}`,
    );
  }
  const [, number, , suffix] = found;
  const path = join(folder, name);
  return {
    name: name.slice(0, -suffix.length - 1),
    number: Number(number),
    kind: suffix === "sql" ? "sql" : "ts",
    path,
    text: await readFile(path, "utf8"),
  };
}
