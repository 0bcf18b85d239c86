/**
 * `lifeguard infer`: models from a database.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { MisuseError } from "../../program/misuse_error.ts";
import { EXIT_CODES } from "../../program/surroundings.ts";
import { readCatalog } from "../catalog/read_catalog.ts";
import { inferModels, type InferredModels } from "../infer/infer.ts";
import { watchSchema } from "../infer/watch.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { textFlag, textsFlag } from "./flag_values.ts";

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
  let failed: string | undefined;
  await watchSchema(context.database(), async (models) => {
    failed = undefined;
    context.emit(await written(context, models, out));
  }, {
    signal,
    ...selectionOf(context),
    onError(error) {
      // What fails again and again is told once.
      if (String(error) !== failed) context.tell(error);
      failed = String(error);
    },
  });
  return { code: EXIT_CODES.done, document: { watched: true, path: out }, text: "" };
}

/** The models of the database, as flags choose them. */
export async function inferred(context: CommandContext): Promise<InferredModels> {
  const catalog = await readCatalog(context.database(), { signal: context.signal, ...selectionOf(context) });
  const [tables, schemas] = [textsFlag(context.line, "table"), textsFlag(context.line, "schema")];
  // The same again, so that a name that nothing has is refused.
  return inferModels(catalog, {
    ...(tables.length === 0 ? {} : { tables }),
    ...(schemas.length === 0 ? {} : { schemas }),
  });
}

/** The schemas and tables that flags choose. */
function selectionOf(
  { line, settings }: CommandContext,
): { readonly schemas?: readonly string[]; readonly tables?: readonly string[] } {
  const tables = textsFlag(line, "table");
  const own = textsFlag(line, "schema");
  const schemas = own.length > 0 ? own : settings.schemas;
  return {
    ...(schemas === undefined ? {} : { schemas }),
    ...(tables.length === 0 ? {} : { tables }),
  };
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
