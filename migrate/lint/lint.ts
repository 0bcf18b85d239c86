/**
 * The lint: what a migration would do to a database that is in use, told before it runs.
 *
 * ## Invariants
 *
 * - What a migration itself has created is in nobody's use: no finding about locks, rewrites or broken programs is about
 *   it.
 * - The lint asks nobody. What it does not know of the database (`catalog`, `sizes`) it takes to be as bad as it can be
 *   where locks and rewrites are concerned, and says nothing where it would only guess.
 * - SQL that a person wrote is judged by the same rules, as far as a lexer can tell what it is.
 *
 * @module
 */
import { assertOptions } from "../../pool/query_options.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { objectKey } from "../catalog/object_key.ts";
import type { Catalog, ObjectKey, TableName } from "../catalog/objects.ts";
import { outsideStatement } from "../files/outside.ts";
import { type ParsedStatement, splitStatements } from "../files/statement.ts";
import type { Step } from "../steps/step.ts";
import { ignoredIn, type IgnoredRule } from "./ignore.ts";
import { KnownState } from "./known_state.ts";
import { parseStatement } from "./parse_statement.ts";
import type { Problem, Rule, Severity } from "./rule.ts";
import { RULES } from "./rules/rules.ts";

export type { IgnoredRule } from "./ignore.ts";
export type { Severity } from "./rule.ts";

/** What the lint found in a step or a statement. */
export interface Finding {
  /** The rule's name: a heading of `docs/migration-lints.md`. */
  readonly rule: string;
  /** How bad it is. */
  readonly severity: Severity;
  /** What would happen. */
  readonly message: string;
  /** What to do instead. */
  readonly advice: string;
  /** The index of the step or the statement. */
  readonly step: number;
  /** The steps, or the SQL, to do instead, where there are some. */
  readonly safer?: readonly Step[] | string;
}

/** What the lint knows beside the steps. */
export interface LintOptions {
  /** The server's major version. */
  readonly serverVersion: number;
  /** How many rows tables have, by their keys; one that is not there may have any number. */
  readonly sizes?: ReadonlyMap<ObjectKey, number>;
  /** Up to how many rows a table is small, so that a danger is a warning. Default 10,000. */
  readonly smallTable?: number;
  /** What the database has before the steps. */
  readonly catalog?: Catalog;
  /** Steps that are run before these, in migrations of their own: what they create is in nobody's use. */
  readonly before?: readonly Step[];
  /** Tables, by their keys, that are in nobody's use yet. */
  readonly created?: Iterable<ObjectKey>;
  /** Whether the steps are one transaction. Default true. */
  readonly transaction?: boolean;
  /** Rules that are not to be applied. */
  readonly ignored?: readonly IgnoredRule[];
}

const OPTIONS: readonly string[] = [
  ...[
    "serverVersion",
    "sizes",
    "smallTable",
    "catalog",
    "before",
    "created",
    "transaction",
    "ignored",
  ] as const,
] satisfies (keyof LintOptions)[];

const SMALL_TABLE = 10_000;

/** A step as the rules see it, and where it is from. */
interface Part {
  readonly step: Step;
  readonly index: number;
  readonly ignored: readonly IgnoredRule[];
  /** Whether no transaction may have it, so that the runner takes it out. */
  readonly isOutside: boolean;
  /** Whether it belongs to the statement that the part before it is of. */
  readonly isMore?: boolean;
}

/**
 * Looks for what a migration's steps would do to a database that is in use.
 *
 * @param steps The steps; SQL among them is looked at, too.
 * @param options See {@link LintOptions}.
 * @returns What was found, in the order of the steps.
 *
 * @example
 * ```ts
 * import { lintSteps } from "@lifeguard/core/migrate";
 * const [finding] = lintSteps([{ kind: "sql", text: "create index users_name on users (name)" }], { serverVersion: 18 });
 * console.assert(finding.rule === "index-not-concurrently" && finding.severity === "danger");
 * ```
 */
export function lintSteps(steps: readonly Step[], options: LintOptions): readonly Finding[] {
  return lintParts(partsOfSteps(steps), options);
}

function partsOfSteps(steps: readonly Step[]): readonly Part[] {
  // What a step says that is no more than a comment, until one comes that does something.
  let before: readonly IgnoredRule[] = [];
  return steps.flatMap((step, index): readonly Part[] => {
    const ignored = before;
    before = [];
    if (step.kind !== "sql") return [{ step, index, ignored, isOutside: isOutside(step) }];
    const statements = splitStatements(step.text);
    if (statements.length === 0) before = [...ignored, ...ignoredIn([step.text])];
    return statements.flatMap((statement) => partsOf(statement, index)).map((part) => ({
      ...part,
      ignored: [...ignored, ...part.ignored],
      isOutside: part.isOutside || step.transaction === false,
    }));
  });
}

/** Whether PostgreSQL takes a step outside of transactions only, or it is written so. */
function isOutside(step: Step): boolean {
  switch (step.kind) {
    case "create":
    case "drop":
      return step.object.kind === "index" && step.concurrently === true;
    case "index":
      return step.change.concurrently;
    case "table":
      return step.change.type === "detach" && step.change.concurrently === true;
    case "type":
      return step.change.type === "add label" && step.change.isApart === true;
    case "sql":
      return splitStatements(step.text).some((statement) => outsideStatement(statement) !== undefined);
    default:
      return false;
  }
}

