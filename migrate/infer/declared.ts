/**
 * What has no form in a model, as the statements that create it.
 *
 * @module
 */
import type {
  CatalogObject,
  ConstraintObject,
  DomainObject,
  ObjectKey,
  PolicyObject,
  SequenceObject,
  TableColumn,
} from "../catalog/objects.ts";
import { inheritedColumnSteps } from "../diff/inherited_columns.ts";
import type { Step } from "../steps/step.ts";
import { splitStatements } from "../files/statement.ts";
import { writeStep } from "../steps/write_step.ts";
import { hasConstraintForm, hasIndexForm } from "./constraint_source.ts";
import type { ForeignKeyPlan } from "./foreign_keys.ts";
import { postgresName } from "./names.ts";
import { homeKey, isSerial, type ModelPlan, ownerKey, type Plan, tableKey } from "./plan.ts";
import { rereadable, simpleName } from "./sql_text.ts";
import type { PlannedTriggers } from "./trigger_source.ts";

/** Statements that belong together. */
export interface Declared {
  /** What they are for, where the statements do not say it. */
  readonly comment?: string;
  readonly statements: readonly string[];
}

/** What the source says already. */
export interface Written {
  /** The keys of types that have a constant. */
  readonly types: ReadonlySet<ObjectKey>;
  /** The names of schemas that the models' creation makes. */
  readonly schemas: ReadonlySet<string>;
  readonly foreignKeys: ReadonlyMap<string, readonly ForeignKeyPlan[]>;
  readonly triggers: PlannedTriggers;
}

/**
 * Finds what has to be declared.
 *
 * @param plan The plan.
 * @param written What the source says already.
 * @param note Takes what a person is to know.
 */
export function declarationsOf(
  plan: Plan,
  written: Written,
  note: (text: string) => void,
): readonly Declared[] {
  const version = plan.catalog.serverVersion;
  const write = (...steps: readonly Step[]): readonly string[] =>
    steps.flatMap((step) => {
      const isBody = step.kind === "create" && step.object.kind === "function";
      return writeStep(step, version).map(({ text }) => isBody ? text : rereadable(text));
    });
  const tables = new Map(
    plan.objects.flatMap(([, object]) =>
      object.kind === "table" ? [[tableKey(object), object] as const] : []
    ),
  );
  const result: Declared[] = [];
  const first: Declared[] = [];
  for (const [key, object] of plan.objects) {
    if (plan.isPartial && UNUSED.has(object.kind) && !written.types.has(key)) continue;
    const statements: string[] = [];
    const model = plan.models.get(homeKey(object) ?? "");
    switch (object.kind) {
      case "schema":
        if (object.name === "public") break;
        if (!written.schemas.has(object.name)) statements.push(...write(created(object)));
        else if (object.comment !== undefined) statements.push(...write(commented(object)));
        break;
      case "extension":
        if (object.name !== "plpgsql") statements.push(...write(created(object)));
        break;
      case "enum":
      case "composite":
        if (!written.types.has(key)) statements.push(...write(created(object)));
        else if (object.comment !== undefined) statements.push(...write(commented(object)));
        break;
      case "domain":
        if (!written.types.has(key)) statements.push(...write(created(object)));
        else statements.push(...write(...domainSteps(object)));
        break;
      case "sequence":
        statements.push(...sequenceStatements(object, plan, write));
        break;
      case "table":
      case "view":
      case "materialized view":
        if (model !== undefined) statements.push(...modelStatements(model, write));
        else {
          const own = object.kind === "table"
            ? inheritedColumnSteps(object, (name) => tables.get(tableKey(name)))
            : [];
          statements.push(...write(created(object), ...own));
        }
        break;
      case "constraint": {
        if (object.inherited === true) break;
        if (model === undefined) statements.push(...write(created(object)));
        else {
          const texts = constraintStatements(model, object, { written, write });
          const { constraint } = object;
          if (constraint.type === "foreign key" && !tables.has(tableKey(constraint.target))) {
            const { schema = "public", name } = constraint.target;
            note(
              `${key} refers to ${schema}.${name}, which is not inferred: where this is compared, that must be there`,
            );
          }
          // A primary key is replaced before anything refers to it.
          if (object.constraint.type === "primary key" && texts.length > 0) first.push({ statements: texts });
          else statements.push(...texts);
        }
        break;
      }
      case "index":
        if (object.inherited === true) break;
        if (model === undefined || !isCreated(model) || !hasIndexForm(object)) {
          statements.push(...write(created(object)));
        } else if (object.comment !== undefined) statements.push(...write(commented(object)));
        break;
      case "policy":
        if (model === undefined || !isPolicyOfModel(object, model)) {
          statements.push(...write(created(object)));
        } else if (object.comment !== undefined) statements.push(...write(commented(object)));
        break;
      case "trigger":
        if (object.inherited === true) break;
        if (!written.triggers.triggers.has(object)) statements.push(...write(created(object)));
        else if (object.comment !== undefined) statements.push(...write(commented(object)));
        break;
      case "opaque":
        if (object.definition !== undefined) {
          statements.push(
            ...write(created(object)).flatMap((text) => splitStatements(text).map(({ text }) => text)),
          );
        } else note(`${key} cannot be told as SQL by PostgreSQL and is left out: declare it by hand`);
        break;
      case "function":
        if (!written.triggers.functions.has(object)) statements.push(...write(created(object)));
        else if (object.comment !== undefined) statements.push(...write(commented(object)));
        break;
      case "collation":
      case "range":
      case "statistics":
        statements.push(...write(created(object)));
        break;
      default:
        throw new TypeError(`BUG: ${JSON.stringify(object satisfies never)}`);
    }
    // What is made by a model has its settings beside it.
    const settings = (object.settings ?? []).map(({ set }) => rereadable(set));
    statements.push(...settings.filter((setting) => !statements.includes(setting)));
    if (statements.length > 0) result.push({ statements });
  }
  return [...first, ...result];
}

