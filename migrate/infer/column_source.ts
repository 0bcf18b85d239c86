/**
 * Columns as source.
 *
 * @module
 */
import type { ColumnIdentity, TableColumn } from "../catalog/objects.ts";
import { columnName } from "../../orm/definition/column_name.ts";
import { defaultSource } from "./default_source.ts";
import { foreignKeyOptions, type ForeignKeyPlan } from "./foreign_keys.ts";
import { arrow, call, chain, type Entry, member, object, type Piece, text } from "./layout.ts";
import { propertyKey } from "./names.ts";
import { GREATEST, isSerial, type ModelPlan, ownerKey, type Plan } from "./plan.ts";
import { rereadable, simpleName, sqlTemplate, stringText, unwrapped } from "./sql_text.ts";
import { declaredType, type TypeContext, typeSource } from "./type_source.ts";
import { type UniqueForm, uniqueOptions } from "./constraint_source.ts";

/** What columns are written with. */
export interface ColumnContext {
  readonly plan: Plan;
  readonly types: TypeContext;
  /** The model's foreign keys. */
  readonly foreignKeys: readonly ForeignKeyPlan[];
  /** The unique constraints that are written on their column, by column. */
  readonly uniques: ReadonlyMap<string, UniqueForm>;
  /** Takes what a person is to know. */
  readonly note: (text: string) => void;
}

/** The entry of a column. */
export function columnEntry(model: ModelPlan, column: TableColumn, context: ColumnContext): Entry {
  const { plan, types, note } = context;
  const { imports } = types;
  const property = model.properties.get(column.name)!;
  const isView = model.object.kind !== "table";
  const isKey = model.primaryKey.includes(column.name);
  const type = typeSource(column.type, types);
  const comments: string[] = [];
  const remark = (words: string): void => {
    comments.push(capitalized(words));
    note(`${model.key}, column "${column.name}": ${words}`);
  };
  if (type.note !== undefined) remark(type.note);
  const calls: Piece[] = [...type.modifiers];
  const add = (method: string, ...args: readonly Piece[]): number => calls.push(call(method, args));
  const sql = (expression: string): Piece => {
    imports.core("sql");
    return sqlTemplate(rereadable(expression));
  };
  let base = type.base;
  const sequence = plan.owned.get(ownerKey(model.object, column.name));
  if (column.identity !== undefined) {
    const options = identityOptions(column.identity, column.type);
    if (column.identity.generation === "always") add("identityAlways", ...options);
    else if (column.type === "integer") base = call("column.identity", options);
    else add("identity", ...options);
  } else if (column.generated !== undefined) {
    const { expression, kind } = column.generated;
    add("generated", sql(unwrapped(expression)), ...(kind === "virtual" ? [text("{ virtual: true }")] : []));
  } else if (isSerial(model.object, column, sequence)) {
    base = call(`column.${SERIAL[column.type]}`, []);
  } else if (column.default !== undefined && !isView) {
    const declared = declaredType(column.type, types);
    const given = defaultSource(column.default, type, declared?.labels);
    if (given.isSql) imports.core("sql");
    add(given.method, ...given.args);
  }
  if (columnName(property) !== column.name) add("name", text(stringText(column.name)));
  if (isKey) add("primaryKey");
  else if (!column.notNull) add("nullable");
  const unique = context.uniques.get(column.name);
  if (unique !== undefined) add("unique", ...uniqueOptions(unique));
  const collation = column.collation === undefined ? undefined : simpleName(column.collation);
  if (collation !== undefined && !isView) add("collate", text(stringText(collation)));
  calls.push(...referenceCalls(column.name, context));
  if (column.comment !== undefined) add("comment", text(stringText(column.comment)));
  return { key: propertyKey(property), value: chain(base, calls), comments };
}

const SERIAL: Readonly<Record<string, string>> = {
  smallint: "smallserial",
  integer: "serial",
  bigint: "bigserial",
};

function identityOptions(identity: ColumnIdentity, type: string): readonly Piece[] {
  const greatest = GREATEST[type as keyof typeof GREATEST] ?? GREATEST.bigint;
  const { start, increment, min, max, cache, cycle } = identity;
  const isUp = increment > 0n;
  const usualMin = isUp ? 1n : -greatest - 1n;
  const usualMax = isUp ? greatest : -1n;
  const entries: Entry[] = [];
  const add = (key: string, value: bigint, usual: bigint): void => {
    if (value !== usual) entries.push({ key, value: text(numberText(value)) });
  };
  add("start", start, isUp ? min : max);
  add("increment", increment, 1n);
  add("min", min, usualMin);
  add("max", max, usualMax);
  add("cache", cache, 1n);
  if (cycle) entries.push({ key: "cycle", value: text("true") });
  return entries.length === 0 ? [] : [object(entries)];
}

function numberText(value: bigint): string {
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? String(value) : `${value}n`;
}

function referenceCalls(column: string, { foreignKeys, types }: ColumnContext): readonly Piece[] {
  const found = foreignKeys.find(({ form, key }) => form === "references" && key.columns[0] === column);
  if (found === undefined) return [];
  const { key, object: constraint, source, target, circular } = found;
  const property = target!.properties.get(key.targetColumns[0])!;
  let annotation = "";
  if (circular) {
    types.imports.core("type Column");
    const [{ type }] = source.object.columns.filter(({ name }) => name === column);
    annotation = `: Column<${typeSource(type, { ...types, use: () => {} }).value}>`;
  }
  const options = foreignKeyOptions(found);
  const calls = [
    call("references", [
      arrow(`()${annotation}`, member(target!.name, property)),
      ...(options.length === 0 ? [] : [object(options)]),
    ]),
  ];
  if (constraint.deferrable !== undefined) {
    calls.push(call("deferrable", constraint.deferrable === "deferred" ? [text('"deferred"')] : []));
  }
  return calls;
}

function capitalized(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
