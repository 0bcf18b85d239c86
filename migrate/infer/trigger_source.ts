/**
 * Triggers as a model's option says them, as far as it has a form for them.
 *
 * @module
 */
import { shortened } from "../../orm/compiling/ddl/default_name.ts";
import type { TriggerEvent } from "../../orm/definition/trigger_definition.ts";
import type { CatalogObject, FunctionObject, ObjectKey, TriggerObject } from "../catalog/objects.ts";
import type { Imports } from "./imports.ts";
import { array, call, type Entry, object, type Piece, prefixed, text } from "./layout.ts";
import { type ModelPlan, type Plan, tableKey, tableOfPart } from "./plan.ts";
import { nameParts, rereadable, sqlTemplate, stringText, unwrapped } from "./sql_text.ts";

/** A trigger that has a form in its model. */
export interface TriggerPlan {
  readonly object: TriggerObject;
  readonly parts: TriggerParts;
  /** The body of its function, where nobody else needs that and it is named as the trigger's own. */
  readonly body?: string;
}

/** Which triggers stand in models. */
export interface PlannedTriggers {
  /** By the model's key, in the order of their names. */
  readonly ofModels: ReadonlyMap<ObjectKey, readonly TriggerPlan[]>;
  readonly triggers: ReadonlySet<TriggerObject>;
  /** The functions that come with them. */
  readonly functions: ReadonlySet<FunctionObject>;
}

/** What a `create trigger` statement says. */
interface TriggerParts {
  readonly when: "before" | "after" | "instead of";
  readonly events: readonly TriggerEvent[];
  readonly columns: readonly string[];
  readonly each: "row" | "statement";
  readonly condition?: string;
  /** The function's name, with its schema unless it is the system's. */
  readonly function: readonly string[];
  readonly arguments: readonly string[];
}

/**
 * Decides which triggers stand in models.
 *
 * @param plan The plan.
 * @param isCreated Whether a model's table or view is created with it.
 */
export function planTriggers(plan: Plan, isCreated: (model: ModelPlan) => boolean): PlannedTriggers {
  const ofModels = new Map<ObjectKey, TriggerPlan[]>();
  const functions = new Set<FunctionObject>();
  const triggers = new Set<TriggerObject>();
  for (const [, trigger] of plan.objects) {
    if (trigger.kind !== "trigger" || trigger.inherited === true || trigger.enabled !== "origin") continue;
    const model = plan.models.get(tableKey(tableOfPart(trigger)));
    const parts = model === undefined || !isCreated(model) ? undefined : partsOf(trigger.definition);
    if (parts === undefined || parts.columns.some((column) => !model!.properties.has(column))) continue;
    const own = ownFunction(trigger, parts, plan);
    if (own !== undefined) functions.add(own.object);
    const planned = ofModels.get(model!.key) ?? [];
    planned.push({ object: trigger, parts, ...(own === undefined ? {} : { body: own.body }) });
    ofModels.set(model!.key, planned);
    triggers.add(trigger);
  }
  return { ofModels, triggers, functions };
}

/** The option `triggers` of a model. */
export function triggerEntries(
  model: ModelPlan,
  { ofModels }: PlannedTriggers,
  imports: Imports,
): readonly Entry[] {
  const planned = ofModels.get(model.key) ?? [];
  if (planned.length === 0) return [];
  imports.core("trigger");
  const isOfColumns = planned.some(({ parts }) => parts.columns.length > 0);
  const sources = planned.map((one) => triggerSource(model, one, imports));
  return [{
    key: "triggers",
    value: prefixed(isOfColumns ? "(t) => " : "() => ", array(sources, { open: true })),
  }];
}