/** Kinds of types that stand in models where they are used. */
const UNUSED: ReadonlySet<CatalogObject["kind"]> = new Set(["enum", "composite", "domain"]);

/** Whether the models' creation makes it; views with parameters cannot be told by a query alone. */
export function isCreated({ object }: ModelPlan): boolean {
  if (object.kind === "table") return true;
  const isPlain = Object.keys(object.parameters).length === 0;
  if (object.kind === "view") {
    return isPlain && object.columns.every((column) => column.default === undefined);
  }
  return isPlain && object.accessMethod === undefined;
}

/** Whether a policy stands in its model: it has a condition, and the table's row security is on. */
export function isPolicyOfModel({ using, check }: PolicyObject, { object }: ModelPlan): boolean {
  return object.kind === "table" && object.rowSecurity !== undefined && (using ?? check) !== undefined;
}

/** Whether a model has a form for a domain: its type, a default, a collation; the rest is added by declarations. */
export function hasDomainForm({ collation }: DomainObject): boolean {
  return collation === undefined || simpleName(collation) !== undefined;
}

/** The condition of a domain that stands in the model: the one PostgreSQL would name so. */
export function domainCheck({ name, checks }: DomainObject): DomainObject["checks"][number] | undefined {
  return checks.find((check) => check.isValid && check.name === postgresName(name, "", "check"));
}

type Write = (...steps: readonly Step[]) => readonly string[];

function created(object: CatalogObject): Step {
  return object.kind === "schema" || object.kind === "extension"
    ? { kind: "create", object, ifNotExists: true }
    : { kind: "create", object };
}

function commented(object: CatalogObject): Step {
  return { kind: "comment", object, to: object.comment! };
}

function domainSteps(object: DomainObject): readonly Step[] {
  const inModel = domainCheck(object);
  return [
    ...(object.notNull
      ? [{ kind: "type", object, change: { type: "domain not null", to: true } } as const]
      : []),
    ...object.checks.filter((check) => check !== inModel).map((check) =>
      ({ kind: "type", object, change: { type: "add check", check } }) as const
    ),
    ...(object.comment === undefined ? [] : [commented(object)]),
  ];
}

