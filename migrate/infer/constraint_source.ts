/**
 * Constraints and indexes as source, as far as a model has a form for them.
 *
 * @module
 */
import { indexName } from "../../orm/compiling/ddl/default_name.ts";
import type {
  ConstraintObject,
  ExclusionTableConstraint,
  IndexKey,
  IndexObject,
  KeyConstraint,
} from "../catalog/objects.ts";
import { foreignKeyOptions, type ForeignKeyPlan } from "./foreign_keys.ts";
import type { Imports } from "./imports.ts";
import { array, call, chain, type Entry, member, object, type Piece, prefixed, text } from "./layout.ts";
import { postgresName, propertyKey } from "./names.ts";
import type { ModelPlan } from "./plan.ts";
import { nameParts, rereadable, simpleName, sqlTemplate, stringText, unwrapped } from "./sql_text.ts";

/** A unique constraint that is written on its column. */
export interface UniqueForm {
  readonly name?: string;
  readonly nullsNotDistinct: boolean;
}

/** Whether a model has a form for a constraint; a foreign key's is told elsewhere. */
export function hasConstraintForm({ constraint, ...object }: ConstraintObject): boolean {
  switch (constraint.type) {
    case "primary key":
      return isPlainKey(constraint) && object.deferrable === undefined;
    case "unique":
      return isPlainKey(constraint);
    case "check":
      return object.isValid && object.isEnforced !== false && object.noInherit !== true;
    case "exclude":
      return isPlainExclusion(constraint);
    case "foreign key":
      return true;
  }
}

function isPlainKey({ include, parameters, withoutOverlaps }: KeyConstraint): boolean {
  return include.length === 0 && Object.keys(parameters).length === 0 && withoutOverlaps !== true;
}

