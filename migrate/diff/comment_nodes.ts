/**
 * The nodes of comments of what stays.
 *
 * @module
 */
import type { Step } from "../steps/step.ts";
import { STAGES } from "./column_steps.ts";
import { isRelation } from "./dependencies.ts";
import { alter, type Emission, stage } from "./emission.ts";

/** Adds what changes comments of objects, and of their columns. */
export function addComments(emission: Emission): void {
  const { plan, graph, made } = emission;
  for (const [key, to] of plan.to.objects) {
    const from = plan.from.objects.get(key);
    if (from === undefined || made.has(key)) continue;
    const steps: Step[] = [];
    const isReplaced = plan.altered.get(key)?.some(({ kind }) => kind === "replace") === true;
    const isParents = "inherited" in to && to.inherited === true;
    if (from.comment !== to.comment && !isReplaced && !isParents) {
      steps.push({ kind: "comment", object: to, from: from.comment, to: to.comment });
    }
    if (isRelation(from) && isRelation(to) && from.kind === to.kind) {
      const old = new Map(from.columns.map((column) => [column.name, column]));
      const difference = plan.tables.get(key);
      for (const column of to.columns) {
        const before = old.get(column.name);
        if (before === undefined && (difference?.columns.get(column.name)?.isParents !== true)) continue;
        if (difference?.columns.get(column.name)?.action === "add again") continue;
        if (before?.comment === column.comment) continue;
        steps.push({
          kind: "comment",
          object: to,
          column: column.name,
          from: before?.comment,
          to: column.comment,
        });
      }
    }
    if (steps.length === 0) continue;
    graph.add(`comment ${key}`, "finish", ...steps);
    graph.after(`comment ${key}`, alter(key), ...STAGES.map((name) => stage(key, name)));
  }
}
