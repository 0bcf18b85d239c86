/**
 * The steps of a table beside its columns and its parents.
 *
 * @module
 */
import type { TableName } from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { parameterStep, qualified } from "./compare_objects.ts";
import type { TableDifference } from "./compare_tables.ts";
import { isEqual } from "./equal.ts";

/** The steps of a table beside its columns and parents. */
export function tableSteps(
  { from, to }: TableDifference,
): { readonly steps: readonly Step[]; readonly late: readonly Step[] } {
  const steps: Step[] = [];
  const late: Step[] = [];
  const table: TableName = { schema: to.schema, name: to.name };
  if ((from.unlogged ?? false) !== (to.unlogged ?? false)) {
    steps.push({ kind: "table", table, change: { type: "logged", to: !(to.unlogged ?? false) } });
  }
  if (!isEqual(from.parameters, to.parameters)) steps.push(parameterStep(from, to));
  if (from.rowSecurity !== to.rowSecurity) {
    steps.push({
      kind: "table",
      table,
      change: { type: "row security", from: from.rowSecurity, to: to.rowSecurity },
    });
  }
  if (from.accessMethod !== to.accessMethod) {
    const set = (method = "heap"): string =>
      `alter table ${qualified(to)} set access method ${quoteIdentifier(method)};`;
    steps.push({ kind: "sql", text: set(to.accessMethod), down: set(from.accessMethod) });
  }
  if (!isEqual(from.replicaIdentity, to.replicaIdentity)) {
    late.push({
      kind: "table",
      table,
      change: { type: "replica identity", from: from.replicaIdentity, to: to.replicaIdentity },
    });
  }
  return { steps, late };
}
