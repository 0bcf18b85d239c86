/**
 * `lifeguard compare`: whether models, migrations and database agree.
 *
 * @module
 */
import { EXIT_CODES } from "../../program/surroundings.ts";
import type { Catalog, ObjectKey } from "../catalog/objects.ts";
import { diffCatalogs, type Rename } from "../diff/diff.ts";
import { pendingRenames } from "../scratch/models_catalog.ts";
import { writeStep } from "../steps/write_step.ts";
import {
  catalogOfDatabase,
  catalogOfMigrations,
  catalogOfModels,
  hasFolder,
  hasModels,
  warnOfVersions,
} from "./catalogs.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { firstLine } from "./findings.ts";
import { textsFlag } from "./flag_values.ts";
import { makeMigrator } from "./migrator.ts";
import { renamesOf } from "./rename_flags.ts";
import { counted } from "./text.ts";
import { unknownNames } from "./unknown_objects.ts";

interface Comparison {
  /** What would have to change, and what it would have to become. */
  readonly from: string;
  readonly to: string;
  /** The statements that would make it so. */
  readonly statements: readonly string[];
  /** What only the first has, and nobody else knows. */
  readonly unknown: readonly string[];
  /** What no statement can make the same. */
  readonly refused: readonly string[];
}

/** Compares migrations with models, and the database with migrations; 1 when they do not agree. */
export async function compareCommand(context: CommandContext): Promise<CommandResult> {
  const { settings, terminal, line } = context;
  const models = await hasModels(context) ? await catalogOfModels(context) : undefined;
  const migrations = await catalogOfMigrations(context);
  const database = await catalogOfDatabase(context);
  warnOfVersions(context, migrations, database);
  const open = await hasFolder(context, "dir")
    ? (await makeMigrator(context).status()).filter(({ condition }) => condition !== "applied")
    : [];
  terminal.progress();
  const known = new Set<ObjectKey>([...migrations.objects.keys(), ...models?.objects.keys() ?? []]);
  const given = renamesOf(textsFlag(line, "rename"), migrations);
  const comparisons = [
    ...(models === undefined ? [] : [
      comparison({ name: "migrations", catalog: migrations }, { name: "models", catalog: models }, {
        known,
        renames: [...pendingRenames(models.renames, migrations), ...given],
      }),
    ]),
    comparison({ name: "database", catalog: database }, { name: "migrations", catalog: migrations }, {
      known,
      renames: [],
    }),
  ];
  const agrees = open.length === 0 && comparisons.every((one) => isEmpty(one));
  const pending = open.map(({ version, name, condition }) => ({ version, name, condition }));
  return {
    code: agrees ? EXIT_CODES.done : EXIT_CODES.failed,
    document: { agrees, hasModels: models !== undefined, pending, comparisons },
    text: [
      ...comparisons.map((one) => comparisonText(context, one)),
      ...pending.map(({ version, name, condition }) =>
        `${terminal.tone("warn", condition)}: ${version}_${name}`
      ),
      ...(models === undefined ? [`There is no "${settings.models}": models were not compared`] : []),
    ].join("\n"),
  };
}

interface Side {
  readonly name: string;
  readonly catalog: Catalog;
}

function comparison(
  from: Side,
  to: Side,
  options: { readonly known: ReadonlySet<ObjectKey>; readonly renames: readonly Rename[] },
): Comparison {
  const { steps, unknown, findings } = diffCatalogs(from.catalog, to.catalog, {
    ...options,
    unknown: "keep",
  });
  const { serverVersion } = from.catalog;
  return {
    from: from.name,
    to: to.name,
    statements: steps.flatMap((step) => writeStep(step, serverVersion)).map(({ text }) => text),
    unknown: unknownNames(unknown),
    refused: findings.filter(({ severity }) => severity === "refused").map(({ message }) => message),
  };
}

function isEmpty({ statements, unknown, refused }: Comparison): boolean {
  return statements.length + unknown.length + refused.length === 0;
}

function comparisonText({ terminal }: CommandContext, one: Comparison): string {
  const { from, to, statements, unknown, refused } = one;
  if (isEmpty(one)) return terminal.tone("good", `The ${from} ${isOr(from)} what the ${to} say`);
  const lines = [
    ...statements.map((statement) => firstLine(statement)),
    ...refused,
    ...unknown.map((what) => `${what}: nobody else knows it`),
  ];
  return [
    terminal.tone(
      "bad",
      `The ${from} ${isOr(from)} not what the ${to} say: ${counted(lines.length, "difference")}`,
    ),
    ...lines.map((text) => `  ${text}`),
  ].join("\n");
}

function isOr(name: string): string {
  return name === "database" ? "is" : "are";
}
