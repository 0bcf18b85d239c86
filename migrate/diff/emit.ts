/**
 * The plan of a comparison as steps in an order that runs.
 *
 * Each object has at most a node that drops it, one that changes it and one that creates it; a table that stays has one
 * for each stage of its columns.
 *
 * @module
 */
import {
  type CatalogObject,
  type ConstraintObject,
  OBJECT_KINDS,
  type ObjectKey,
  type SequenceObject,
  type TableColumn,
  type TableName,
  type TableObject,
} from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";
import { baseType, isNameOf, isTypeLike, qualified } from "./compare_objects.ts";
import {
  columnSteps,
  continueCounting,
  parentsOf,
  type Stage,
  STAGES,
  type TableContext,
  type TableDifference,
  tableSteps,
} from "./compare_tables.ts";
import { type Dependencies, isRelation } from "./dependencies.ts";
import type { DiffPlan } from "./plan.ts";
import { isEqual } from "./equal.ts";
import { StepGraph } from "./step_graph.ts";

const drop = (key: ObjectKey): string => `drop ${key}`;
const create = (key: ObjectKey): string => `create ${key}`;
const alter = (key: ObjectKey): string => `alter ${key}`;
const stage = (key: ObjectKey, name: Stage | "detach" | "attach" | "late"): string => `stage ${name} ${key}`;
const disown = (key: ObjectKey): string => `disown ${key}`;
const own = (key: ObjectKey): string => `own ${key}`;

/** The stages in which a table gets what it is to have. */
const TAKING: readonly Stage[] = ["type", "add", "set", "compute"];

/** The steps of a plan, in order. */
export function planSteps(plan: DiffPlan): readonly Step[] {
  const steps = new Emitter(plan).steps();
  // A label that was added cannot be used in the transaction that adds it.
  const text = JSON.stringify(steps, (_, value) => typeof value === "bigint" ? String(value) : value);
  return steps.map((step) => {
    if (step.kind !== "type" || step.change.type !== "add label") return step;
    const isUsed = text.includes(JSON.stringify(`'${step.change.label.replaceAll("'", "''")}'`).slice(1, -1));
    return isUsed ? { ...step, change: { ...step.change, isApart: true } } : step;
  });
}

class Emitter {
  readonly #plan: DiffPlan;
  readonly #graph = new StepGraph();
  readonly #gone = new Map<ObjectKey, CatalogObject>();
  readonly #made = new Map<ObjectKey, CatalogObject>();

  constructor(plan: DiffPlan) {
    this.#plan = plan;
    for (const [key, object] of plan.dropped) this.#gone.set(key, object);
    for (const [key, object] of plan.created) this.#made.set(key, object);
    for (const [key, { from, to }] of plan.replaced) {
      this.#gone.set(key, from);
      this.#made.set(key, to);
    }
  }

