/**
 * What is known of a database while steps go by: what they have made so far, and what a catalog says was there before.
 *
 * @module
 */
import { objectKey } from "../catalog/object_key.ts";
import type {
  Catalog,
  CatalogObject,
  ConstraintObject,
  IndexObject,
  ObjectKey,
  TableColumn,
  TableName,
} from "../catalog/objects.ts";
import type { Step } from "../steps/step.ts";
import { type LintContext, sameTable, tableOfObject } from "./rule.ts";

/** A column list that an index or a key begins with. */
interface IndexedColumns {
  readonly table: TableName;
  readonly columns: readonly string[];
}

/** What is known when a step is looked at; {@link KnownState.apply} goes past it. */
export class KnownState implements LintContext {
  readonly serverVersion: number;
  readonly steps: readonly Step[];
  readonly catalog: Catalog | undefined;
  position = 0;
  readonly #units: readonly number[];
  readonly #new = new Set<string>();
  readonly #newColumns = new Set<string>();
  readonly #newObjects = new Set<ObjectKey>();
  /** Columns by table and name; `undefined` for one that is gone. */
  readonly #columns = new Map<string, TableColumn | undefined>();
  readonly #indexed: readonly IndexedColumns[];
  /** What is run before the steps. */
  readonly #earlier: readonly Step[];
  /** The valid checks there are. */
  readonly #checks: ConstraintObject[] = [];

  constructor(
    steps: readonly Step[],
    options: {
      readonly serverVersion: number;
      /** The number of the transaction that each step is in. */
      readonly units: readonly number[];
      readonly catalog?: Catalog;
      /** Steps that are run before, in migrations of their own. */
      readonly before?: readonly Step[];
    },
  ) {
    this.steps = steps;
    this.serverVersion = options.serverVersion;
    this.#units = options.units;
    this.catalog = options.catalog;
    const present = [...options.catalog?.objects.values() ?? []];
    for (const object of present) this.#learn(object);
    const { before = [] } = options;
    const made = [...before, ...steps].flatMap((step) =>
      step.kind === "create" ? [step.object, ...step.constraints ?? []] : []
    );
    this.#indexed = [...present, ...made].flatMap(indexedColumns);
    this.#earlier = before;
    for (const step of before) this.apply(step);
  }

  isTogether(position: number): boolean {
    return this.#units[position] === this.#units[this.position];
  }

  isNew(table: TableName): boolean {
    return this.#new.has(nameOf(table));
  }

  isNewObject(key: ObjectKey): boolean {
    return this.#newObjects.has(withSchema(key));
  }

  isNewColumn(table: TableName, column: string): boolean {
    return this.isNew(table) || this.#newColumns.has(`${nameOf(table)}\0${column}`);
  }

  columnOf(table: TableName, column: string): TableColumn | undefined {
    return this.#columns.get(`${nameOf(table)}\0${column}`);
  }

  isCheckedNotNull(table: TableName, column: string): boolean {
    return this.#checks.some((check) => sameTable(tableOfObject(check), table) && saysNotNull(check, column));
  }

