/**
 * The text of triggers and of the functions they bring.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { quoteLiteral } from "../../building/inlined.ts";
import type { QualifiedName, TriggerRecord } from "./schema_records.ts";
import { list, writeName } from "./write_table.ts";

/** The statement that creates a trigger. */
export function writeTrigger(table: QualifiedName, trigger: TriggerRecord): string {
  const { name, when, events, columns, each, where, arguments: texts } = trigger;
  const on = events.map((event) =>
    event === "update" && columns.length > 0 ? `update of ${list(columns)}` : event
  );
  return `create trigger ${quoteIdentifier(name)} ${when} ${on.join(" or ")} on ${writeName(table)} ` +
    `for each ${each} ${where === undefined ? "" : `when (${where}) `}` +
    `execute function ${writeName(trigger.function)}(${texts.map(quoteLiteral).join(", ")})`;
}

/** The statement that creates the function of a trigger that brings its own; else undefined. */
export function writeTriggerFunction(
  trigger: TriggerRecord,
  { replace }: { readonly replace: boolean },
): string | undefined {
  if (trigger.body === undefined) return undefined;
  let tag = "$trigger$";
  for (let count = 0; trigger.body.includes(tag); count++) tag = `$trigger${count}$`;
  return `create ${replace ? "or replace " : ""}function ${writeName(trigger.function)}() returns trigger ` +
    `language plpgsql as ${tag}\n${trigger.body}\n${tag}`;
}

/** The statement that drops the function of a trigger that brings its own; else undefined. */
export function writeDropTriggerFunction(trigger: TriggerRecord): string | undefined {
  return trigger.body === undefined ? undefined : `drop function if exists ${writeName(trigger.function)}()`;
}
