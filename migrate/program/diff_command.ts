/**
 * `lifeguard diff`: the migration that is missing between what there is and what the models say.
 *
 * Nothing is written that drops something unless somebody agreed, and nothing is ever reset: what the models do not know is
 * kept, unless `--unknown drop` says otherwise or a migration made it.
 *
 * @module
 */
import { MisuseError } from "../../program/misuse_error.ts";
import { EXIT_CODES } from "../../program/surroundings.ts";
import { columnKey, describeObject, objectKey } from "../catalog/object_key.ts";
import type { Catalog, ObjectKey } from "../catalog/objects.ts";
import { type Diff, diffCatalogs, type Rename } from "../diff/diff.ts";
import { lintSteps } from "../lint/lint.ts";
import { pendingRenames } from "../scratch/models_catalog.ts";
import type { Step } from "../steps/step.ts";
import { writeStep } from "../steps/write_step.ts";
import { agree } from "./agreement.ts";
import { catalogOfDatabase, catalogOfMigrations, catalogOfModels, warnOfVersions } from "./catalogs.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { findingsText, firstLine, tableSizes } from "./findings.ts";
import { textFlag, textsFlag, wordFlag } from "./flag_values.ts";
import { writeMigrationFile } from "./migration_file.ts";
import { sqlText, typescriptText, type WrittenMigration, writtenMigration } from "./migration_text.ts";
import { migrationName } from "./new_command.ts";
import { counted } from "./text.ts";
import { unknownNames } from "./unknown_objects.ts";
import { type Proof, provenMigration } from "./proven_migration.ts";
import { renameFlag, renamesOf } from "./rename_flags.ts";

/** Compares, lints, and writes a migration where a name was given. */
export async function diffCommand(context: CommandContext): Promise<CommandResult> {
  const { line, settings, terminal, log } = context;
  const kind = wordFlag(line, "type", { flag: "--type", words: ["sql", "ts"], usual: "sql" });
  const name = textFlag(line, "name");
  const fileName = name === undefined ? undefined : migrationName(name);
  const { from, to, known, diff } = await compared(context);
  terminal.progress();
  for (const { severity, message } of diff.findings) log(`${severity}: ${message}`);
  const unknown = unknownNames(diff.unknown);
  const possible = diff.candidates.map(({ description }) => description);
  const base = { from: from.name, unknown, possibleRenames: possible, findings: diff.findings };
  const notes = [
    ...diff.candidates.map((candidate) =>
      `Perhaps renamed: ${candidate.description}; if it was, say so with ${renameFlag(candidate)}`
    ),
    ...(unknown.length === 0 ? [] : [`Kept, though the models do not know it: ${unknown.join(", ")}`]),
  ];
  if (diff.steps.length === 0) {
    const isRefused = diff.findings.some(({ severity }) => severity === "refused");
    return {
      code: isRefused ? EXIT_CODES.failed : EXIT_CODES.done,
      document: { ...base, changes: 0, path: null, drops: [], lints: [], losses: [], sql: "" },
      text: [isRefused ? "Nothing that can be written" : "Nothing to do", ...notes].join("\n"),
    };
  }
  const { serverVersion } = from.catalog;
  const written = writtenMigration(diff.steps, from.catalog);
  const lints = lintSteps(diff.steps, {
    serverVersion,
    catalog: from.catalog,
    sizes: await tableSizes(context.database(), from.catalog),
  });
  const subject = (step: number): string =>
    firstLine(writeStep(diff.steps[step], serverVersion)[0]?.text ?? "");
  const drops = dropsOf(diff.steps);
  const text = sqlText(written);
  const document = { ...base, changes: diff.steps.length, drops, lints, losses: written.losses, sql: text };
  const remarks = [
    ...notes,
    ...(lints.length === 0 ? [] : [findingsText(lints, { terminal, subject })]),
  ];
  // Before anything is agreed to, so that who agrees knows what it is about.
  for (const remark of remarks) log(remark);
  if (fileName === undefined) {
    return { code: EXIT_CODES.done, document: { ...document, path: null }, text: text.trimEnd() };
  }
  if (drops.length > 0) {
    await agree(context, {
      act: "write the migration",
      consequence: `it would drop ${drops.join(", ")}`,
      otherwise: diff.candidates.map((candidate) => `, or ${renameFlag(candidate)} where it is a rename`)
        .join(""),
    });
  }
  const { path, version } = await writeMigrationFile({
    dir: settings.dir,
    name: fileName,
    kind,
    text: kind === "sql" ? text : typescriptText(written),
  });
  const proof = await provenMigration(context, {
    version,
    fromDatabase: from.name === "database",
    from: from.catalog,
    to,
    known,
  });
  const faults = faultsOf(proof);
  return {
    code: faults.length === 0 ? EXIT_CODES.done : EXIT_CODES.failed,
    document: { ...document, path, version, proof },
    text: [
      ...written.losses.map((loss) => `Going down does not bring back: ${loss}`),
      `Wrote ${path}: ${counted(written.up.length, "statement")} up, ${
        written.down === undefined ? "no way down" : `${written.down.length} down`
      }`,
      ...(faults.length === 0 ? [triedText(written)] : faults.map((fault) => terminal.tone("bad", fault))),
    ].join("\n"),
  };
}

