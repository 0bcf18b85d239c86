/**
 * The statements that create and drop what models need: from records to text.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { assertSql, Sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import type { Joinable } from "../../building/source.ts";
import { type Table, tableOf } from "../../definition/table.ts";
import { describeSchema, describeTable } from "./describe.ts";
import { describeExtras } from "./describe_extras.ts";
import { inlined, quoteLiteral } from "../../building/inlined.ts";
import { constraintName } from "./default_name.ts";
import { nameKey } from "./order.ts";
import type {
  ConstraintRecord,
  ForeignKeyRecord,
  KeyRecord,
  SchemaRecord,
  TableRecord,
} from "./schema_records.ts";
import { orderedViews } from "./view_order.ts";
import { writeIndex } from "./write_index.ts";
import { writePolicy } from "./write_policy.ts";
import { writeConstraint, writeName, writeTable } from "./write_table.ts";
import { writeDropTriggerFunction, writeTrigger, writeTriggerFunction } from "./write_trigger.ts";
import { unlessThere, writeDropType, writeType } from "./write_type.ts";

/** How tables are created. */
export interface CreateOptions {
  /** Leaves tables and indexes alone that are there already, whatever they look like. Default false. */
  readonly ifNotExists?: boolean;
  /**
   * The queries of models that are views and do not say it themselves by their option `query`. Views are created after
   * the tables, each after those its query names.
   */
  readonly views?: readonly (readonly [view: Joinable, query: Sql])[];
  /** Whether extensions whose types are used are created where they are missing. Default true. */
  readonly extensions?: boolean;
}

/** How tables are dropped. */
export interface DropOptions {
  /** Whether what depends on them goes too, such as views and other tables' foreign keys. Default false. */
  readonly cascade?: boolean;
}

/** Statements to run one after the other. */
export interface DefinitionPlan {
  /** Those that can be one transaction. */
  readonly together: readonly Sql[];
  /** Those that cannot be in a transaction, after the others: indexes that are built concurrently. */
  readonly apart: readonly Sql[];
}

const CREATE_OPTIONS: readonly string[] = [
  "ifNotExists",
  "views",
  "extensions",
] satisfies (keyof CreateOptions)[];

/**
 * The statements that create what models need: schemas, extensions and types that are missing, the tables in the
 * order of their foreign keys, indexes, comments.
 *
 * @param models The models; those that are views are left out unless they, or `views`, have their queries.
 * @param options See {@link CreateOptions}.
 * @throws {ValidationError} When the definitions contradict each other or cannot be written.
 */
export function planCreation(models: readonly Joinable[], options: CreateOptions = {}): DefinitionPlan {
  for (const option of Object.keys(options)) {
    if (!CREATE_OPTIONS.includes(option)) {
      throw new ValidationError(
        `option "${option}" of createTables`,
        `there is none; use ${CREATE_OPTIONS.join(", ")}`,
      );
    }
  }
  const { ifNotExists = false, extensions = true } = options;
  const views = viewsOf(models, options.views ?? []);
  const schema = describeSchema(tablesOf(models));
  const together: string[] = [];
  const apart: string[] = [];
  for (const name of schemasOf(schema, views)) {
    together.push(`create schema if not exists ${quoteIdentifier(name)}`);
  }
  if (extensions) {
    for (const name of schema.extensions) {
      together.push(`create extension if not exists ${quoteIdentifier(name)}`);
    }
  }
  for (const type of schema.types) together.push(unlessThere(writeType(type)));
  writeTables(schema.tables, { ifNotExists, together, apart });
  for (const view of orderedViews(views)) writeView(view, { ifNotExists, together, apart });
  const asSql = (texts: readonly string[]): readonly Sql[] => texts.map((text) => new Sql([text], []));
  return { together: asSql(together), apart: asSql(apart) };
}

/**
 * The statements that drop models' tables and views, and then the types they declare; schemas and extensions stay.
 *
 * @param models The models.
 * @param options See {@link DropOptions}.
 */
export function planRemoval(models: readonly Joinable[], options: DropOptions = {}): readonly Sql[] {
  const end = options.cascade === true ? " cascade" : "";
  const all = models.map(tableOf);
  const views = orderedViews(
    all.filter((table) => table.view !== undefined)
      .map((table) => ({ name: table.tableName, table, query: table.viewQuery?.().text ?? "" })),
  );
  const statements = views.toReversed().map(({ table }) =>
    `drop ${table.view} if exists ${table.fragment.text}${end}`
  );
  const { tables, types } = describeSchema(all.filter((table) => table.view === undefined));
  // In one statement, so that tables may refer to each other.
  if (tables.length > 0) {
    statements.push(`drop table if exists ${tables.toReversed().map(writeName).join(", ")}${end}`);
  }
  const triggers = [...tables, ...views.map(({ table }) => describeExtras(table))].flatMap((table) =>
    table.triggers
  );
  for (const trigger of triggers) {
    const statement = writeDropTriggerFunction(trigger);
    if (statement !== undefined) statements.push(`${statement}${end}`);
  }
  for (const type of types.toReversed()) statements.push(`${writeDropType(type)}${end}`);
  return statements.map((text) => new Sql([text], []));
}

interface Target {
  readonly ifNotExists: boolean;
  readonly together: string[];
  readonly apart: string[];
}

function tablesOf(models: readonly Joinable[]): readonly Table[] {
  const tables = models.map(tableOf).filter((table) => table.view === undefined);
  const seen = new Set<string>();
  for (const table of tables) {
    if (seen.has(table.fragment.text)) {
      throw new ValidationError(
        `table ${table.fragment.text}`,
        "it is in the list twice; give each model once",
      );
    }
    seen.add(table.fragment.text);
  }
  return tables;
}

