/**
 * `lifeguard migrate up`, `down`, `redo`, `reset` and `baseline`.
 *
 * @module
 */
import { MisuseError } from "../../program/misuse_error.ts";
import { EXIT_CODES } from "../../program/surroundings.ts";
import type { FinishedMigration, MigrationPlan, MigrationReport } from "../running/runner.ts";
import { agree } from "./agreement.ts";
import { type CommandContext, type CommandResult, UnfinishedError } from "./command.ts";
import { countFlag, textFlag, versionOf } from "./flag_values.ts";
import { makeMigrator } from "./migrator.ts";
import { counted, durationText, table } from "./text.ts";

/** Applies what is not applied. */
export async function upCommand(context: CommandContext): Promise<CommandResult> {
  const range = rangeOf(context);
  if (context.line.own.dryRun === true) return planned(await makeMigrator(context).plan(range));
  return await ran(context, (migrator) => migrator.up(range), "Everything is applied already");
}

/** Takes the last migrations back. */
export async function downCommand(context: CommandContext): Promise<CommandResult> {
  const range = rangeOf(context);
  return await takeBack(context, {
    act: "take migrations back",
    plan: (migrator) => migrator.plan({ direction: "down", ...range }),
    run: (migrator) => migrator.down(range),
  });
}

/** Takes the last migrations back and applies them again. */
export async function redoCommand(context: CommandContext): Promise<CommandResult> {
  const { steps } = rangeOf(context);
  const range = steps === undefined ? {} : { steps };
  return await takeBack(context, {
    act: "take migrations back and apply them again",
    plan: (migrator) => migrator.plan({ direction: "down", ...range }),
    run: (migrator) => migrator.redo(range),
  });
}

/** Takes all migrations back. */
export async function resetCommand(context: CommandContext): Promise<CommandResult> {
  return await takeBack(context, {
    act: "take all migrations back",
    plan: (migrator) => migrator.plan({ direction: "down", to: "0" }),
    run: (migrator) => migrator.reset(),
  });
}

/** Marks migrations as applied. */
export async function baselineCommand(context: CommandContext): Promise<CommandResult> {
  const to = versionOf(context.line.args[0], "the version");
  const migrator = makeMigrator(context);
  const range = to === undefined ? {} : { to };
  const isDry = context.line.own.dryRun === true;
  const marked = isDry ? (await migrator.plan(range)).migrations : await migrator.baseline(range);
  const migrations = marked.map(({ version, name }) => ({ version, name }));
  const rows = migrations.map(({ version, name }) => [isDry ? "would mark" : "marked", `${version}_${name}`]);
  return {
    code: EXIT_CODES.done,
    document: { dryRun: isDry, migrations },
    text: rows.length === 0 ? "Everything is applied already" : table(rows),
  };
}

/** The runner. */
export type Runner = ReturnType<typeof makeMigrator>;

interface TakingBack {
  readonly act: string;
  readonly plan: (migrator: Runner) => Promise<MigrationPlan>;
  readonly run: (migrator: Runner) => Promise<MigrationReport>;
}

async function takeBack(context: CommandContext, { act, plan, run }: TakingBack): Promise<CommandResult> {
  const whole = await plan(makeMigrator(context));
  if (context.line.own.dryRun === true) return planned(whole);
  const { migrations } = whole;
  if (migrations.length > 0) {
    const names = migrations.map(({ version, name }) => `${version}_${name}`);
    const losses = migrations.flatMap(({ losses }) => losses).map((loss) =>
      `\n  - not brought back: ${loss}`
    );
    const which = names.length > 3
      ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`
      : names.join(", ");
    await agree(context, {
      act,
      consequence: `${which} would be taken back, with the rows of what ${
        migrations.length === 1 ? "it" : "they"
      } made${losses.join("")}`,
    });
  }
  return await ran(context, run, "Nothing is applied");
}

/** Runs, and tells of what was done, also where a later migration failed. */
export async function ran(
  context: CommandContext,
  run: (migrator: Runner) => Promise<MigrationReport>,
  nothing: string,
): Promise<CommandResult> {
  const done: FinishedMigration[] = [];
  try {
    const { migrations } = await run(makeMigrator(context, (migration) => done.push(migration)));
    return { code: EXIT_CODES.done, ...reported(context, migrations, nothing) };
  } catch (error) {
    throw new UnfinishedError(error, reported(context, done, ""));
  }
}

/** How far to go. */
function rangeOf({ line }: CommandContext): { readonly steps?: number; readonly to?: string } {
  const steps = countFlag(line, "steps", "--steps");
  const to = versionOf(textFlag(line, "to"), "--to");
  if (steps !== undefined && to !== undefined) {
    throw new MisuseError("Cannot use --steps and --to together: each says how far to go; give one");
  }
  return { ...(steps === undefined ? {} : { steps }), ...(to === undefined ? {} : { to }) };
}

function planned(plan: MigrationPlan): CommandResult {
  return {
    code: EXIT_CODES.done,
    document: { dryRun: true, migrations: plan.migrations, sql: plan.sql },
    text: plan.migrations.length === 0 ? "-- nothing to do" : plan.sql.trimEnd(),
  };
}

function reported(
  { terminal }: CommandContext,
  migrations: readonly FinishedMigration[],
  nothing: string,
): Omit<CommandResult, "code"> {
  const rows = migrations.map(({ version, name, direction, duration }) => [
    terminal.tone(direction === "up" ? "good" : "warn", direction === "up" ? "applied" : "taken back"),
    `${version}_${name}`,
    durationText(duration),
  ]);
  const whole = migrations.reduce((sum, { duration }) => sum + duration, 0);
  return {
    document: { dryRun: false, migrations },
    text: rows.length === 0
      ? nothing
      : `${table(rows)}\n${counted(rows.length, "migration")} in ${durationText(whole)}`,
  };
}
