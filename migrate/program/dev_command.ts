/**
 * `lifeguard dev`: applies migrations and sows seeds whenever their files change.
 *
 * What fails is told, and tried again when the files have changed again: an editor saves half of a thought.
 *
 * @module
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseSetting } from "../../pool/wire/configuration/setting.ts";
import { pause } from "../../pool/pause.ts";
import { EXIT_CODES } from "../../program/surroundings.ts";
import type { SownSeed } from "../seeding/seed.ts";
import { hasFolder } from "./catalogs.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { textFlag } from "./flag_values.ts";
import { inferred, written } from "./infer_command.ts";
import { ran } from "./run_commands.ts";
import { sowed } from "./seed_commands.ts";

/** Looks until it is asked to end; each change is a result of its own. */
export async function devCommand(context: CommandContext): Promise<CommandResult> {
  const { settings, signal, log } = context;
  const interval = intervalOf(context);
  const folders = [settings.dir, settings.seeds];
  log(`Watches ${folders.map((folder) => `"${folder}"`).join(" and ")}; Ctrl-C ends it`);
  let before: string | undefined;
  while (!signal.aborted) {
    const now = (await Promise.all(folders.map(fingerprint))).join("\n");
    if (now !== before) {
      before = now;
      await applied(context).catch((error) => {
        if (!signal.aborted) context.tell(error);
      });
    }
    await pause(interval, signal).catch(() => {});
  }
  return { code: EXIT_CODES.done, document: { watched: true }, text: "" };
}

function intervalOf({ line }: CommandContext): number {
  const value = textFlag(line, "interval") ?? "1s";
  const setting = {
    key: "interval",
    type: "duration",
    min: 50,
    max: 3_600_000,
    description: "how often to look",
  } as const;
  return Number(
    parseSetting(setting, {
      name: "interval",
      value,
      source: "--interval",
      form: "text",
      printable: true,
    }),
  );
}

/** The files of a folder with their times and sizes, as one text; empty where there is no folder. */
async function fingerprint(folder: string): Promise<string> {
  const names = (await readdir(folder).catch(() => [])).toSorted();
  const files = await Promise.all(names.map(async (name) => {
    const found = await stat(join(folder, name)).catch(() => undefined);
    return `${name} ${found?.mtimeMs} ${found?.size}`;
  }));
  return files.join("\n");
}

async function applied(context: CommandContext): Promise<void> {
  const hasMigrations = await hasFolder(context, "dir");
  const up = hasMigrations ? await ran(context, (migrator) => migrator.up(), "") : undefined;
  const migrations = up?.document.migrations ?? [];
  const report = (sown: readonly SownSeed[]): void => {
    const seeds = sown.filter(({ outcome }) => outcome === "sown");
    const lines = [up?.text ?? "", ...seeds.map(({ name }) => `sown  ${name}`)].filter((line) => line !== "");
    const text = lines.length === 0 ? "Nothing to do" : lines.join("\n");
    context.emit({ document: { migrations, seeds }, text });
  };
  let sown: readonly SownSeed[] = [];
  try {
    if (await hasFolder(context, "seeds")) sown = await sowed(context, {});
  } catch (error) {
    if (up !== undefined && up.text !== "") report([]);
    throw error;
  }
  report(sown);
  const file = textFlag(context.line, "infer");
  if (file === undefined) return;
  const { document, text } = await written(context, await inferred(context), file);
  context.emit({ document, text });
}
