/**
 * What must be done so that a database with one catalog has another.
 *
 * @module
 */
import { assertOptions } from "../../pool/query_options.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Catalog, CatalogObject, ObjectKey } from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";
import { planSteps } from "./emit.ts";
import type { DiffFinding } from "./diff_plan.ts";
import { isPartition } from "./partitions.ts";
import { makePlan } from "./plan.ts";
import { forgottenRights, withReplacedRights } from "./replaced_rights.ts";
import { applyRenames, findCandidates, type Rename, type RenameCandidate } from "./rename.ts";

export type { DiffFinding } from "./diff_plan.ts";
export type { Rename, RenameCandidate } from "./rename.ts";

/** How two catalogs are compared. */
export interface DiffOptions {
  /** What has another name now: without them, what has gone is dropped and what is new created. */
  readonly renames?: readonly Rename[];
  /** What becomes of what is not in `known` and has gone. Default `"keep"`. */
  readonly unknown?: "keep" | "drop";
  /** What migrations made. Default: nothing, so that nothing is dropped unless `unknown` says so. */
  readonly known?: ReadonlySet<ObjectKey>;
  /** Whether a table is dropped, with its rows, to partition it in another way. Default false: it is refused. */
  readonly replaceTables?: boolean;
  /**
   * Whether the first catalog is of the database that is to be changed, so that it knows who owns and may do what.
   * Default true: what is dropped and created again is given its owner and privileges back. With false that they may be
   * lost is a finding.
   */
  readonly rightsKnown?: boolean;
}

const OPTIONS = [
  ...["renames", "unknown", "known", "replaceTables", "rightsKnown"] as const,
] satisfies (keyof DiffOptions)[];

/** What differs. */
export interface Diff {
  /** What is to be done, in an order that runs. */
  readonly steps: readonly Step[];
  /** What is not in the other catalog, and is kept. */
  readonly unknown: readonly CatalogObject[];
  /** What may have been renamed. */
  readonly candidates: readonly RenameCandidate[];
  /** What cannot be done, and what is lost without being named by a step. */
  readonly findings: readonly DiffFinding[];
}

/**
 * Compares two catalogs of one server version.
 *
 * The order of a table's columns, versions of extensions, whether a materialized view has rows, owners and privileges are
 * no differences. What is made anew keeps its owner and privileges.
 *
 * @param from What is there.
 * @param to What is to be.
 * @param options How.
 * @returns The steps from one to the other, and what they leave out.
 *
 * @example
 * ```ts
 * import { diffCatalogs, makeCatalog } from "@lifeguard/core/migrate";
 * const mood = { kind: "enum", schema: "public", name: "mood", dependsOn: [] } as const;
 * const from = makeCatalog([{ ...mood, labels: ["sad", "happy"] }], 18);
 * const to = makeCatalog([{ ...mood, labels: ["sad", "fine", "happy"] }], 18);
 * const { steps } = diffCatalogs(from, to);
 * console.assert(steps.length === 1 && steps[0].kind === "type");
 * ```
 */
export function diffCatalogs(from: Catalog, to: Catalog, options: DiffOptions = {}): Diff {
  const { renames = [], unknown = "keep", known, replaceTables = false, rightsKnown = true } = options;
  assertOptions(options, OPTIONS);
  if (unknown !== "keep" && unknown !== "drop") {
    throw new ValidationError('option "unknown"', `"${String(unknown)}" was given; give "keep" or "drop"`);
  }
  const mayDrop = (key: ObjectKey): boolean => unknown === "drop" || known?.has(key) === true;
  const renamed = applyRenames(from, to, { renames, mayDrop });
  const plan = makePlan(renamed.catalog, to, {
    isUnknown: (key) => !mayDrop(renamed.oldKey(key)),
    isKnown: (key) => known?.has(renamed.oldKey(key)) === true,
    replaceTables,
  });
  const steps = withReplacedRights(planSteps(plan), renamed.catalog);
  return {
    steps: [...renamed.steps, ...steps],
    unknown: [...plan.kept.values()].filter((object) => !isPartition(object)),
    candidates: findCandidates(plan),
    findings: [...plan.findings, ...rightsKnown ? [] : forgottenRights(steps, renamed.catalog)],
  };
}
