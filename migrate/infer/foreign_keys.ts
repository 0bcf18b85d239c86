/**
 * How foreign keys are written: on their column, among the constraints, or as declarations.
 *
 * @module
 */
import type { ConstraintObject, ForeignKeyTableConstraint } from "../catalog/objects.ts";
import { type Entry, text } from "./layout.ts";
import { postgresName } from "./names.ts";
import { foreignKeysOf, type ModelPlan, type Plan, tableKey } from "./plan.ts";
import { stringText } from "./sql_text.ts";

/** A foreign key of a model. */
export interface ForeignKeyPlan {
  readonly object: ConstraintObject;
  readonly key: ForeignKeyTableConstraint;
  readonly source: ModelPlan;
  /** `undefined` where what it refers to has no model. */
  readonly target: ModelPlan | undefined;
  /** `references` on the column, `constraint` in the option, `declared` beside the model. */
  readonly form: "references" | "constraint" | "declared";
  /** Whether the models refer to each other, so that the compiler needs a type: that of the column's values. */
  readonly circular: boolean;
}

/** The type of a column's values as source; `undefined` where it has no name. */
export type ValueTypeOf = (model: ModelPlan, column: string) => string | undefined;

/**
 * Decides how each foreign key is written.
 *
 * @param plan The plan.
 * @param valueType The type of a column's values.
 * @returns The foreign keys of each model, by the model's key, in the order of their names.
 */
export function planForeignKeys(
  plan: Plan,
  valueType: ValueTypeOf,
): ReadonlyMap<string, readonly ForeignKeyPlan[]> {
  const components = circlesOf(plan);
  return new Map([...plan.models.values()].map((source) => {
    const referring = new Set<string>();
    const keys = foreignKeysOf(source).map(([object, key]): ForeignKeyPlan => {
      const target = plan.models.get(tableKey(key.target));
      const circular = target !== undefined && components.get(target) === components.get(source);
      const facts = { object, key, source, target, circular };
      if (target === undefined || !hasForm(object, key)) return { ...facts, form: "declared" };
      const [column] = key.columns;
      if (key.columns.length === 1 && !referring.has(column) && canReference(facts, target, valueType)) {
        referring.add(column);
        return { ...facts, form: "references" };
      }
      return { ...facts, form: "constraint" };
    });
    return [source.key, keys];
  }));
}

function hasForm(object: ConstraintObject, key: ForeignKeyTableConstraint): boolean {
  return object.isValid && object.isEnforced !== false && key.match === undefined &&
    key.onDeleteColumns === undefined && key.period !== true;
}

/** Whether the compiler sees that the columns are of one type. */
function canReference(
  { key, source, circular }: Omit<ForeignKeyPlan, "form">,
  target: ModelPlan,
  valueType: ValueTypeOf,
): boolean {
  const [from] = source.object.columns.filter(({ name }) => name === key.columns[0]);
  const [to] = target.object.columns.filter(({ name }) => name === key.targetColumns[0]);
  if (from === undefined || to === undefined || !to.notNull) return false;
  const [own, their] = [valueType(source, from.name), valueType(target, to.name)];
  if (circular && own === undefined) return false;
  return own === undefined ? from.type === to.type : own === their;
}

/** The options of a foreign key but for when it is checked. */
export function foreignKeyOptions({ key, object: constraint, source }: ForeignKeyPlan): readonly Entry[] {
  const usual = postgresName(source.object.name, key.columns.join("_"), "fkey");
  return [
    ...(key.onDelete === "no action" ? [] : [{ key: "onDelete", value: text(stringText(key.onDelete)) }]),
    ...(key.onUpdate === "no action" ? [] : [{ key: "onUpdate", value: text(stringText(key.onUpdate)) }]),
    ...(constraint.name === usual ? [] : [{ key: "name", value: text(stringText(constraint.name)) }]),
  ];
}

/** The number of the circle each model is in: Tarjan's strongly connected components. */
function circlesOf(plan: Plan): ReadonlyMap<ModelPlan, number> {
  const component = new Map<ModelPlan, number>();
  const order = new Map<ModelPlan, number>();
  const low = new Map<ModelPlan, number>();
  const stack: ModelPlan[] = [];
  const targetsOf = (model: ModelPlan): readonly ModelPlan[] =>
    foreignKeysOf(model).flatMap(([, { target }]) => plan.models.get(tableKey(target)) ?? []);
  const close = (model: ModelPlan): void => {
    if (low.get(model) !== order.get(model)) return;
    const number = order.get(model)!;
    for (let member = stack.pop(); member !== undefined; member = stack.pop()) {
      component.set(member, number);
      if (member === model) break;
    }
  };
  // Without recursion, since a schema can be one long chain.
  for (const root of plan.models.values()) {
    if (order.has(root)) continue;
    const path: { readonly model: ModelPlan; readonly rest: ModelPlan[] }[] = [];
    const enter = (model: ModelPlan): void => {
      order.set(model, order.size);
      low.set(model, order.get(model)!);
      stack.push(model);
      path.push({ model, rest: [...targetsOf(model)] });
    };
    enter(root);
    while (path.length > 0) {
      const { model, rest } = path.at(-1)!;
      const target = rest.pop();
      if (target === undefined) {
        close(model);
        path.pop();
        const parent = path.at(-1)?.model;
        if (parent !== undefined) low.set(parent, Math.min(low.get(parent)!, low.get(model)!));
      } else if (!order.has(target)) {
        enter(target);
      } else if (!component.has(target)) {
        low.set(model, Math.min(low.get(model)!, order.get(target)!));
      }
    }
  }
  return component;
}