function triedText({ down }: WrittenMigration): string {
  return `Tried in a scratch database: nothing is left to do behind it${
    down === undefined ? "" : ", and its way down ends where it began"
  }`;
}

/** What a person has to mend in the file. */
function faultsOf({ left, leftBehindDown, failure }: Proof): readonly string[] {
  const listed = (statements: readonly string[]): string =>
    statements.map((statement) => `\n  ${firstLine(statement)}`).join("");
  return [
    ...(failure === undefined ? [] : [`It could not be tried: ${failure}`]),
    ...(left.length === 0 ? [] : [`It is not enough; behind it there is yet to do:${listed(left)}`]),
    ...(leftBehindDown.length === 0
      ? []
      : [`Its way down does not end where it began; behind it there is yet to do:${listed(leftBehindDown)}`]),
  ];
}

interface Compared {
  readonly from: { readonly name: string; readonly catalog: Catalog };
  readonly to: Catalog;
  /** What migrations made. */
  readonly known: ReadonlySet<ObjectKey>;
  readonly diff: Diff;
}

async function compared(context: CommandContext): Promise<Compared> {
  const { line, settings } = context;
  const fromName = wordFlag(line, "from", {
    flag: "--from",
    words: ["migrations", "database"],
    usual: "migrations",
  });
  const toName = wordFlag(line, "to", { flag: "--to", words: ["models", "database"], usual: "models" });
  if (fromName === toName) {
    throw new MisuseError("Cannot compare the database with itself; leave out --from, or --to");
  }
  const models = toName === "models" ? await catalogOfModels(context) : undefined;
  const migrations = await catalogOfMigrations(context);
  const from = fromName === "migrations" ? migrations : await catalogOfDatabase(context);
  const to = models ?? await catalogOfDatabase(context);
  if (fromName === "database") warnOfVersions(context, migrations, from);
  if (toName === "database") warnOfVersions(context, migrations, to);
  const known = new Set<ObjectKey>(migrations.objects.keys());
  let renames: readonly Rename[] = [
    ...pendingRenames(models?.renames ?? [], from),
    ...renamesOf(textsFlag(line, "rename"), from),
  ];
  const refused = new Set<string>();
  for (;;) {
    const diff = diffCatalogs(from, to, {
      renames,
      unknown: settings.unknown,
      known,
      rightsKnown: fromName === "database",
    });
    const more = await askRenames(context, diff, refused);
    if (more.length === 0) return { from: { name: fromName, catalog: from }, to, known, diff };
    renames = [...renames, ...more];
  }
}

/** Asks, at a terminal, of each thing that has gone whether what has come is the same; not twice. */
async function askRenames(
  { terminal, signal, line }: CommandContext,
  { candidates }: Diff,
  refused: Set<string>,
): Promise<readonly Rename[]> {
  if (!terminal.isInteractive || line.yes) return [];
  terminal.progress();
  const renames: Rename[] = [];
  for (const { description, ...rename } of candidates) {
    if (refused.has(description) || renames.some(({ key }) => key === rename.key)) continue;
    const answer = await terminal.ask(`Was ${description} a rename? [y/N] `, signal);
    if (/^\s*y(es)?\s*$/i.test(answer ?? "")) renames.push(rename);
    else refused.add(description);
  }
  return renames;
}

/** What is gone behind the steps: what they drop and do not make again. */
export function dropsOf(steps: readonly Step[]): readonly string[] {
  const made = new Set(steps.flatMap((step) => step.kind === "create" ? [objectKey(step.object)] : []));
  return steps.flatMap((step) => {
    if (step.kind === "drop") return made.has(objectKey(step.object)) ? [] : [describeObject(step.object)];
    if (step.kind === "column" && step.change.type === "drop") {
      return [columnKey(step.table, step.column).replace(":", " ")];
    }
    return [];
  });
}