/**
 * Looks for what SQL statements would do to a database that is in use, as far as a lexer can tell.
 *
 * @param statements The statements, as `splitStatements` has them.
 * @param options See {@link LintOptions}.
 * @returns What was found; `step` is the index of the statement.
 *
 * @example
 * ```ts
 * import { lintStatements, splitStatements } from "@lifeguard/core/migrate";
 * const statements = splitStatements("-- lint: ignore table-dropped nobody uses it\ndrop table drafts; drop table notes");
 * const found = lintStatements(statements, { serverVersion: 18 });
 * console.assert(found.length === 1 && found[0].step === 1);
 * ```
 */
export function lintStatements(
  statements: readonly Pick<ParsedStatement, "text" | "tokens" | "comments">[],
  options: LintOptions,
): readonly Finding[] {
  return lintParts(statements.flatMap(partsOf), options);
}

function partsOf(
  statement: Pick<ParsedStatement, "text" | "tokens" | "comments">,
  index: number,
): readonly Part[] {
  const ignored = ignoredIn(statement.comments);
  return parseStatement(statement).map((step, place) => ({
    step,
    index,
    ignored,
    isOutside: isOutside(step),
    isMore: place > 0,
  }));
}

function lintParts(parts: readonly Part[], options: LintOptions): readonly Finding[] {
  assertOptions(options, OPTIONS);
  if (!Number.isInteger(options.serverVersion)) {
    throw new ValidationError(
      'option "serverVersion"',
      "it was left out; give the server's major version, such as 18",
    );
  }
  const { serverVersion, catalog, transaction = true, ignored = [] } = options;
  const steps = parts.map(({ step }) => step);
  const state = new KnownState(steps, {
    serverVersion,
    units: unitsOf(parts, transaction),
    before: partsOfSteps(options.before ?? []).map(({ step }) => step),
    ...(catalog === undefined ? {} : { catalog }),
  });
  const created = new Set(options.created ?? []);
  const findings: Finding[] = [];
  const warned = new Set<string>();
  parts.forEach((part, position) => {
    state.position = position;
    const about = [...part.ignored, ...ignored.filter(({ step = part.index }) => step === part.index)];
    const bad = about.filter((one) => !isUsable(one));
    for (const one of bad) {
      if (warned.has(`${part.index} ${one.rule}`)) continue;
      warned.add(`${part.index} ${one.rule}`);
      findings.push({ ...badIgnore(one), step: part.index });
    }
    const skipped = new Set(about.filter(isUsable).map(({ rule }) => rule));
    for (const rule of RULES) {
      if (skipped.has(rule.id)) continue;
      for (const problem of rule.check(part.step, state)) {
        if (problem.table !== undefined && hasKey(created, problem.table)) continue;
        findings.push(findingOf(rule, problem, { index: part.index, options }));
      }
    }
    state.apply(part.step);
  });
  return findings;
}

/** The number of each part's transaction. */
function unitsOf(parts: readonly Part[], transaction: boolean): readonly number[] {
  let unit = 0;
  return parts.map((part, position) => {
    const last = parts[position - 1];
    const isSame = part.isMore === true ||
      (transaction && last?.isOutside === false && !part.isOutside);
    if (!isSame) unit++;
    return unit;
  });
}

function isUsable({ rule, reason }: IgnoredRule): boolean {
  return reason !== "" && RULES.some(({ id }) => id === rule);
}

/** The finding about an ignore that ignores nothing. */
function badIgnore({ rule, reason }: IgnoredRule): Omit<Finding, "step"> {
  const names = RULES.map(({ id }) => id);
  const near = nearestWord(rule, names);
  const isRule = names.includes(rule);
  return {
    rule: "ignore-not-understood",
    severity: "warning",
    message: isRule && reason === ""
      ? `The rule "${rule}" is to be ignored without a reason`
      : `"${rule}" is to be ignored, and there is no such rule`,
    advice: isRule
      ? `Write why, as in -- lint: ignore ${rule} nobody uses it`
      : near === undefined
      ? "Write a rule's name and a reason, as in -- lint: ignore table-dropped nobody uses it"
      : `Did you mean "${near}"?`,
  };
}

function findingOf(
  rule: Rule,
  problem: Problem,
  { index, options }: { readonly index: number; readonly options: LintOptions },
): Finding {
  const { message, advice, table, safer, severity = rule.severity } = problem;
  const rows = table === undefined ? undefined : rowsOf(options.sizes, table);
  const isSmall = rows !== undefined && rows <= (options.smallTable ?? SMALL_TABLE);
  return {
    rule: rule.id,
    severity: isSmall && severity === "danger" ? "warning" : severity,
    message,
    advice,
    step: index,
    ...(safer === undefined ? {} : { safer }),
  };
}

/** The keys of a table: where no schema is said it is `public`. */
function keysOf({ schema, name }: TableName): readonly ObjectKey[] {
  const key = (where: string | undefined): ObjectKey =>
    objectKey({
      kind: "table",
      name,
      ...(where === undefined ? {} : { schema: where }),
      columns: [],
      parameters: {},
      dependsOn: [],
    });
  return schema === undefined ? [key("public"), key(undefined)] : [key(schema)];
}

function hasKey(keys: ReadonlySet<ObjectKey>, table: TableName): boolean {
  return keysOf(table).some((key) => keys.has(key));
}

function rowsOf(sizes: ReadonlyMap<ObjectKey, number> | undefined, table: TableName): number | undefined {
  for (const key of keysOf(table)) {
    const rows = sizes?.get(key);
    if (rows !== undefined) return rows;
  }
  return undefined;
}