/** A view to be created. */
interface ViewRecord {
  readonly table: Table;
  readonly name: string;
  readonly query: string;
}

/** The views that were given with their queries, and those of the models that say theirs. */
function viewsOf(
  models: readonly Joinable[],
  given: readonly (readonly [Joinable, Sql])[],
): readonly ViewRecord[] {
  const views = new Map<string, ViewRecord>();
  const add = (table: Table, query: Sql): void => {
    const subject = `the view "${table.tableName}"`;
    if (table.view === undefined) {
      throw new ValidationError(subject, 'its model is a table; give the model the option view: "view"');
    }
    assertSql(query, `the query of ${subject}`);
    views.set(table.fragment.text, {
      table,
      name: table.tableName,
      query: inlined(query, `the query of ${subject}`),
    });
  };
  for (const [model, query] of given) add(tableOf(model), query);
  for (const model of models) {
    const table = tableOf(model);
    if (table.viewQuery !== undefined && !views.has(table.fragment.text)) add(table, table.viewQuery());
  }
  return [...views.values()];
}

function schemasOf(schema: SchemaRecord, views: readonly ViewRecord[]): readonly string[] {
  const ofViews = views.map(({ table }) => table.schema).filter((name) => name !== undefined);
  return [...new Set([...schema.schemas, ...ofViews])];
}

function writeTables(tables: readonly TableRecord[], target: Target): void {
  const { ifNotExists, together } = target;
  const pending = new Set(tables.map(nameKey));
  const late: string[] = [];
  for (const table of tables) {
    pending.delete(nameKey(table));
    const merged = mergedKeys(table.constraints);
    const isLate = (constraint: ConstraintRecord): boolean =>
      constraint.kind === "foreign key" && pending.has(nameKey(constraint.target));
    together.push(
      writeTable(table, {
        ifNotExists,
        constraints: table.constraints.filter((one) => !isLate(one) && !merged.some((key) => key === one)),
      }),
      ...merged.map((key) => writeLate(table, key, ifNotExists)),
    );
    for (const constraint of table.constraints.filter(isLate)) {
      late.push(writeLate(table, constraint as ForeignKeyRecord, ifNotExists));
    }
    writeParts(table, target);
    if (table.comment !== undefined) {
      together.push(`comment on table ${writeName(table)} is ${quoteLiteral(table.comment)}`);
    }
  }
  together.push(...late);
  // After all tables, since their conditions may be of others.
  for (const table of tables) writeGuards(table, target);
}

/**
 * The unique constraints that `create table` would take for the primary key, or for one before them, and leave out.
 * See `transformIndexConstraints` of https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/parser/parse_utilcmd.c
 */
function mergedKeys(constraints: readonly ConstraintRecord[]): readonly KeyRecord[] {
  const merged: KeyRecord[] = [];
  const seen = new Set<string>();
  const isPrimary = ({ kind }: ConstraintRecord): boolean => kind === "primary key";
  for (const key of [...constraints.filter(isPrimary), ...constraints.filter((one) => !isPrimary(one))]) {
    if (key.kind !== "primary key" && key.kind !== "unique") continue;
    const what = JSON.stringify([key.columns, key.nullsNotDistinct === true, key.deferrable]);
    if (seen.has(what)) merged.push(key);
    seen.add(what);
  }
  return merged;
}

/** A constraint that is added to its table. It is known to be there by its name alone, so it gets one. */
function writeLate(table: TableRecord, key: ForeignKeyRecord | KeyRecord, ifNotExists: boolean): string {
  const label = key.kind === "foreign key" ? "fkey" : "key";
  const named = ifNotExists ? { name: constraintName(table.name, key.columns, label), ...key } : key;
  const statement = `alter table ${writeName(table)} add ${writeConstraint(named)}`;
  if (!ifNotExists) return statement;
  // A key is there as its index.
  return unlessThere(statement, key.kind === "foreign key" ? "duplicate_object" : "duplicate_table");
}

/** Writes what stands beside a table or a view: indexes and the comments of columns. */
function writeParts(table: TableRecord, { ifNotExists, together, apart }: Target): void {
  for (const index of table.indexes) {
    (index.concurrently ? apart : together).push(writeIndex(table, index, { ifNotExists }));
  }
  for (const { name, comment } of table.columns) {
    if (comment === undefined) continue;
    together.push(
      `comment on column ${writeName(table)}.${quoteIdentifier(name)} is ${quoteLiteral(comment)}`,
    );
  }
}

function writeView({ table, query }: ViewRecord, target: Target): void {
  const exists = !target.ifNotExists
    ? `create ${table.view}`
    : table.view === "view"
    ? "create or replace view"
    : "create materialized view if not exists";
  target.together.push(`${exists} ${table.fragment.text} as ${query}`);
  const record = describeTable(table);
  writeParts(record, target);
  writeGuards(record, target);
  if (table.comment !== undefined) {
    target.together.push(`comment on ${table.view} ${table.fragment.text} is ${quoteLiteral(table.comment)}`);
  }
}

/** Writes what watches over a table's rows: policies and triggers. */
function writeGuards(table: TableRecord, { ifNotExists, together }: Target): void {
  const name = writeName(table);
  const created = (statement: string): string => ifNotExists ? unlessThere(statement) : statement;
  for (const trigger of table.triggers) {
    const ofOwn = writeTriggerFunction(trigger, { replace: ifNotExists });
    if (ofOwn !== undefined) together.push(ofOwn);
    together.push(created(writeTrigger(table, trigger)));
  }
  if (table.rowSecurity !== undefined) together.push(`alter table ${name} enable row level security`);
  if (table.rowSecurity === "forced") together.push(`alter table ${name} force row level security`);
  for (const policy of table.policies) together.push(created(writePolicy(table, policy)));
}
