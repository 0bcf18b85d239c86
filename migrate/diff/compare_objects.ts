/**
 * How an object becomes another of the same key: not at all, by the finest steps PostgreSQL has, or only by dropping it
 * and creating it again. Tables are compared in `compare_tables.ts`.
 *
 * @module
 */
import type {
  Catalog,
  CatalogObject,
  CompositeObject,
  ConstraintObject,
  DomainObject,
  EnumObject,
  FunctionObject,
  IndexObject,
  MaterializedViewObject,
  OpaqueObject,
  PolicyObject,
  SequenceObject,
  StatisticsObject,
  TableColumn,
  TriggerObject,
  ViewObject,
} from "../catalog/objects.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { Step } from "../steps/step.ts";
import { isSameStatistics } from "./compare_statistics.ts";
import { comeIntoRange, literal } from "./continue_counting.ts";
import { isEqual } from "./equal.ts";

/** How one object becomes another: `undefined` where they are the same. */
export type Comparison = readonly Step[] | "replace" | "unknowable" | undefined;

/** What is compared by steps of its own, or never. */
const BASE: ReadonlySet<string> = new Set([
  "dependsOn",
  "comment",
  "inherited",
  "owner",
  "privileges",
  "settings",
]);

const but = (...fields: readonly string[]): ReadonlySet<string> => new Set([...BASE, ...fields]);

/**
 * Compares two objects of one kind and key, but for their comments.
 *
 * @param from What is there.
 * @param to What is to be.
 */
export function compareObjects(from: CatalogObject, to: CatalogObject): Comparison {
  switch (from.kind) {
    case "schema":
    case "extension":
    case "table":
      return undefined;
    case "collation":
    case "range":
      return isEqual(from, to, BASE) ? undefined : "replace";
    case "statistics":
      return isSameStatistics(from, to as StatisticsObject) ? undefined : "replace";
    case "enum":
      return compareEnums(from, to as EnumObject);
    case "domain":
      return compareDomains(from, to as DomainObject);
    case "composite":
      return compareComposites(from, to as CompositeObject);
    case "function":
      return compareFunctions(from, to as FunctionObject);
    case "sequence":
      return compareSequences(from, to as SequenceObject);
    case "constraint":
      return compareConstraints(from, to as ConstraintObject);
    case "view":
      return compareViews(from, to as ViewObject);
    case "materialized view":
      return compareMaterializedViews(from, to as MaterializedViewObject);
    case "index":
      return compareIndexes(from, to as IndexObject);
    case "trigger":
      return compareTriggers(from, to as TriggerObject);
    case "policy":
      return comparePolicies(from, to as PolicyObject);
    case "opaque":
      return compareOpaque(from, to as OpaqueObject);
    default:
      throw new TypeError(`BUG: no comparison for ${JSON.stringify(from satisfies never)}`);
  }
}

function compareEnums(from: EnumObject, to: EnumObject): Comparison {
  if (isEqual(from.labels, to.labels)) return undefined;
  const kept = to.labels.filter((label) => from.labels.includes(label));
  if (!isEqual(kept, from.labels)) return "replace";
  const there = [...from.labels];
  const steps: Step[] = [];
  to.labels.forEach((label, index) => {
    if (there[index] === label) return;
    const place = index > 0 ? { after: to.labels[index - 1] } : there.length > 0 ? { before: there[0] } : {};
    there.splice(index, 0, label);
    steps.push({
      kind: "type",
      object: { ...to, labels: [...there] },
      change: { type: "add label", label, ...place },
    });
  });
  return steps;
}

function compareDomains(from: DomainObject, to: DomainObject): Comparison {
  if (from.type !== to.type || from.collation !== to.collation) return "replace";
  const steps: Step[] = [];
  const name = qualified(to);
  const added: Step[] = [];
  for (const check of from.checks) {
    const same = to.checks.find((other) => other.name === check.name);
    if (same?.condition === check.condition && (same.isValid || !check.isValid)) {
      if (same.isValid && !check.isValid) {
        added.push({
          kind: "sql",
          text: `alter domain ${name} validate constraint ${quoteIdentifier(check.name)};`,
          down: "",
        });
      }
      continue;
    }
    steps.push({ kind: "type", object: to, change: { type: "drop check", check } });
    if (same !== undefined) {
      added.push({ kind: "type", object: to, change: { type: "add check", check: same } });
    }
  }
  if (from.default !== to.default) {
    steps.push({
      kind: "type",
      object: to,
      change: { type: "domain default", from: from.default, to: to.default },
    });
  }
  if (from.notNull !== to.notNull) {
    steps.push({ kind: "type", object: to, change: { type: "domain not null", to: to.notNull } });
  }
  for (const check of to.checks) {
    if (!from.checks.some((other) => other.name === check.name)) {
      added.push({ kind: "type", object: to, change: { type: "add check", check } });
    }
  }
  return found([...steps, ...added]);
}

