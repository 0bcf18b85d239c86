/**
 * Relations on both sides of foreign keys, named by what they lead to.
 *
 * @module
 */
import type { ForeignKeyTableConstraint } from "../catalog/objects.ts";
import type { ForeignKeyPlan } from "./foreign_keys.ts";
import type { Imports } from "./imports.ts";
import { array, call, type Entry, member, object, type Piece, text } from "./layout.ts";
import { Names } from "./names.ts";
import type { ModelPlan, Plan } from "./plan.ts";
import { camelCase, pascalCase, plural, singular, wordsOf } from "./words.ts";

/** A relation of a model. */
interface RelationPlan {
  /** Names it may have, the best first. */
  readonly names: readonly string[];
  readonly value: Piece;
  readonly functionName: "belongsTo" | "hasMany" | "hasOne" | "manyToMany";
}

/** A foreign key between two models. */
interface Link extends ForeignKeyPlan {
  readonly target: ModelPlan;
  /** Whether there are others between the two. */
  readonly isOneOfSeveral: boolean;
  /** Pairs of columns, in the order of the target's primary key where that is what it refers to. */
  readonly pairs: readonly (readonly [from: string, to: string])[];
  /** Whether relations find the columns referred to by themselves. */
  readonly isPlain: boolean;
}

/**
 * The relations of each model.
 *
 * @param plan The plan.
 * @param foreignKeys The foreign keys by the model's key.
 * @param imports The imports of the file.
 * @returns The entries of `relations()`, by the model's key; models without relations are left out.
 */
export function relationEntries(
  plan: Plan,
  foreignKeys: ReadonlyMap<string, readonly ForeignKeyPlan[]>,
  imports: Imports,
): ReadonlyMap<string, readonly Entry[]> {
  const links = [...foreignKeys.values()].flat().flatMap((key) => linkOf(key, foreignKeys));
  const bySource = groupedBy(links, ({ source }) => source);
  const byTarget = groupedBy(links, ({ target }) => target);
  const pairs = [...bySource].flatMap(([through, own]) => isBetween(through, own) ? [own] : []);
  const result = new Map<string, readonly Entry[]>();
  for (const model of plan.models.values()) {
    const planned = [
      ...(bySource.get(model) ?? []).map(ownerRelation),
      ...(byTarget.get(model) ?? []).map(relatedRelation),
      ...pairs.flatMap(([one, other]) => [
        ...(one.target === model ? [betweenRelation(one, other)] : []),
        ...(other.target === model ? [betweenRelation(other, one)] : []),
      ]),
    ];
    if (planned.length === 0) continue;
    imports.core("relations");
    const names = new Names(model.properties.values());
    result.set(
      model.key,
      planned.map(({ names: candidates, value, functionName }) => {
        imports.core(functionName);
        return { key: names.take(candidates), value };
      }),
    );
  }
  return result;
}

function groupedBy<Value>(
  values: readonly Value[],
  of: (value: Value) => ModelPlan,
): Map<ModelPlan, Value[]> {
  const groups = new Map<ModelPlan, Value[]>();
  for (const value of values) {
    const group = groups.get(of(value)) ?? [];
    group.push(value);
    groups.set(of(value), group);
  }
  return groups;
}

function linkOf(
  plan: ForeignKeyPlan,
  foreignKeys: ReadonlyMap<string, readonly ForeignKeyPlan[]>,
): readonly Link[] {
  const { source, target, key, form } = plan;
  if (target === undefined) return [];
  const given = key.columns.map((column, at) => [column, key.targetColumns[at]] as const);
  const order = keyOrder(target);
  const isPrimary = isSame(key.targetColumns, order);
  const siblings = foreignKeys.get(source.key) ?? [];
  const isReferring = siblings.some((other) =>
    other.form === "references" && key.columns.includes(other.key.columns[0])
  );
  return [{
    ...plan,
    target,
    isOneOfSeveral: siblings.filter((other) => other.target === target).length > 1,
    pairs: isPrimary ? order.map((to) => given.find((pair) => pair[1] === to)!) : given,
    isPlain: form === "references" || (isPrimary && !isReferring),
  }];
}

/** The columns of a model's primary key in the order in which the model has them. */
function keyOrder({ object, primaryKey }: ModelPlan): readonly string[] {
  return orderedColumns(object.columns, primaryKey).filter((name) => primaryKey.includes(name));
}

/**
 * A table's columns with those of the primary key in its order, in the places these have: a model's key is in the order
 * of its columns.
 */