function isPlainExclusion({ elements, include, parameters }: ExclusionTableConstraint): boolean {
  return include.length === 0 && Object.keys(parameters).length === 0 &&
    elements.every(({ opclass, opclassParameters, order, nulls, collation, operator }) =>
      opclass === undefined && opclassParameters === undefined && order === undefined &&
      nulls === undefined &&
      collation === undefined && /^[+\-*/<>=~!@#%^&|`?]+$/.test(operator)
    );
}

/** Whether a model has a form for an index. */
export function hasIndexForm({ keys }: IndexObject): boolean {
  return keys.every(({ collation, opclass, opclassParameters }) =>
    opclassParameters === undefined && (collation === undefined || simpleName(collation) !== undefined) &&
    (opclass === undefined || opclassName(opclass) !== undefined)
  );
}

/** An operator class' name; one in `public` is found by the search path. */
function opclassName(opclass: string): string | undefined {
  const parts = nameParts(opclass);
  return parts?.length === 2 && parts[0] === "public" ? parts[1] : simpleName(opclass);
}

/** The unique constraints that are written on their column. */
export function columnUniques(model: ModelPlan): ReadonlyMap<string, UniqueForm> {
  const result = new Map<string, UniqueForm>();
  for (const { name, constraint, deferrable } of model.constraints) {
    if (constraint.type !== "unique" || constraint.columns.length > 1 || !isPlainKey(constraint)) continue;
    const [column] = constraint.columns;
    if (deferrable !== undefined || result.has(column)) continue;
    const isUsual = name === postgresName(model.object.name, column, "key");
    result.set(column, {
      ...(isUsual ? {} : { name }),
      nullsNotDistinct: constraint.nullsNotDistinct === true,
    });
  }
  return result;
}

/** The arguments of `unique()`. */
export function uniqueOptions({ name, nullsNotDistinct }: UniqueForm): readonly Piece[] {
  const entries: readonly Entry[] = [
    ...(nullsNotDistinct ? [{ key: "nullsNotDistinct", value: text("true") }] : []),
    ...(name === undefined ? [] : [{ key: "name", value: text(stringText(name)) }]),
  ];
  return entries.length === 0 ? [] : [object(entries)];
}

/** What constraints and indexes are written with. */
export interface PartContext {
  readonly imports: Imports;
  readonly foreignKeys: readonly ForeignKeyPlan[];
  readonly note: (text: string) => void;
}

/** The options `checks`, `constraints` and `indexes` of a model. */
export function partEntries(model: ModelPlan, context: PartContext): readonly Entry[] {
  const { imports } = context;
  const checks = model.constraints.filter((one) => one.constraint.type === "check" && hasConstraintForm(one));
  const constraints = constraintSources(model, context);
  const indexes = indexSources(model, context);
  const sql = (expression: string): Piece => {
    imports.core("sql");
    return sqlTemplate(unwrapped(rereadable(expression)));
  };
  if (constraints.length > 0) imports.core("constraint");
  return [
    ...(indexes.length === 0 ? [] : [ofColumns("indexes", array(indexes, { open: true }))]),
    ...(checks.length === 0 ? [] : [{
      key: "checks",
      value: prefixed(
        "() => (",
        object(
          checks.map(({ name, constraint }) => ({
            key: propertyKey(name),
            value: sql(constraint.type === "check" ? constraint.condition : ""),
          })),
          { open: true },
        ),
        ")",
      ),
    }]),
    ...(constraints.length === 0 ? [] : [ofColumns("constraints", array(constraints, { open: true }))]),
  ];
}

/** A function of the model's columns, which are named where they are used. */
function ofColumns(key: string, value: Piece): Entry {
  const isUsed = /\bt\.[\p{ID_Start}_$]/u.test(
    value.broken({ indent: 0, column: 0, width: 80 }).replace(/`[^`]*`/g, ""),
  );
  return { key, value: prefixed(isUsed ? "(t) => " : "() => ", value) };
}

function columnsOf(model: ModelPlan, columns: readonly string[], of = "t"): Piece {
  return array(columns.map((column) => member(of, model.properties.get(column)!)));
}

function constraintSources(
  model: ModelPlan,
  { foreignKeys, imports }: PartContext,
): readonly Piece[] {
  const onColumns = columnUniques(model);
  return model.constraints.flatMap((one): readonly Piece[] => {
    const { name, constraint, deferrable } = one;
    const table = model.object.name;
    const deferral: readonly Entry[] = deferrable === undefined
      ? []
      : [{ key: "deferrable", value: text(stringText(deferrable)) }];
    if (!hasConstraintForm(one)) return [];
    switch (constraint.type) {
      case "unique": {
        const [column] = constraint.columns;
        const isOn = constraint.columns.length === 1 && deferrable === undefined &&
          (onColumns.get(column)?.name ?? postgresName(table, column, "key")) === name;
        if (isOn) return [];
        const isUsual = name === postgresName(table, constraint.columns.join("_"), "key");
        return [withOptions("constraint.unique", [columnsOf(model, constraint.columns)], [
          ...(constraint.nullsNotDistinct === true ? [{ key: "nullsNotDistinct", value: text("true") }] : []),
          ...deferral,
          ...(isUsual ? [] : [{ key: "name", value: text(stringText(name)) }]),
        ])];
      }
      case "foreign key": {
        const planned = foreignKeys.find(({ object }) => object === one);
        if (planned?.form !== "constraint") return [];
        const target = planned.target!;
        const columns = columnsOf(target, constraint.targetColumns, target.name);
        if (planned.circular) imports.core("type Sql");
        const arrow = prefixed(planned.circular ? "(): readonly Sql[] => " : "() => ", columns);
        const options = [...foreignKeyOptions(planned), ...deferral];
        return [withOptions("constraint.foreignKey", [columnsOf(model, constraint.columns), arrow], options)];
      }
      case "exclude": {
        const elements = constraint.elements.map(({ operator, ...key }) =>
          array([keyExpression(model, key, imports), text(stringText(operator))])
        );
        if (constraint.where !== undefined) imports.core("sql");
        return [withOptions("constraint.exclude", [array(elements)], [
          ...(constraint.method === "gist"
            ? []
            : [{ key: "using", value: text(stringText(constraint.method)) }]),
          ...(constraint.where === undefined
            ? []
            : [{ key: "where", value: sqlTemplate(unwrapped(rereadable(constraint.where))) }]),
          ...deferral,
          { key: "name", value: text(stringText(name)) },
        ])];
      }
      case "primary key":
      case "check":
        return [];
    }
  });
}

function withOptions(name: string, args: readonly Piece[], options: readonly Entry[]): Piece {
  return call(name, options.length === 0 ? args : [...args, object(options)]);
}

function keyExpression(model: ModelPlan, { expression, isColumn }: IndexKey, imports: Imports): Piece {
  const column = isColumn ? nameParts(expression)?.[0] : undefined;
  const property = column === undefined ? undefined : model.properties.get(column);
  if (property !== undefined) return text(`t.${property}`);
  imports.core("sql");
  return sqlTemplate(unwrapped(rereadable(expression)));
}

function indexSources(model: ModelPlan, { imports, note }: PartContext): readonly Piece[] {
  const taken = new Set<string>();
  return model.indexes.filter(hasIndexForm).map((index) => {
    imports.core("index");
    if (!index.isValid) {
      note(
        `${model.key}, index "${index.name}": what built it has failed; it is written as if it were whole`,
      );
    }
    const calls: Piece[] = [];
    if (index.unique) calls.push(call("unique", []));
    if (index.nullsNotDistinct === true) calls.push(call("nullsNotDistinct", []));
    const parameters = Object.entries(index.parameters).map(([key, value]) => ({
      key: propertyKey(key),
      value: text(parameterText(value)),
    }));
    if (index.method !== "btree" || parameters.length > 0) {
      const method = text(stringText(index.method));
      calls.push(call("using", parameters.length === 0 ? [method] : [method, object(parameters)]));
    }
    if (index.include.length > 0) {
      calls.push(call("include", index.include.map((column) => text(`t.${model.properties.get(column)!}`))));
    }
    if (index.where !== undefined) {
      imports.core("sql");
      calls.push(call("where", [sqlTemplate(unwrapped(rereadable(index.where)))]));
    }
    if (index.name !== usualName(model, index, taken)) {
      calls.push(call("name", [text(stringText(index.name))]));
    }
    return chain(call("index", index.keys.map((key) => indexElement(model, key, imports))), calls);
  });
}

/** The name the ORM gives the index, which is taken only where it is the right one. */
function usualName({ object }: ModelPlan, { name, keys }: IndexObject, taken: Set<string>): string {
  const parts = keys.map(({ isColumn, expression }) => isColumn ? nameParts(expression)?.[0] ?? "" : "expr");
  const usual = indexName(object.name, parts, new Set(taken));
  if (usual === name) taken.add(name);
  return usual;
}

function indexElement(model: ModelPlan, key: IndexKey, imports: Imports): Piece {
  const expression = keyExpression(model, key, imports);
  const { order, nulls, collation, opclass, isColumn } = key;
  if (collation === undefined && opclass === undefined && (isColumn || (order ?? nulls) === undefined)) {
    if (order === undefined && nulls === undefined) return expression;
    const options = nulls === undefined ? [] : [object([{ key: "nulls", value: text(stringText(nulls)) }])];
    return call(`${expression.flat}.${order ?? "asc"}`, options);
  }
  imports.core("indexKey");
  const given: readonly (readonly [string, string | undefined])[] = [
    ["order", order],
    ["nulls", nulls],
    ["collation", collation === undefined ? undefined : simpleName(collation)],
    ["opclass", opclass === undefined ? undefined : opclassName(opclass)],
  ];
  const entries = given.flatMap(([option, value]) =>
    value === undefined ? [] : [{ key: option, value: text(stringText(value)) }]
  );
  return call("indexKey", [expression, object(entries)]);
}

function parameterText(value: string): string {
  if (/^-?\d{1,15}(\.\d{1,6})?$/.test(value) && String(Number(value)) === value) return value;
  return value === "true" || value === "false" ? value : stringText(value);
}