function triggerSource(
  model: ModelPlan,
  { object: trigger, parts, body }: TriggerPlan,
  imports: Imports,
): Piece {
  const { when, events, columns, each, condition, function: name, arguments: texts } = parts;
  if (condition !== undefined || body !== undefined) imports.core("sql");
  const firing = events.map((event) => text(stringText(event)));
  const called: readonly Entry[] = [
    { key: "function", value: text(stringText(name.at(-1)!)) },
    ...(name.length === 1 ? [] : [{ key: "schema", value: text(stringText(name[0])) }]),
    ...(texts.length === 0
      ? []
      : [{ key: "arguments", value: array(texts.map((one) => text(stringText(one)))) }]),
  ];
  return call("trigger", [
    text(stringText(trigger.name)),
    object([
      ...(when === "before" ? [] : [{ key: "when", value: text(stringText(when)) }]),
      { key: "on", value: firing.length === 1 ? firing[0] : array(firing) },
      ...(columns.length === 0
        ? []
        : [{ key: "of", value: array(columns.map((column) => text(`t.${model.properties.get(column)!}`))) }]),
      ...(each === "row" ? [] : [{ key: "each", value: text(stringText(each)) }]),
      ...(condition === undefined
        ? []
        : [{ key: "where", value: sqlTemplate(unwrapped(rereadable(condition))) }]),
      body === undefined ? { key: "call", value: object(called) } : { key: "body", value: sqlTemplate(body) },
    ]),
  ]);
}

const NAME = String.raw`(?:"(?:[^"]|"")+"|[^\s".()',]+)`;
/** As `pg_get_triggerdef` writes a trigger that is no constraint and names no transition tables. */
const TRIGGER = new RegExp(
  String.raw`^CREATE TRIGGER ${NAME} (BEFORE|AFTER|INSTEAD OF) (.+?) ON ${NAME}\.${NAME} ` +
    String.raw`FOR EACH (ROW|STATEMENT) (?:WHEN \((.*)\) )?EXECUTE FUNCTION (${NAME}(?:\.${NAME})?)\((.*)\)$`,
  "s",
);
const EVENT = new RegExp(
  String.raw`^(INSERT|DELETE|TRUNCATE|UPDATE(?: OF (${NAME}(?:, ${NAME})*))?)(?: OR |$)`,
);
const ARGUMENTS = /^(?:'(?:[^']|'')*'(?:, (?=')|$))*$/;

function partsOf(definition: string): TriggerParts | undefined {
  const [, when, events, each, condition, name, given] = TRIGGER.exec(definition.trim()) ?? [];
  if (when === undefined || !ARGUMENTS.test(given)) return undefined;
  const found: TriggerEvent[] = [];
  let columns: readonly string[] = [];
  for (let rest = events; rest !== "";) {
    const event = EVENT.exec(rest);
    if (event === null) return undefined;
    found.push(event[1].split(" ")[0].toLowerCase() as TriggerEvent);
    if (event[2] !== undefined) {
      columns = (event[2].match(new RegExp(NAME, "g")) ?? []).map((column) => nameParts(column)![0]);
    }
    rest = rest.slice(event[0].length);
  }
  return {
    when: when.toLowerCase() as TriggerParts["when"],
    events: found,
    columns,
    each: each.toLowerCase() as TriggerParts["each"],
    ...(condition === undefined ? {} : { condition }),
    function: nameParts(name)!,
    arguments: (given.match(/'(?:[^']|'')*'/g) ?? []).map((one) => one.slice(1, -1).replaceAll("''", "'")),
  };
}

/** As `pg_get_functiondef` writes what a trigger's option `body` makes. */
const BODY =
  /^CREATE OR REPLACE FUNCTION \S+\(\)\n RETURNS trigger\n LANGUAGE plpgsql\nAS (\$\w*\$)\n(.*)\n\1\s*$/s;

/** The function of a trigger that is called as the ORM calls a trigger's own, and is used by nothing else. */
function ownFunction(
  trigger: TriggerObject,
  { function: name, arguments: texts }: TriggerParts,
  { objects }: Plan,
): { readonly object: FunctionObject; readonly body: string } | undefined {
  const { schema = "public" } = trigger;
  if (texts.length > 0 || name.length < 2 || name[0] !== schema) return undefined;
  if (name[1] !== shortened(`${trigger.table}_${trigger.name}`, "")) return undefined;
  const [key, found] =
    objects.find(([, one]) =>
      one.kind === "function" && (one.schema ?? "public") === schema && one.name === name[1] &&
      one.identity === ""
    ) ?? [];
  if (found?.kind !== "function") return undefined;
  const isShared = objects.some(([, one]: readonly [ObjectKey, CatalogObject]) =>
    one !== trigger && one.dependsOn.includes(key!)
  );
  const body = BODY.exec(found.definition)?.[2];
  return isShared || body === undefined ? undefined : { object: found, body };
}