  hasIndexOn(table: TableName, columns: readonly string[]): boolean {
    return this.#indexed.some((indexed) =>
      sameTable(indexed.table, table) &&
      columns.every((column) => indexed.columns.slice(0, columns.length).includes(column))
    );
  }

  constraintOf(object: ConstraintObject): ConstraintObject | undefined {
    return this.#constraints((other) =>
      other.name === object.name && sameTable(tableOfObject(other), tableOfObject(object))
    );
  }

  keyOf(table: TableName): readonly string[] | undefined {
    const key = this.#constraints((other) =>
      other.constraint.type === "primary key" && sameTable(tableOfObject(other), table)
    )?.constraint;
    return key?.type === "primary key" ? key.columns : undefined;
  }

  isConstrainedDomain(type: string): boolean {
    const [name, schema] = type.replaceAll('"', "").split(".").toReversed();
    const isIt = (object: CatalogObject): boolean =>
      object.kind === "domain" && object.name === name &&
      (schema === undefined || (object.schema ?? "public") === schema) &&
      (object.notNull || object.checks.length > 0);
    return [...this.catalog?.objects.values() ?? []].some(isIt) ||
      this.#stepsBefore().some((step) => step.kind === "create" && isIt(step.object));
  }

  /** The last constraint that a step before has made, or else the catalog has. */
  #constraints(isIt: (object: ConstraintObject) => boolean): ConstraintObject | undefined {
    const made = this.#stepsBefore().flatMap((step) =>
      step.kind === "create" ? [step.object, ...step.constraints ?? []] : []
    );
    const all = [...this.catalog?.objects.values() ?? [], ...made];
    const found = all.findLast((object) => object.kind === "constraint" && isIt(object));
    return found?.kind === "constraint" ? found : undefined;
  }

  #stepsBefore(): readonly Step[] {
    return [...this.#earlier, ...this.steps.slice(0, this.position)];
  }

  /** Goes past a step. */
  apply(step: Step): void {
    if (step.kind === "create") {
      const { object } = step;
      // What may have been there before is in use.
      const isThere = step.ifNotExists === true && this.#isInCatalog(object);
      if (!isThere) this.#newObjects.add(withSchema(objectKey(object)));
      if (!isThere && ["table", "view", "materialized view"].includes(object.kind)) {
        this.#new.add(nameOf(object));
      }
      const isChecked = step.notValid !== true;
      if (object.kind !== "constraint" || isChecked) this.#learn(object);
      for (const constraint of step.constraints ?? []) this.#learn(constraint);
    } else if (step.kind === "constraint" && step.change.type === "validate") {
      this.#learn({ ...this.constraintOf(step.object) ?? step.object, isValid: true });
    } else if (step.kind === "column") this.#applyColumn(step);
    else if (step.kind === "rename" && step.object.kind === "table" && this.isNew(step.object)) {
      this.#new.add(nameOf({ ...step.object, name: step.to }));
    }
  }

  #applyColumn({ table, column, change }: Step & { kind: "column" }): void {
    const name = `${nameOf(table)}\0${column}`;
    const known = this.#columns.get(name);
    if (change.type === "add") {
      if (change.ifNotExists !== true || known === undefined) this.#newColumns.add(name);
      this.#columns.set(name, change.column);
    } else if (change.type === "drop") {
      this.#columns.set(name, undefined);
      this.#newColumns.delete(name);
    } else if (known === undefined) return;
    else if (change.type === "type") this.#columns.set(name, { ...known, ...change.to });
    else if (change.type === "not null") this.#columns.set(name, { ...known, notNull: change.to });
    else if (change.type === "rename") {
      const renamed = `${nameOf(table)}\0${change.to}`;
      this.#columns.set(name, undefined);
      this.#columns.set(renamed, { ...known, name: change.to });
      if (this.#newColumns.delete(name)) this.#newColumns.add(renamed);
    }
  }

  #isInCatalog(object: CatalogObject): boolean {
    const key = objectKey(object);
    return this.catalog?.objects.has(key) === true ||
      (object.schema === undefined &&
        this.catalog?.objects.has(objectKey({ ...object, schema: "public" })) === true);
  }

  #learn(object: CatalogObject): void {
    if (object.kind === "table") {
      for (const column of object.columns) this.#columns.set(`${nameOf(object)}\0${column.name}`, column);
    } else if (object.kind === "constraint" && object.constraint.type === "check" && object.isValid) {
      this.#checks.push(object);
    }
  }
}

function nameOf({ schema = "public", name }: TableName): string {
  return `${schema}\0${name}`;
}

/** A key whose object says no schema is one of `public`. */
function withSchema(key: ObjectKey): ObjectKey {
  const [kind, name] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
  return name.startsWith("public.") ? `${kind}:${name.slice("public.".length)}` : key;
}

function indexedColumns(object: CatalogObject): readonly IndexedColumns[] {
  if (object.kind === "index") {
    // A part of the rows finds no row that is not in it.
    return object.where === undefined ? [{ table: tableOfObject(object), columns: leading(object) }] : [];
  }
  if (object.kind !== "constraint") return [];
  const { constraint } = object;
  return constraint.type === "primary key" || constraint.type === "unique"
    ? [{ table: tableOfObject(object), columns: constraint.columns }]
    : [];
}

function leading({ keys }: IndexObject): readonly string[] {
  const end = keys.findIndex(({ isColumn }) => !isColumn);
  return keys.slice(0, end < 0 ? keys.length : end).map(({ expression }) =>
    expression.startsWith('"') ? expression.slice(1, -1).replaceAll('""', '"') : expression
  );
}

function saysNotNull({ constraint }: ConstraintObject, column: string): boolean {
  if (constraint.type !== "check") return false;
  const match = /^[\s(]*("(?:[^"]|"")+"|[\w$]+)[\s)]+is\s+not\s+null[\s)]*$/i.exec(constraint.condition);
  if (match === null) return false;
  const [, name] = match;
  return (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase()) === column;
}
