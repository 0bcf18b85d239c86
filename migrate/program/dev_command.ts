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
import { seed, type SownSeed } from "../seeding/seed.ts";
import type { MigrationReport } from "../running/runner.ts";
import { hasFolder } from "./catalogs.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { textFlag } from "./flag_values.ts";
import { inferred, written } from "./infer_command.ts";
import { makeMigrator } from "./migrator.ts";
import { counted } from "./text.ts";

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
  const { settings, signal } = context;
  let report: MigrationReport = { migrations: [] };
  if (await hasFolder(context, "dir")) report = await makeMigrator(context).up();
  let seeds: readonly SownSeed[] = [];
  if (await hasFolder(context, "seeds")) {
    const all = await seed(context.database(), { dir: settings.seeds, signal });
    seeds = all.filter(({ outcome }) => outcome === "sown");
  }
  const { migrations } = report;
  context.emit({
    document: { migrations, seeds },
    text: `${counted(migrations.length, "migration")} applied, ${counted(seeds.length, "seed")} sown`,
  });
  const file = textFlag(context.line, "infer");
  if (file === undefined) return;
  const { document, text } = await written(context, await inferred(context), file);
  context.emit({ document, text });
}