function compareComposites(from: CompositeObject, to: CompositeObject): Comparison {
  if (isEqual(from.attributes, to.attributes)) return undefined;
  const kept = from.attributes.filter((attribute) =>
    to.attributes.some(({ name }) => name === attribute.name)
  );
  if (!isEqual(kept, to.attributes.slice(0, kept.length))) return "replace";
  const steps: Step[] = [];
  const alter = `alter type ${qualified(to)}`;
  const adding = ({ name, type, collation }: CompositeObject["attributes"][number]): string =>
    `${alter} add attribute ${quoteIdentifier(name)} ${type}${
      collation === undefined ? "" : ` collate ${collation}`
    };`;
  const dropping = ({ name }: CompositeObject["attributes"][number]): string =>
    `${alter} drop attribute ${quoteIdentifier(name)};`;
  for (const attribute of from.attributes) {
    if (kept.includes(attribute)) continue;
    // Dropped from the end only: added again it would stand somewhere else.
    if (from.attributes.indexOf(attribute) < kept.length) return "replace";
    steps.push({ kind: "sql", text: dropping(attribute), down: adding(attribute) });
  }
  steps.reverse();
  for (const attribute of to.attributes.slice(kept.length)) {
    steps.push({ kind: "sql", text: adding(attribute), down: dropping(attribute) });
  }
  return steps;
}

function compareFunctions(from: FunctionObject, to: FunctionObject): Comparison {
  if (isEqual(from, to, BASE)) return undefined;
  const isReplaceable = from.isProcedure === to.isProcedure && from.returns === to.returns &&
    from.arguments === to.arguments;
  return isReplaceable ? [{ kind: "replace", from, to }] : "replace";
}

function compareSequences(from: SequenceObject, to: SequenceObject): Comparison {
  if (isEqual(from, to, but("ownedBy"))) return undefined;
  const moved = comeIntoRange(literal(qualified(to)), { from, to });
  return [
    ...moved === undefined ? [] : [moved],
    { kind: "sequence", from: { ...from, ownedBy: undefined }, to: { ...to, ownedBy: undefined } },
  ];
}

function compareConstraints(from: ConstraintObject, to: ConstraintObject): Comparison {
  if (isEqual(from, to, BASE)) return undefined;
  const normal = (object: ConstraintObject): ConstraintObject => ({
    ...object,
    isEnforced: object.isEnforced ?? true,
    noInherit: object.noInherit ?? false,
  });
  const [a, b] = [normal(from), normal(to)];
  if (!isEqual(a, b, but("isValid", "deferrable"))) return "replace";
  const steps: Step[] = [];
  if (a.deferrable !== b.deferrable) {
    if (a.constraint.type !== "foreign key") return "replace";
    steps.push({ kind: "constraint", object: from, change: { type: "deferrable", to: b.deferrable } });
  }
  if (a.isValid !== b.isValid && a.isEnforced) {
    if (!b.isValid) return "replace";
    steps.push({ kind: "constraint", object: to, change: { type: "validate" } });
  }
  return found(steps);
}

/** What of a view's column its query decides. */
function shape({ name, type, collation }: TableColumn): unknown {
  return [name, type, collation];
}

function compareViews(from: ViewObject, to: ViewObject): Comparison {
  const columns = from.columns.map(shape);
  const isSameQuery = from.query === to.query && (from.recursive ?? false) === (to.recursive ?? false);
  if (!isEqual(columns, to.columns.slice(0, columns.length).map(shape))) return "replace";
  const steps: Step[] = [];
  if (!isSameQuery || from.columns.length !== to.columns.length) steps.push({ kind: "replace", from, to });
  else if (!isEqual(from.parameters, to.parameters)) steps.push(parameterStep(from, to, "view"));
  for (const column of to.columns) {
    const old = from.columns.find(({ name }) => name === column.name);
    if (old?.default !== column.default) {
      steps.push({
        kind: "column",
        table: { schema: to.schema, name: to.name },
        column: column.name,
        change: { type: "default", from: old?.default, to: column.default },
      });
    }
  }
  return found(steps);
}

