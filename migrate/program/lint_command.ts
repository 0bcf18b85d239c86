/**
 * `lifeguard migrate lint`: what migrations would do to a database that is in use.
 *
 * @module
 */
import { basename } from "node:path";
import { MisuseError } from "../../program/misuse_error.ts";
import { EXIT_CODES } from "../../program/surroundings.ts";
import { readCatalog } from "../catalog/read_catalog.ts";
import { discoverMigrations, type LoadedMigration, type Migration } from "../files/migration.ts";
import { type Finding, type LintOptions, lintStatements, lintSteps } from "../lint/lint.ts";
import { parseStatement } from "../lint/parse_statement.ts";
import type { Step } from "../steps/step.ts";
import { writeStep } from "../steps/write_step.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { findingsText, firstLine, tableSizes } from "./findings.ts";
import { makeMigrator } from "./migrator.ts";
import { counted } from "./text.ts";

/** Lints what is not applied, or the files that are named; 1 when there is a danger. */
export async function lintCommand(context: CommandContext): Promise<CommandResult> {
  const { terminal, signal } = context;
  const chosen = await chosenMigrations(context);
  const catalog = await readCatalog(context.database(), { signal });
  const sizes = await tableSizes(context.database(), catalog);
  const before: Step[] = [];
  const linted: { readonly version: string; readonly name: string; readonly findings: readonly Finding[] }[] =
    [];
  const texts: string[] = [];
  for (const { version, name, transaction, load } of chosen) {
    const { serverVersion } = catalog;
    const loaded = await load(serverVersion);
    const options = { serverVersion, catalog, sizes, before: [...before], transaction };
    const { findings, subject } = lintMigration(loaded, options);
    linted.push({ version, name, findings });
    if (findings.length > 0) {
      texts.push(
        `${terminal.tone("strong", `${version}_${name}`)}\n${findingsText(findings, { terminal, subject })}`,
      );
    }
    before.push(...loaded.steps ?? loaded.up.flatMap(parseStatement));
  }
  const all = linted.flatMap(({ findings }) => findings);
  const dangers = all.filter(({ severity }) => severity === "danger").length;
  return {
    code: dangers === 0 ? EXIT_CODES.done : EXIT_CODES.failed,
    document: { dangers, migrations: linted },
    text: [
      ...texts,
      `${counted(chosen.length, "migration")}: ${counted(all.length, "finding")}, ${
        counted(dangers, "danger")
      }`,
    ].join("\n"),
  };
}

async function chosenMigrations(context: CommandContext): Promise<readonly Migration[]> {
  const { line, settings } = context;
  const files = await discoverMigrations(settings.dir);
  if (line.args.length > 0) {
    return line.args.map((word) => {
      const bare = basename(word).replace(/\.\w+$/, "");
      const found = files.find(({ version, name }) => [version, name, `${version}_${name}`].includes(bare));
      if (found !== undefined) return found;
      throw new MisuseError(`Cannot lint "${word}": there is no such migration in "${settings.dir}"`);
    });
  }
  if (line.own.all === true) return files;
  const statuses = await makeMigrator(context).status();
  const applied = new Set(
    statuses.filter(({ condition }) => condition === "applied").map(({ version }) => version),
  );
  return files.filter(({ version }) => !applied.has(version));
}

function lintMigration(
  { steps, up }: LoadedMigration,
  options: LintOptions,
): { readonly findings: readonly Finding[]; readonly subject: (step: number) => string } {
  if (steps === undefined) {
    const subject = (at: number): string => `line ${up[at].line}: ${firstLine(up[at].text)}`;
    return { findings: lintStatements(up, options), subject };
  }
  const subject = (at: number): string =>
    firstLine(writeStep(steps[at], options.serverVersion)[0]?.text ?? "");
  return { findings: lintSteps(steps, options), subject };
}