/** A sequence is there before the table whose default uses it, so that its owner is set apart. */
function sequenceStatements(sequence: SequenceObject, plan: Plan, write: Write): readonly string[] {
  const { ownedBy, ...free } = sequence;
  if (ownedBy === undefined) return write(created(sequence));
  const { schema, table: name, column } = ownedBy;
  const table = schema === undefined ? { name } : { schema, name };
  const model = plan.models.get(homeKey({ kind: "table", ...table } as CatalogObject)!);
  const owner = model?.object.columns.find((one) => one.name === column);
  const isOwn = plan.owned.get(ownerKey(table, column)) === sequence;
  if (owner !== undefined && isOwn && isSerial(table, owner, sequence)) {
    return sequence.comment === undefined ? [] : write(commented(sequence));
  }
  return [...write(created(free)), ...write({ kind: "sequence", from: free, to: sequence })];
}

function modelStatements(model: ModelPlan, write: Write): readonly string[] {
  const { object } = model;
  if (!isCreated(model)) return write(created(object));
  if (object.kind !== "table") return [];
  const table = object.schema === undefined
    ? { name: object.name }
    : { schema: object.schema, name: object.name };
  const steps: Step[] = [];
  if (object.unlogged === true) steps.push({ kind: "table", table, change: { type: "logged", to: false } });
  if (Object.keys(object.parameters).length > 0) {
    steps.push({ kind: "table", table, change: { type: "parameters", from: {}, to: object.parameters } });
  }
  if (object.replicaIdentity !== undefined) {
    const change = { type: "replica identity", from: undefined, to: object.replicaIdentity } as const;
    steps.push({ kind: "table", table, change });
  }
  return [...write(...steps), ...object.columns.flatMap((column) => columnStatements(model, column, write))];
}

function columnStatements(model: ModelPlan, column: TableColumn, write: Write): readonly string[] {
  const { schema, name } = model.object;
  const table = schema === undefined ? { name } : { schema, name };
  const { type, collation, storage, compression, statistics, notNullName } = column;
  const steps: Step[] = [];
  const add = (change: Extract<Step, { kind: "column" }>["change"]): number =>
    steps.push({ kind: "column", table, column: column.name, change });
  if (collation !== undefined && simpleName(collation) === undefined) {
    add({ type: "type", from: { type }, to: { type, collation } });
  }
  if (storage !== undefined) add({ type: "storage", to: storage });
  if (compression !== undefined) add({ type: "compression", to: compression });
  if (statistics !== undefined) add({ type: "statistics", to: statistics });
  if (notNullName !== undefined && column.notNull) {
    const usual = postgresName(name, column.name, "not_null");
    steps.push({ kind: "rename", object: namedConstraint(model, usual), to: notNullName });
  }
  return write(...steps);
}

/** A constraint as far as a rename has to know it. */
function namedConstraint({ object: { schema, name: table } }: ModelPlan, name: string): ConstraintObject {
  return {
    kind: "constraint",
    ...(schema === undefined ? {} : { schema }),
    table,
    name,
    dependsOn: [],
    isValid: true,
    constraint: { type: "check", condition: "true" },
  };
}

function constraintStatements(
  model: ModelPlan,
  object: ConstraintObject,
  { written, write }: { readonly written: Written; readonly write: Write },
): readonly string[] {
  const comments = object.comment === undefined ? [] : write(commented(object));
  const { constraint } = object;
  if (constraint.type === "foreign key") {
    const planned = written.foreignKeys.get(model.key)?.find((one) => one.object === object);
    return planned?.form === "declared" ? write(created(object)) : comments;
  }
  if (constraint.type !== "primary key") return hasConstraintForm(object) ? comments : write(created(object));
  const usual = { ...object, name: postgresName(model.object.name, "", "pkey") };
  if (!hasConstraintForm(object)) {
    const { comment: _, ...bare } = usual;
    return write({ kind: "drop", object: bare }, created(object));
  }
  if (usual.name === object.name) return comments;
  return [...write({ kind: "rename", object: usual, to: object.name }), ...comments];
}