  steps(): readonly Step[] {
    this.#addDrops();
    this.#addAlterations();
    for (const [key, difference] of this.#plan.tables) this.#addTable(key, difference);
    this.#addCreations();
    this.#addSequenceOwners();
    this.#addComments();
    this.#orderDrops();
    this.#orderCreations();
    for (const [key, difference] of this.#plan.tables) {
      const isChanged = ([...STAGES, "detach", "attach"] as const).some((name) =>
        this.#graph.has(stage(key, name))
      );
      if (isChanged) this.#orderTable(key, difference);
    }
    this.#orderNames();
    return this.#graph.sorted();
  }

  #addDrops(): void {
    for (const [key, object] of byKind(this.#gone).reverse()) {
      if (object.kind === "constraint" && this.#isWithTable(object, key, this.#gone, this.#plan.before)) {
        continue;
      }
      if (object.kind === "enum" && this.#plan.replaced.has(key)) {
        const aside = { ...object, name: asideName(object.name) };
        this.#graph.add(`aside ${key}`, "alter", { kind: "rename", object, to: aside.name });
        this.#graph.add(drop(key), "alter", { kind: "drop", object: aside });
        continue;
      }
      const constraints = object.kind === "table"
        ? this.#constraintsWith(key, this.#gone, this.#plan.before)
        : [];
      this.#graph.add(drop(key), "drop", {
        kind: "drop",
        object: object.kind === "sequence" ? { ...object, ownedBy: undefined } : object,
        ...constraints.length === 0 ? {} : { constraints: constraints.map(([, one]) => one) },
      });
      for (const [constraint] of constraints) this.#graph.alias(drop(constraint), drop(key));
    }
  }

  #addCreations(): void {
    for (const [key, object] of byKind(this.#made)) {
      if (object.kind === "constraint" && this.#isWithTable(object, key, this.#made, this.#plan.after)) {
        continue;
      }
      const constraints = object.kind === "table"
        ? this.#constraintsWith(key, this.#made, this.#plan.after)
        : [];
      this.#graph.add(create(key), "create", {
        kind: "create",
        object: object.kind === "sequence"
          ? { ...object, ownedBy: undefined }
          : "inherited" in object
          ? { ...object, inherited: undefined } as CatalogObject
          : object,
        ...constraints.length === 0 ? {} : { constraints: constraints.map(([, one]) => one) },
      });
      for (const [constraint] of constraints) this.#graph.alias(create(constraint), create(key));
      if (object.kind === "table" && typeof object.replicaIdentity === "object") {
        const { schema, name, replicaIdentity } = object;
        this.#graph.add(stage(key, "late"), "finish", {
          kind: "table",
          table: { schema, name },
          change: { type: "replica identity", from: undefined, to: replicaIdentity },
        });
        this.#lateAfterIndexes(key, object);
      }
    }
  }

  #addAlterations(): void {
    for (const [key, steps] of this.#plan.altered) this.#graph.add(alter(key), "alter", ...steps);
  }

  /** Whether a constraint is written with its table. */
  #isWithTable(
    object: ConstraintObject,
    key: ObjectKey,
    among: ReadonlyMap<ObjectKey, CatalogObject>,
    dependencies: Dependencies,
  ): boolean {
    const table = dependencies.relation({ schema: object.schema, name: object.table });
    if (table === undefined || !among.has(table)) return false;
    const { constraint } = object;
    if (constraint.type === "foreign key") return false;
    // Two keys of the same columns in `create table` are one.
    const keys = keysOf(constraint);
    const isTwice = constraint.type !== "primary key" && keys !== undefined &&
      [...dependencies.of(table)].some((one) => {
        const other = one === key ? undefined : among.get(one);
        return other?.kind === "constraint" && other.table === object.table &&
          isEqual(keysOf(other.constraint), keys);
      });
    return !isTwice &&
      ![...dependencies.needs(key)].some((need) =>
        need !== table && among.has(need) && dependencies.reaches(need, table)
      );
  }

  #constraintsWith(
    table: ObjectKey,
    among: ReadonlyMap<ObjectKey, CatalogObject>,
    dependencies: Dependencies,
  ): [ObjectKey, ConstraintObject][] {
    const found: [ObjectKey, ConstraintObject][] = [];
    for (const key of dependencies.of(table)) {
      const object = among.get(key);
      if (object?.kind !== "constraint") continue;
      if (dependencies.relation({ schema: object.schema, name: object.table }) !== table) continue;
      if (this.#isWithTable(object, key, among, dependencies)) found.push([key, object]);
    }
    return found.sort(([a], [b]) => a < b ? -1 : 1);
  }

  #addTable(key: ObjectKey, difference: TableDifference): void {
    const { from, to } = difference;
    if (difference.columns.size === 0 && isEqual(from, to)) return;
    const graph = this.#graph;
    const stages = columnSteps(difference, this.#context(key));
    for (const name of STAGES) {
      const steps = stages.get(name);
      if (steps !== undefined) graph.add(stage(key, name), "alter", ...steps);
    }
    const table: TableName = { schema: to.schema, name: to.name };
    const { steps, late } = tableSteps(difference);
    if (steps.length > 0) graph.add(stage(key, "set"), "alter", ...steps);
    if (late.length > 0) {
      graph.add(stage(key, "late"), "finish", ...late);
      this.#lateAfterIndexes(key, to);
    }
    if (!difference.isMoved) return;
    if (!isEqual(from.partitionOf, to.partitionOf)) {
      if (from.partitionOf !== undefined) {
        graph.add(stage(key, "detach"), "drop", {
          kind: "table",
          table: from.partitionOf.table,
          change: { type: "detach", partition: table, bound: from.partitionOf.bound },
        });
      }
      if (to.partitionOf !== undefined) {
        graph.add(stage(key, "attach"), "create", {
          kind: "table",
          table: to.partitionOf.table,
          change: { type: "attach", partition: table, bound: to.partitionOf.bound },
        });
      }
    }
    const [old, next] = [from.inherits ?? [], to.inherits ?? []];
    const kept = next.filter((name) => old.some((other) => isEqual(name, other)));
    if (kept.length < old.length) {
      graph.add(stage(key, "detach"), "drop", {
        kind: "table",
        table,
        change: { type: "inherit", from: old, to: kept },
      });
    }
    if (kept.length < next.length) {
      graph.add(stage(key, "attach"), "create", {
        kind: "table",
        table,
        change: { type: "inherit", from: kept, to: next },
      });
    }
  }

  #lateAfterIndexes(key: ObjectKey, table: TableObject): void {
    if (typeof table.replicaIdentity !== "object") return;
    for (const one of this.#plan.after.of(key)) {
      this.#graph.after(stage(key, "late"), create(one), alter(one));
    }
  }

  #context(key: ObjectKey): TableContext {
    const { from, to, replaced, after } = this.#plan;
    return {
      hasHeirs: [...after.of(key)].some((one) => {
        const object = to.objects.get(one);
        return object?.kind === "table" && object.inherits !== undefined;
      }),
      serverVersion: to.serverVersion,
      baseBefore: (type) => baseType(type, from),
      baseAfter: (type) => baseType(type, to),
      detour: (column) => this.#detour(column, [...replaced.values()].map((one) => one.from)),
      source: (type) => {
        for (const { from: object } of replaced.values()) {
          if (object.kind !== "enum" || !isNameOf(type, object)) continue;
          const aside = qualified({ schema: object.schema, name: asideName(object.name) });
          return type.endsWith("[]") ? `${aside}[]` : aside;
        }
        return type;
      },
    };
  }

  /** What a column is while its type or its collation is not there. */
  #detour(
    { type, collation }: TableColumn,
    replaced: readonly CatalogObject[],
  ): Pick<TableColumn, "type" | "collation"> | undefined {
    for (const object of replaced) {
      if (object.kind === "collation" && collation !== undefined && isNameOf(collation, object)) {
        return { type };
      }
      if (!isTypeLike(object) || object.kind === "enum" || !isNameOf(type, object)) continue;
      const isArray = type.endsWith("[]");
      if (object.kind === "domain" && !isArray) {
        const base = baseType(object.type, this.#plan.from);
        const isThere = replaced.some((other) => other.kind === "enum" && isNameOf(base, other));
        return { type: isThere ? "text" : base };
      }
      return { type: isArray ? "text[]" : "text" };
    }
    return undefined;
  }

  #addSequenceOwners(): void {
    const owned = (from: SequenceObject, to: SequenceObject): Step => ({ kind: "sequence", from, to });
    for (const [key, object] of this.#plan.from.objects) {
      if (object.kind !== "sequence" || object.ownedBy === undefined || this.#plan.kept.has(key)) continue;
      const next = this.#plan.to.objects.get(key);
      if (next?.kind === "sequence" && isEqual(object.ownedBy, next.ownedBy) && !this.#gone.has(key)) {
        continue;
      }
      this.#graph.add(disown(key), "drop", owned(object, { ...object, ownedBy: undefined }));
      this.#graph.after(drop(key), disown(key));
      this.#graph.after(alter(key), disown(key));
      const table = this.#plan.before.relation({ schema: object.ownedBy.schema, name: object.ownedBy.table });
      if (table === undefined) continue;
      this.#graph.after(drop(table), disown(key));
      for (const name of STAGES) this.#graph.after(stage(table, name), disown(key));
    }
    for (const [key, object] of this.#plan.to.objects) {
      if (object.kind !== "sequence" || object.ownedBy === undefined) continue;
      const old = this.#plan.from.objects.get(key);
      if (old?.kind === "sequence" && isEqual(object.ownedBy, old.ownedBy) && !this.#made.has(key)) continue;
      const { schema, table: name, column } = object.ownedBy;
      const table = this.#plan.after.relation({ schema, name });
      if (table === undefined) continue;
      this.#graph.add(own(key), "create", owned({ ...object, ownedBy: undefined }, object));
      this.#graph.after(own(key), create(key), alter(key), create(table));
      for (const stageName of TAKING) this.#graph.after(own(key), stage(table, stageName));
      const before = this.#plan.from.objects.get(table);
      const isOld = before?.kind === "table" && before.columns.some((one) => one.name === column) &&
        !this.#gone.has(table);
      const isCounting = before?.kind === "table" &&
        before.columns.some((one) => one.name === column && one.default?.includes("nextval(") === true);
      if (isOld && !isCounting && this.#made.has(key)) {
        this.#graph.add(own(key), "create", continueCounting({ schema, name }, column, object.increment));
      }
    }
  }

  #addComments(): void {
    for (const [key, to] of this.#plan.to.objects) {
      const from = this.#plan.from.objects.get(key);
      if (from === undefined || this.#made.has(key)) continue;
      const steps: Step[] = [];
      const isReplaced = this.#plan.altered.get(key)?.some(({ kind }) => kind === "replace") === true;
      const isParents = "inherited" in to && to.inherited === true;
      if (from.comment !== to.comment && !isReplaced && !isParents) {
        steps.push({ kind: "comment", object: to, from: from.comment, to: to.comment });
      }
      if (isRelation(from) && isRelation(to) && from.kind === to.kind) {
        const old = new Map(from.columns.map((column) => [column.name, column]));
        const difference = this.#plan.tables.get(key);
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
      this.#graph.add(`comment ${key}`, "finish", ...steps);
      this.#graph.after(`comment ${key}`, alter(key), ...STAGES.map((name) => stage(key, name)));
    }
  }

  #orderDrops(): void {
    const { before, replaced } = this.#plan;
    for (const key of this.#gone.keys()) {
      for (const dependent of before.of(key)) {
        const aside = `aside ${key}`;
        this.#graph.after(drop(key), drop(dependent), alter(dependent));
        this.#graph.after(aside, drop(dependent), `aside ${dependent}`);
        if (replaced.has(key) && !this.#graph.has(aside)) {
          this.#graph.after(drop(key), `aside ${dependent}`);
        }
      }
      if (this.#graph.has(`aside ${key}`)) {
        // So that the way back gives defaults to a type that has its name again.
        for (const dependent of before.of(key)) {
          this.#graph.after(`aside ${key}`, stage(dependent, "release"), stage(dependent, "drop"));
        }
        this.#graph.after(create(key), `aside ${key}`);
        this.#graph.after(drop(key), create(key));
      } else this.#graph.after(create(key), drop(key));
    }
    // What is dropped stands on what is there: it goes before that is changed.
    for (const key of this.#gone.keys()) {
      for (const need of before.needs(key)) {
        for (const name of STAGES) {
          if (name !== "release") this.#graph.after(stage(need, name), drop(key));
        }
        this.#graph.after(alter(need), drop(key));
      }
    }
    for (const [key, object] of this.#plan.dropped) {
      if (object.kind !== "schema") continue;
      for (const [other, one] of this.#gone) {
        if (one.schema === object.name) this.#graph.after(drop(key), drop(other));
      }
    }
  }

  #needsAfter(key: ObjectKey): Iterable<ObjectKey> {
    return this.#plan.to.objects.has(key) ? this.#plan.after.needs(key) : this.#plan.before.needs(key);
  }

  #orderCreations(): void {
    const put = (id: string, key: ObjectKey): void => {
      for (const need of this.#needsAfter(key)) {
        this.#graph.after(id, create(need), alter(need), stage(need, "attach"));
        for (const name of TAKING) this.#graph.after(id, stage(need, name));
      }
      const schema = this.#plan.to.objects.get(key)?.schema;
      if (schema !== undefined) {
        this.#graph.after(id, create(`schema:${schema}`), create(`schema:"${schema}"`));
      }
    };
    for (const key of this.#made.keys()) {
      put(create(key), key);
    }
    for (const key of this.#plan.altered.keys()) put(alter(key), key);
  }

  #orderTable(key: ObjectKey, difference: TableDifference): void {
    const graph = this.#graph;
    const { before, replaced } = this.#plan;
    STAGES.forEach((name, index) => {
      graph.after(stage(key, name), stage(key, "detach"));
      for (const earlier of STAGES.slice(0, index)) graph.after(stage(key, name), stage(key, earlier));
      graph.after(stage(key, "attach"), stage(key, name));
    });
    graph.after(stage(key, "attach"), stage(key, "detach"));
    for (const need of before.needs(key)) {
      graph.after(
        drop(need),
        stage(key, "detach"),
        stage(key, "release"),
        stage(key, "detour"),
        stage(key, "drop"),
      );
      // An enum that is made anew is dropped when no column is of the old one.
      const kind = this.#gone.get(need)?.kind;
      if (kind === "function" || kind === "sequence") continue;
      if (!replaced.has(need) || graph.has(`aside ${need}`)) {
        graph.after(drop(need), stage(key, "type"), stage(key, "set"));
      }
    }
    for (const need of this.#needsAfter(key)) {
      const isType = isTypeLike(this.#plan.to.objects.get(need));
      for (const name of TAKING) {
        if (name !== "type" || isType) graph.after(stage(key, name), create(need), alter(need));
      }
      graph.after(stage(key, "attach"), create(need));
    }
    this.#orderFamily(key, difference);
  }

  /** A parent's steps come before its children's. */
  #orderFamily(key: ObjectKey, { from, to }: TableDifference): void {
    const graph = this.#graph;
    for (const name of parentsOf(from)) {
      const parent = this.#plan.before.relation(name);
      if (parent === undefined) continue;
      for (const one of STAGES) {
        graph.after(stage(parent, one), stage(key, "detach"));
        if (one === "set" || one === "add" || one === "compute") {
          graph.after(stage(key, one), stage(parent, one));
        }
        graph.after(stage(parent, one), stage(key, "release"));
      }
    }
    for (const name of parentsOf(to)) {
      const parent = this.#plan.after.relation(name);
      if (parent === undefined) continue;
      for (const one of STAGES) graph.after(stage(key, "attach"), stage(parent, one));
      // A bound is free when what had it has left.
      for (const [other, difference] of this.#plan.tables) {
        if (difference.isMoved) graph.after(stage(key, "attach"), stage(other, "detach"));
      }
      for (const part of this.#plan.after.of(key)) graph.after(stage(key, "attach"), create(part));
      for (const other of this.#plan.dropped.keys()) {
        if (this.#plan.before.needs(other).has(parent)) graph.after(stage(key, "attach"), drop(other));
      }
    }
  }

  /** What is created takes a name only when what had it has gone. */
  #orderNames(): void {
    const gone = new Map<string, ObjectKey[]>();
    for (const [key, object] of this.#gone) {
      const name = nameId(object);
      if (name !== undefined) gone.set(name, [...gone.get(name) ?? [], key]);
    }
    for (const [key, object] of this.#made) {
      for (const other of gone.get(nameId(object) ?? "") ?? []) {
        if (other !== key) this.#graph.after(create(key), drop(other));
      }
      // A partition takes its place when what was there has gone.
      if (object.kind === "table" && object.partitionOf !== undefined) {
        const parent = this.#plan.before.relation(object.partitionOf.table);
        for (const other of parent === undefined ? [] : this.#plan.before.of(parent)) {
          this.#graph.after(create(key), drop(other), stage(other, "detach"));
        }
      }
    }
  }
}

