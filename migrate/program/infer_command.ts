/**
 * `lifeguard infer`: models from a database.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { pause } from "../../pool/pause.ts";
import { MisuseError } from "../../program/misuse_error.ts";
import { EXIT_CODES } from "../../program/surroundings.ts";
import { readCatalog } from "../catalog/read_catalog.ts";
import { inferModels, type InferredModels } from "../infer/infer.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { textFlag, textsFlag } from "./flag_values.ts";

/** Milliseconds between two looks at the database. */
const INTERVAL = 1_000;

/** Writes models once, or whenever the database has changed. */
export async function inferCommand(context: CommandContext): Promise<CommandResult> {
  const { line, terminal, signal } = context;
  const out = textFlag(line, "out");
  if (line.own.watch !== true) {
    terminal.progress("reads the database");
    return await written(context, await inferred(context), out);
  }
  if (out === undefined) {
    throw new MisuseError("Cannot watch: there is no file to write; name one with --out");
  }
  let before: string | undefined;
  while (!signal.aborted) {
    const models = await inferred(context).catch((error) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (models !== undefined && models.source !== before) {
      before = models.source;
      context.emit(await written(context, models, out));
    }
    await pause(INTERVAL, signal).catch(() => {});
  }
  return { code: EXIT_CODES.done, document: { watched: true, path: out }, text: "" };
}

/** The models of the database, as flags choose them. */
export async function inferred(context: CommandContext): Promise<InferredModels> {
  const { line, settings, signal } = context;
  const tables = textsFlag(line, "table");
  const own = textsFlag(line, "schema");
  const schemas = own.length > 0 ? own : settings.schemas;
  const catalog = await readCatalog(context.database(), {
    signal,
    ...(schemas === undefined ? {} : { schemas }),
    ...(tables.length === 0 ? {} : { tables }),
  });
  return inferModels(catalog);
}

/** Writes models to a file, where they are not in it already, or prints them. */
export async function written(
  { log }: Pick<CommandContext, "log">,
  { source, notes }: InferredModels,
  out: string | undefined,
): Promise<CommandResult> {
  for (const note of notes) log(note);
  if (out === undefined) {
    return { code: EXIT_CODES.done, document: { path: null, source, notes }, text: source.trimEnd() };
  }
  const found = await readFile(out, "utf8").catch(() => undefined);
  const changed = found !== source;
  if (changed) {
    await mkdir(dirname(out), { recursive: true });
    await writeFile(out, source);
  }
  return {
    code: EXIT_CODES.done,
    document: { path: out, changed, notes },
    text: changed ? `Wrote ${out}` : `${out} is as the database`,
  };
}
