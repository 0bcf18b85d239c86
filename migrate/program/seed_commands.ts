/**
 * `lifeguard seed` and `lifeguard data`.
 *
 * @module
 */
import { sql } from "../../pool/sql/sql.ts";
import { MisuseError } from "../../program/misuse_error.ts";
import { EXIT_CODES } from "../../program/surroundings.ts";
import { backfill, type BackfillProgress } from "../seeding/backfill.ts";
import { type BackfillFile, backfillFiles } from "../seeding/backfill_file.ts";
import { seed, type SeedProgress, seedStatus, type SownSeed } from "../seeding/seed.ts";
import { hasSeedingState, seedingState } from "../seeding/seeding_state.ts";
import { type CommandContext, type CommandResult, UnfinishedError } from "./command.ts";
import { countFlag } from "./flag_values.ts";
import { counted, durationText, table } from "./text.ts";

/** Sows what is new or changed, or tells what is. */
export async function seedCommand(context: CommandContext): Promise<CommandResult> {
  const { line, settings } = context;
  if (line.own.status === true) {
    const seeds = await seedStatus(context.database(), {
      dir: settings.seeds,
      stateSchema: settings.stateSchema,
    });
    const text = seeds.length === 0
      ? "There are no seeds"
      : table(seeds.map(({ name, state }) => [name, state]));
    return { code: EXIT_CODES.done, document: { seeds }, text };
  }
  const only = { only: line.args, again: line.own.again === true };
  const all = await sowed(context, only);
  return { code: EXIT_CODES.done, ...seedReport(context, all, "There are no seeds") };
}

/** Sows, and tells of what was done, also where a later seed failed. */
export async function sowed(
  context: CommandContext,
  which: { readonly only?: readonly string[]; readonly again?: boolean },
): Promise<readonly SownSeed[]> {
  const { settings, terminal, signal } = context;
  const sown: SownSeed[] = [];
  let begun = performance.now();
  const onProgress = ({ name, state, place, count }: SeedProgress): void => {
    if (state === "sowing") {
      begun = performance.now();
      return terminal.progress(`[${place}/${count}] sows ${name}`);
    }
    terminal.progress();
    sown.push({ name, outcome: state, duration: performance.now() - begun });
  };
  try {
    const { seeds: dir, stateSchema } = settings;
    return await seed(context.database(), { ...which, dir, stateSchema, signal, onProgress });
  } catch (error) {
    throw new UnfinishedError(error, seedReport(context, sown, ""));
  }
}

function seedReport(
  { terminal }: CommandContext,
  sown: readonly SownSeed[],
  nothing: string,
): Omit<CommandResult, "code"> {
  const rows = sown.map(({ name, outcome, duration }) =>
    outcome === "sown"
      ? [terminal.tone("good", "sown"), name, durationText(duration)]
      : [terminal.tone("faint", "unchanged"), name]
  );
  return { document: { seeds: sown }, text: rows.length === 0 ? nothing : table(rows) };
}

/** Runs backfills, or tells how far they are. */
export async function dataCommand(context: CommandContext): Promise<CommandResult> {
  const { line, settings, signal } = context;
  const files = chosen(await backfillFiles(settings.backfills), line.args);
  if (files.length === 0) {
    return { code: EXIT_CODES.done, document: { backfills: [] }, text: "There are no backfills" };
  }
  if (line.own.status === true) return await dataStatus(context, files);
  const batch = countFlag(line, "batch", "--batch");
  const rate = countFlag(line, "rate", "--rate");
  const done: FinishedBackfill[] = [];
  for (const file of files) {
    const started = performance.now();
    try {
      const progress = await backfill(context.database(), {
        ...file,
        ...(batch === undefined ? {} : { batch }),
        ...(rate === undefined ? {} : { rate }),
        restart: line.own.restart === true,
        stateSchema: settings.stateSchema,
        signal,
        onProgress: shower(context),
      });
      done.push({ ...progress, duration: performance.now() - started });
    } catch (error) {
      throw new UnfinishedError(error, backfillReport(context, done));
    }
  }
  return { code: EXIT_CODES.done, ...backfillReport(context, done) };
}

type FinishedBackfill = BackfillProgress & { readonly duration: number };

function backfillReport(
  { terminal }: CommandContext,
  done: readonly FinishedBackfill[],
): Omit<CommandResult, "code"> {
  const rows = done.map(({ name, rows, duration }) => [
    terminal.tone("good", "filled"),
    name,
    counted(rows, "row"),
    durationText(duration),
  ]);
  return { document: { backfills: done }, text: rows.length === 0 ? "" : table(rows) };
}

/** Milliseconds between two lines of the log where there is no terminal. */
const LOG_INTERVAL = 10_000;

/** Shows how far a backfill is: at a terminal a line that changes, elsewhere a line of the log now and then. */
function shower({ terminal, log }: CommandContext): (progress: BackfillProgress) => void {
  const started = performance.now();
  let first: number | undefined;
  let logged = started;
  return ({ name, rows, estimate }) => {
    first ??= rows;
    const seconds = (performance.now() - started) / 1000;
    const speed = seconds < 1 ? "" : `, ${Math.round((rows - first) / seconds)} a second`;
    const of = estimate === undefined || estimate < rows
      ? ""
      : ` of about ${Math.round(estimate)} (${Math.floor(100 * rows / Math.max(1, estimate))} %)`;
    const text = `${name}: ${counted(rows, "row")}${of}${speed}`;
    terminal.progress(text);
    if (terminal.isInteractive || performance.now() - logged < LOG_INTERVAL) return;
    logged = performance.now();
    log(text);
  };
}

function chosen(files: readonly BackfillFile[], names: readonly string[]): readonly BackfillFile[] {
  for (const name of names) {
    if (files.some((file) => isNamed(file, name))) continue;
    const all = files.map((file) => `"${file.name}"`).join(", ");
    throw new MisuseError(`Cannot run backfill "${name}": there is no such file; there are ${all || "none"}`);
  }
  return names.length === 0 ? files : files.filter((file) => names.some((name) => isNamed(file, name)));
}

function isNamed(file: BackfillFile, word: string): boolean {
  const bare = word.replace(/\.\w+$/, "");
  return file.name === bare || file.name.replace(/^\d+_/, "") === bare;
}

interface BackfillState {
  readonly name: string;
  readonly rows: number;
  readonly finished: boolean;
}

async function dataStatus(
  context: CommandContext,
  files: readonly BackfillFile[],
): Promise<CommandResult> {
  const pool = context.database();
  const tables = seedingState(context.settings.stateSchema);
  const known = await hasSeedingState(pool, tables)
    ? await pool.query(
      sql<BackfillState>`select name, rows_done::float8 as rows, finished_at is not null as finished
        from ${tables.backfills}`,
    )
    : [];
  const backfills = files.map(({ name, table }) => {
    const found = known.find((one) => one.name === name);
    const state = found === undefined ? "new" : found.finished ? "finished" : "begun";
    return { name, table, state, rows: found?.rows ?? 0 };
  });
  const text = table(backfills.map(({ name, state, rows }) => [name, state, counted(rows, "row")]));
  return {
    code: EXIT_CODES.done,
    document: { backfills },
    text,
  };
}
