/**
 * Folders of files that are run in the order of their numbers: `001_countries.sql`, `010_users.ts`.
 *
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ValidationError } from "../../pool/wire/errors.ts";
import { SqlSyntaxError } from "../files/file_errors.ts";
import { readText } from "../files/file_text.ts";
import { controlsTransaction, outsideStatement } from "../files/outside.ts";
import { type ParsedStatement, splitStatements } from "../files/statement.ts";

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
  const text = await readText(path);
  if (typeof text !== "string") {
    const place = text.line === undefined ? path : `${path}:${text.line}`;
    throw new ValidationError(`the file "${place}"`, text.problem, { cause: text.cause });
  }
  return {
    name: name.slice(0, -suffix.length - 1),
    number: Number(number),
    kind: suffix === "sql" ? "sql" : "ts",
    path,
    text,
  };
}

/** The statements of a file, each of which is run in the transaction of the whole. */
export function statementsOf({ path, text }: NumberedFile): readonly ParsedStatement[] {
  try {
    const statements = splitStatements(text);
    for (const statement of statements) {
      if (controlsTransaction(statement)) {
        throw new SqlSyntaxError(
          text,
          statement.offset,
          `"${statement.firstWords}" begins or ends a transaction, and the file is one already`,
          "leave it out",
        );
      }
      if (outsideStatement(statement) !== undefined) {
        throw new SqlSyntaxError(
          text,
          statement.offset,
          `"${statement.firstWords}" cannot be in a transaction, and the file is one`,
          "put it into a migration",
        );
      }
    }
    return statements;
  } catch (error) {
    if (!(error instanceof SqlSyntaxError)) throw error;
    const { line, column, problem } = error;
    throw new ValidationError(`the file "${path}:${line}:${column}"`, problem, { cause: error });
  }
}
