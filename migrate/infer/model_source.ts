/**
 * Models and types as source.
 *
 * @module
 */
import type { CompositeObject, DomainObject, EnumObject, PolicyObject } from "../catalog/objects.ts";
import { columnEntry } from "./column_source.ts";
import { columnUniques, partEntries } from "./constraint_source.ts";
import { domainCheck, isCreated, isPolicyOfModel } from "./declared.ts";
import { defaultSource } from "./default_source.ts";
import type { ForeignKeyPlan } from "./foreign_keys.ts";
import { array, call, chain, type Entry, object, type Piece, prefixed, text } from "./layout.ts";
import { propertyKey } from "./names.ts";
import type { ModelPlan, Plan } from "./plan.ts";
import { orderedColumns } from "./relation_source.ts";
import { nameParts, rereadable, simpleName, sqlTemplate, stringText, unwrapped } from "./sql_text.ts";
import { type PlannedTriggers, triggerEntries } from "./trigger_source.ts";
import { attributeSources, strings, type TypeContext, typeSource } from "./type_source.ts";

/** What a model is written with. */
export interface ModelContext {
  readonly plan: Plan;
  readonly types: TypeContext;
  readonly foreignKeys: readonly ForeignKeyPlan[];
  /** The policies of the table. */
  readonly policies: readonly PolicyObject[];
  readonly triggers: PlannedTriggers;
  readonly note: (text: string) => void;
}

/** `model("films", { … }, { … })`. */
export function modelSource(model: ModelPlan, context: ModelContext): Piece {
  const { types } = context;
  types.imports.core("model");
  const columns = new Map(model.object.columns.map((column) => [column.name, column]));
  const uniques = columnUniques(model);
  const entries = orderedColumns(model.object.columns, model.primaryKey).map((name) =>
    columnEntry(model, columns.get(name)!, { ...context, uniques })
  );
  const options = optionEntries(model, context);
  return call("model", [
    text(stringText(model.object.name)),
    object(entries, { open: true }),
    ...(options.length === 0 ? [] : [object(options, { open: options.length > 1 })]),
  ]);
}

function optionEntries(model: ModelPlan, context: ModelContext): readonly Entry[] {
  const { object: table } = model;
  const { imports } = context.types;
  const entries: Entry[] = [];
  if (table.schema !== undefined && table.schema !== "public") {
    entries.push({ key: "schema", value: text(stringText(table.schema)) });
  }
  if (table.comment !== undefined) entries.push({ key: "comment", value: text(stringText(table.comment)) });
  if (table.kind !== "table") {
    entries.push({ key: "view", value: text(stringText(table.kind)) });
    if (!isCreated(model)) return entries;
    imports.core("sql");
    entries.push({ key: "query", value: sqlTemplate(rereadable(table.query)) });
    return [
      ...entries,
      ...partEntries(model, { ...context, imports }),
      ...triggerEntries(model, context.triggers, imports),
    ];
  }
  if (table.partitionBy !== undefined) {
    const { strategy, keys } = table.partitionBy;
    const parts = keys.map((key) => text(`t.${model.properties.get(nameParts(key)![0])!}`));
    entries.push({
      key: "partitionBy",
      value: prefixed("(t) => (", object([{ key: strategy, value: array(parts) }]), ")"),
    });
  }
  entries.push(...partEntries(model, { ...context, imports }));
  const policies = context.policies.filter((policy) => isPolicyOfModel(policy, model));
  if (table.rowSecurity !== undefined && (table.rowSecurity === "forced" || policies.length === 0)) {
    entries.push({ key: "rowSecurity", value: text(stringText(table.rowSecurity)) });
  }
  if (policies.length > 0) {
    imports.core("policy");
    imports.core("sql");
    entries.push({
      key: "policies",
      value: prefixed("() => ", array(policies.map(policySource), { open: true })),
    });
  }
  entries.push(...triggerEntries(model, context.triggers, imports));
  return entries;
}

function policySource({ name, permissive, command, roles, using, check }: PolicyObject): Piece {
  const isForAll = roles.length === 0 || (roles.length === 1 && roles[0] === "public");
  const entries: readonly Entry[] = [
    ...(command === "all" ? [] : [{ key: "command", value: text(stringText(command)) }]),
    ...(permissive ? [] : [{ key: "restrictive", value: text("true") }]),
    ...(isForAll ? [] : [{ key: "roles", value: strings(roles) }]),
    ...(using === undefined ? [] : [{ key: "using", value: sqlTemplate(unwrapped(rereadable(using))) }]),
    ...(check === undefined ? [] : [{ key: "check", value: sqlTemplate(unwrapped(rereadable(check))) }]),
  ];
  return call("policy", [text(stringText(name)), object(entries)]);
}

/** `column.enum("rating", ["G", "PG"])` and its like. */
export function declaredTypeSource(
  type: EnumObject | DomainObject | CompositeObject,
  context: TypeContext,
): Piece {
  context.imports.core("column");
  const name = text(stringText(type.name));
  const options = type.schema === undefined || type.schema === "public"
    ? []
    : [text(`{ schema: ${stringText(type.schema)} }`)];
  switch (type.kind) {
    case "enum":
      return call("column.enum", [name, strings(type.labels), ...options]);
    case "domain":
      return call("column.domain", [name, domainBase(type, context), ...options]);
    case "composite": {
      const entries = attributeSources(type.attributes, context).map(([attribute, { base, modifiers }]) => {
        const collation = attribute.collation === undefined ? undefined : simpleName(attribute.collation);
        const calls = [
          ...modifiers,
          call("nullable", []),
          ...(collation === undefined ? [] : [call("collate", [text(stringText(collation))])]),
        ];
        return { key: propertyKey(attribute.name), value: chain(base, calls) };
      });
      return call("column.composite", [name, object(entries, { open: true }), ...options]);
    }
  }
}

function domainBase(domain: DomainObject, context: TypeContext): Piece {
  const type = typeSource(domain.type, context);
  const calls: Piece[] = [...type.modifiers];
  if (domain.default !== undefined) {
    const { method, args, isSql } = defaultSource(domain.default, type, undefined);
    if (isSql) context.imports.core("sql");
    calls.push(call(method, args));
  }
  const check = domainCheck(domain);
  if (check !== undefined) {
    context.imports.core("sql");
    calls.push(call("check", [sqlTemplate(unwrapped(rereadable(check.condition)))]));
  }
  const collation = domain.collation === undefined ? undefined : simpleName(domain.collation);
  if (collation !== undefined) calls.push(call("collate", [text(stringText(collation))]));
  return chain(type.base, calls);
}