/** What the index of a constraint is of. */
function keysOf(constraint: ConstraintObject["constraint"]): unknown {
  if (constraint.type === "exclude") return constraint.elements;
  return constraint.type === "primary key" || constraint.type === "unique" ? constraint.columns : undefined;
}

function byKind(objects: ReadonlyMap<ObjectKey, CatalogObject>): [ObjectKey, CatalogObject][] {
  return [...objects].map((entry) => [OBJECT_KINDS.indexOf(entry[1].kind), entry] as const)
    .sort(([a, [one]], [b, [two]]) => a - b || (one < two ? -1 : 1))
    .map(([, entry]) => entry);
}

/** Tables, types, sequences, views and indexes share names in a schema. */
function nameId(object: CatalogObject): string | undefined {
  switch (object.kind) {
    case "table":
    case "view":
    case "materialized view":
    case "sequence":
    case "index":
    case "constraint":
    case "enum":
    case "domain":
    case "composite":
    case "range":
      return `${object.schema ?? ""}\0${object.name}`;
    // A call may be of two that differ only in their arguments.
    case "function":
      return `function ${object.schema ?? ""}\0${object.name}`;
    default:
      return undefined;
  }
}

/** The name of an enum while the new one has its own. */
function asideName(name: string): string {
  return `lifeguard_old_${[...name].slice(0, 12).join("")}_${hash(name)}`;
}

function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0)!, 0x01000193) >>> 0;
  return value.toString(36);
}