export function orderedColumns(
  columns: readonly { readonly name: string }[],
  primaryKey: readonly string[],
): readonly string[] {
  const rest = [...primaryKey];
  return columns.map(({ name }) => primaryKey.includes(name) ? rest.shift()! : name);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

function columnsOf(model: ModelPlan, columns: readonly string[]): Piece {
  const parts = columns.map((column) => member(model.name, model.properties.get(column)!));
  return parts.length === 1 ? parts[0] : array(parts);
}

/** The foreign key's own columns, as a relation takes them. */
function ownColumns({ source, pairs }: Link): Piece {
  return columnsOf(source, pairs.map(([from]) => from));
}

/** The option `key` where a relation would not find it. */
function keyOption({ target, pairs, isPlain }: Link, name = "key"): readonly Entry[] {
  return isPlain ? [] : [{ key: name, value: columnsOf(target, pairs.map(([, to]) => to)) }];
}

/** What a foreign key says its row is: `home team` of `home_team_id`. */
function roleOf({ key }: { readonly key: ForeignKeyTableConstraint }): readonly string[] {
  return key.columns.flatMap((column) => withoutId(wordsOf(column)));
}

function withoutId(words: readonly string[]): readonly string[] {
  return words.length > 1 && /^(id|uuid|fk|key)$/.test(words.at(-1)!) ? words.slice(0, -1) : words;
}

function endsWithId({ key }: Link): boolean {
  const words = wordsOf(key.columns[0]);
  return key.columns.length === 1 && withoutId(words).length < words.length;
}

function ownerRelation(link: Link): RelationPlan {
  const { source, target, isOneOfSeveral } = link;
  const role = roleOf(link);
  const one = singular(target.words);
  const names: string[] = [];
  if (endsWithId(link)) names.push(camelCase(role));
  else if (!isOneOfSeveral) names.push(source === target ? "parent" : camelCase(one));
  const usual = [...one, "by", ...role];
  const isTold = role.slice(-one.length).join() === one.join();
  if (link.key.columns.length > 1) names.push(camelCase(usual));
  else if (!isTold) names.push(camelCase([...role, ...one]));
  names.push(`${names.at(-1) ?? camelCase(role)}Row`);
  const options = keyOption(link);
  const args = [text(target.name), ownColumns(link), ...(options.length === 0 ? [] : [object(options)])];
  return { names, value: call("belongsTo", args), functionName: "belongsTo" };
}

function relatedRelation(link: Link): RelationPlan {
  const { source, target, isOneOfSeveral } = link;
  const isOne = isUnique(source, link.key.columns);
  const role = roleOf(link);
  const words = source === target ? ["child"] : source.words;
  const base = isOne ? singular(words) : plural(words);
  const byRole = camelCase([...base, "by", ...role]);
  const isNamedAsTarget = camelCase(role) === camelCase(singular(target.words));
  const plain = camelCase(base);
  const names = isOneOfSeveral && !isNamedAsTarget ? [byRole] : [plain, byRole];
  names.push(`${byRole}${isOne ? "Row" : "Rows"}`);
  const functionName = isOne ? "hasOne" : "hasMany";
  const options = keyOption(link);
  const args = [text(source.name), ownColumns(link), ...(options.length === 0 ? [] : [object(options)])];
  return { names, value: call(functionName, args), functionName };
}

/** Whether no two rows have the same values of these columns. */
function isUnique({ constraints, indexes }: ModelPlan, columns: readonly string[]): boolean {
  return constraints.some(({ constraint }) =>
    (constraint.type === "primary key" || constraint.type === "unique") &&
    constraint.withoutOverlaps !== true && isSame(constraint.columns, columns)
  ) || indexes.some(({ unique, where, keys, isValid }) =>
    unique && isValid && where === undefined && keys.every(({ isColumn }) =>
      isColumn
    ) &&
    isSame(keys.map(({ expression }) => expression.replace(/^"|"$/g, "")), columns)
  );
}

/** Whether a table pairs the rows of two others: two foreign keys, and each pair is there once. */
function isBetween(through: ModelPlan, links: readonly Link[]): links is [Link, Link] {
  if (links.length !== 2) return false;
  const [one, other] = links;
  const columns = [...one.key.columns, ...other.key.columns];
  return new Set(columns).size === columns.length && isUnique(through, columns) &&
    !isUnique(through, one.key.columns) && !isUnique(through, other.key.columns);
}

/** The rows at the other end of `to`, of the model that `from` refers to. */
function betweenRelation(from: Link, to: Link): RelationPlan {
  const through = from.source;
  const words = to.target === from.target ? roleOf(to) : to.target.words;
  const name = camelCase(plural(words));
  const value = call("manyToMany", [
    text(to.target.name),
    object([
      { key: "through", value: text(through.name) },
      { key: "from", value: ownColumns(from) },
      { key: "to", value: ownColumns(to) },
      ...keyOption(from, "fromKey"),
      ...keyOption(to, "toKey"),
    ]),
  ]);
  return {
    names: [name, `${name}Through${pascalCase(singular(through.words))}`],
    value,
    functionName: "manyToMany",
  };
}