function compareMaterializedViews(from: MaterializedViewObject, to: MaterializedViewObject): Comparison {
  const isSame = from.query === to.query && from.accessMethod === to.accessMethod &&
    isEqual(from.columns.map(shape), to.columns.map(shape));
  if (!isSame) return "replace";
  return isEqual(from.parameters, to.parameters) ? undefined : [parameterStep(from, to, "materialized view")];
}

function compareIndexes(from: IndexObject, to: IndexObject): Comparison {
  const normal = (object: IndexObject): IndexObject => ({
    ...object,
    nullsNotDistinct: object.nullsNotDistinct ?? false,
  });
  if (!isEqual(normal(from), normal(to), but("parameters", "isValid"))) return "replace";
  const steps: Step[] = [];
  if (!isEqual(from.parameters, to.parameters)) steps.push(parameterStep(from, to, "index"));
  if (!from.isValid && to.isValid) {
    steps.push({ kind: "index", object: to, change: { type: "rebuild", concurrently: false } });
  }
  return found(steps);
}

function compareTriggers(from: TriggerObject, to: TriggerObject): Comparison {
  if (from.definition !== to.definition) {
    const isConstraint = [from, to].some(({ definition }) => /^\s*create\s+constraint\b/i.test(definition));
    // `create or replace trigger` makes it fire by default again.
    return isConstraint || from.enabled !== "origin" || to.enabled !== "origin"
      ? "replace"
      : [{ kind: "replace", from, to }];
  }
  if (from.enabled === to.enabled) return undefined;
  const table = { schema: to.schema, name: to.table };
  return [{ kind: "trigger", table, name: to.name, from: from.enabled, to: to.enabled }];
}

function comparePolicies(from: PolicyObject, to: PolicyObject): Comparison {
  const sorted = (object: PolicyObject): PolicyObject => ({ ...object, roles: [...object.roles].sort() });
  return isEqual(sorted(from), sorted(to), BASE) ? undefined : "replace";
}

function compareOpaque(from: OpaqueObject, to: OpaqueObject): Comparison {
  if (from.hash === to.hash) return undefined;
  return from.drop !== undefined && to.definition !== undefined ? "replace" : "unknowable";
}

/** The step that sets the storage parameters that differ. */
export function parameterStep(
  from: { readonly parameters: Readonly<Record<string, string>> },
  to: {
    readonly schema?: string;
    readonly name: string;
    readonly parameters: Readonly<Record<string, string>>;
  },
  of?: "view" | "materialized view" | "index",
): Step {
  const changed = [...new Set([...Object.keys(from.parameters), ...Object.keys(to.parameters)])]
    .filter((name) => from.parameters[name] !== to.parameters[name]).sort();
  return {
    kind: "table",
    table: { schema: to.schema, name: to.name },
    change: {
      type: "parameters",
      from: Object.fromEntries(changed.map((name) => [name, from.parameters[name]])),
      to: Object.fromEntries(changed.map((name) => [name, to.parameters[name]])),
      ...of === undefined ? {} : { of },
    },
  };
}

/** The name of an object as SQL. */
export function qualified({ schema, name }: { readonly schema?: string; readonly name: string }): string {
  return schema === undefined ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

function found(steps: readonly Step[]): Comparison {
  return steps.length === 0 ? undefined : steps;
}

/** The types that columns are of, and that cannot be replaced while they are. */
export function isTypeLike(object: CatalogObject | undefined): boolean {
  return object !== undefined &&
    ["enum", "domain", "composite", "range", "collation"].includes(object.kind);
}

/** The type a type is based on in the end, as far as domains of the catalog go. */
export function baseType(type: string, catalog: Catalog): string {
  let domains = DOMAINS.get(catalog);
  if (domains === undefined) {
    domains = [...catalog.objects.values()].filter((object) => object.kind === "domain");
    DOMAINS.set(catalog, domains);
  }
  const domain = domains.find((object) => isNameOf(type, object));
  return domain === undefined ? type : baseType(domain.type, catalog);
}

/** The domains of catalogs that are compared. */
const DOMAINS = new WeakMap<Catalog, readonly DomainObject[]>();

/** Whether the text of a type, an array of it or a collation names an object. */
export function isNameOf(
  text: string,
  { schema, name }: { readonly schema?: string; readonly name: string },
): boolean {
  if (!text.includes(name.replaceAll('"', '""'))) return false;
  const parts = text.replace(/(\[\])+$/, "").match(/"(?:[^"]|"")+"|[^".]+/g) ?? [];
  const names = parts.map((part) => part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part);
  return names.at(-1) === name && (names.length === 1 || names[0] === (schema ?? names[0]));
}
