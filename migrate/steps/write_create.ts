/**
 * The statements that create, replace and drop objects.
 *
 * @module
 */
import { quoteLiteral } from "../../orm/building/inlined.ts";
import { list, writeName } from "../../orm/compiling/ddl/write_table.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type {
  CatalogObject,
  MaterializedViewObject,
  PolicyObject,
  TriggerObject,
  ViewObject,
} from "../catalog/objects.ts";
import { splitStatements } from "../files/statement.ts";
import { cannot, objectName, objectWord, tableOf } from "./object_reference.ts";
import { type Statement, statement, words } from "./statement.ts";
import type { CreateStep, DropStep, ReplaceStep, Step } from "./step.ts";
import { keepRights } from "../catalog/keep_rights.ts";
import { writeColumnExtras } from "./write_column.ts";
import { writeAddConstraint } from "./write_constraint.ts";
import { writeIndex } from "./write_index.ts";
import { writeParameters } from "./write_parameters.ts";
import { writeRights } from "./write_rights.ts";
import { writeTable } from "./write_table.ts";
import { writeSequence, writeType } from "./write_type.ts";

/** The statements that create an object, with its comment. What came with a parent's comes with it again. */
export function writeCreate(step: CreateStep): readonly Statement[] {
  const { object } = step;
  if (isInherited(object)) return [];
  const statements = [...created(step)];
  for (const commented of [object, ...(step.constraints ?? [])]) {
    if (commented.comment === undefined || isInherited(commented)) continue;
    statements.push(writeComment(commented, commented.comment));
  }
  for (const { settings } of [object, ...(step.constraints ?? [])]) {
    for (const { set } of settings ?? []) statements.push(statement(set));
  }
  return [...statements, ...writeRights(object)];
}

/** The statement that sets an object's comment, or removes it. */
export function writeComment(object: CatalogObject, comment: string | undefined): Statement {
  const text = comment === undefined ? "null" : quoteLiteral(comment);
  return statement("comment on", reference(object), "is", text);
}

/** How SQL calls an object, with its word. */
function reference(object: CatalogObject): string {
  if (object.kind !== "opaque") return `${objectWord(object)} ${objectName(object)}`;
  if (object.drop === undefined) {
    throw cannot(object, "it is not known how it is called; write the statement with sql()");
  }
  // As it is dropped: its name alone does not tell its arguments, or its table.
  return splitStatements(object.drop)[0].text.replace(/^drop\s+/i, "");
}

/** The statement that drops an object. */
export function writeDrop(step: DropStep): readonly Statement[] {
  const { object, concurrently } = step;
  if (isInherited(object)) return [];
  const ifExists = step.ifExists === true ? "if exists" : "";
  const cascade = step.cascade === true ? "cascade" : "";
  if (object.kind === "constraint") {
    const alter = `alter table ${writeName(tableOf(object))}`;
    return [statement(alter, "drop constraint", ifExists, quoteIdentifier(object.name), cascade)];
  }
  if (object.kind === "opaque") {
    if (object.drop !== undefined) return splitStatements(object.drop).map(({ text }) => statement(text));
    throw cannot(object, "it is not known how it is dropped; write the statement with sql()");
  }
  const isConcurrent = concurrently === true && object.kind === "index";
  const text = words(
    `drop ${objectWord(object)}`,
    isConcurrent ? "concurrently" : "",
    ifExists,
    objectName(object),
    cascade,
  );
  const drop: Statement = { text, transaction: !isConcurrent };
  if (object.kind !== "table" || object.partitionOf === undefined || ifExists !== "") return [drop];
  // Foreign keys to the partitioned table are in the way of a partition's end, and of nothing else.
  const detach = `alter table ${writeName(object.partitionOf.table)} detach partition ${writeName(object)}`;
  return [statement(detach), drop];
}

/** The statements that put another definition in an object's place: in place where PostgreSQL can. */
export function writeReplace({ from, to }: ReplaceStep): readonly Statement[] {
  if (isInherited(to)) return [];
  const inPlace = replaced(from, to);
  if (inPlace !== undefined) {
    return from.comment === to.comment ? inPlace : [...inPlace, writeComment(to, to.comment)];
  }
  return [
    ...writeDrop({ kind: "drop", object: from }),
    ...writeCreate({ kind: "create", object: keepRights(from, to) }),
  ];
}

/** Whether an object came with its parent's, so that nothing creates or drops it by itself. */
export function isInherited(object: CatalogObject): boolean {
  return "inherited" in object && object.inherited === true;
}

/** The statement that changes when a trigger fires. */
export function writeTriggerStep(
  { table, name, to }: Pick<Extract<Step, { readonly kind: "trigger" }>, "table" | "name" | "to">,
): Statement {
  const action = {
    origin: "enable",
    always: "enable always",
    replica: "enable replica",
    disabled: "disable",
  };
  return statement("alter table", writeName(table), action[to], "trigger", quoteIdentifier(name));
}

function created(step: CreateStep): readonly Statement[] {
  const { object } = step;
  const ifNotExists = step.ifNotExists === true ? "if not exists" : "";
  switch (object.kind) {
    case "schema":
      return [statement("create schema", ifNotExists, quoteIdentifier(object.name))];
    case "extension":
      return [statement(
        "create extension",
        ifNotExists,
        quoteIdentifier(object.name),
        object.schema === undefined ? "" : `schema ${quoteIdentifier(object.schema)}`,
        step.exactVersion === true && object.version !== undefined
          ? `version ${quoteLiteral(object.version)}`
          : "",
      )];
    case "collation":
    case "enum":
    case "domain":
    case "composite":
    case "range":
      return writeType(object);
    case "function":
      return [statement(object.definition.trim().replace(/;$/, ""))];
    case "statistics":
      return [statement(object.definition)];
    case "sequence":
      return [writeSequence(object, step)];
    case "table":
      return writeTable(object, step);
    case "constraint":
      return [writeAddConstraint(object, step)];
    case "view":
      return writeView(object, "create");
    case "materialized view":
      return writeMaterializedView(object, step);
    case "index":
      return [writeIndex(object, step)];
    case "trigger":
      return [statement(object.definition), ...firing(object)];
    case "policy":
      return [writePolicy(object)];
    case "opaque":
      if (object.definition !== undefined) {
        return splitStatements(object.definition).map(({ text }) => statement(text));
      }
      throw cannot(object, "PostgreSQL does not tell its definition; write the statement with sql()");
    default:
      throw new TypeError(`BUG: ${JSON.stringify(object satisfies never)}`);
  }
}

function replaced(from: CatalogObject, to: CatalogObject): readonly Statement[] | undefined {
  if (objectName(from) !== objectName(to)) return undefined;
  if (from.kind === "function" && to.kind === "function") {
    const isKept = from.isProcedure === to.isProcedure && from.returns === to.returns &&
      /^\s*create\s+or\s+replace\s/i.test(to.definition);
    return isKept ? [statement(to.definition.trim().replace(/;$/, ""))] : undefined;
  }
  if (from.kind === "view" && to.kind === "view") {
    // It takes columns at the end and never gives one up.
    const isExtended = from.columns.every(({ name, type }, index) =>
      to.columns.length === 0 || to.columns[index]?.name === name && to.columns[index].type === type
    );
    return isExtended ? writeView(to, "create or replace") : undefined;
  }
  if (from.kind === "trigger" && to.kind === "trigger") {
    const definition = to.definition.replace(
      /^\s*create\s+(or\s+replace\s+)?trigger\s/i,
      "create or replace trigger ",
    );
    // PostgreSQL has no OR REPLACE for constraint triggers.
    if (!definition.startsWith("create or replace")) return undefined;
    return [statement(definition), ...firing(to)];
  }
  if (from.kind === "policy" && to.kind === "policy") {
    const loses = (from.using !== undefined && to.using === undefined) ||
      (from.check !== undefined && to.check === undefined);
    if (from.permissive !== to.permissive || from.command !== to.command || loses) return undefined;
    return [statement("alter policy", objectName(to), ...policyParts(to))];
  }
  return undefined;
}

function writeView(view: ViewObject, create: "create" | "create or replace"): readonly Statement[] {
  return [
    statement(
      create,
      view.recursive === true ? "recursive view" : "view",
      writeName(view),
      columnList(view),
      writeParameters(view.parameters),
      "as",
      view.query.trim(),
    ),
    ...view.columns.flatMap((column) => [
      ...(column.default === undefined ? [] : [statement(
        `alter view ${writeName(view)} alter column ${quoteIdentifier(column.name)}`,
        `set default ${column.default}`,
      )]),
      ...writeColumnExtras(view, { ...column, storage: undefined, statistics: undefined }),
    ]),
  ];
}

function writeMaterializedView(
  view: MaterializedViewObject,
  { ifNotExists, withNoData }: CreateStep,
): readonly Statement[] {
  return [
    statement(
      "create materialized view",
      ifNotExists === true ? "if not exists" : "",
      writeName(view),
      columnList(view),
      view.accessMethod === undefined ? "" : `using ${quoteIdentifier(view.accessMethod)}`,
      writeParameters(view.parameters),
      "as",
      view.query.trim(),
      withNoData === true ? "with no data" : "",
    ),
    ...view.columns.flatMap((column) => writeColumnExtras(view, { ...column, storage: undefined })),
  ];
}

function columnList({ columns }: ViewObject | MaterializedViewObject): string {
  return columns.length === 0 ? "" : `(${list(columns.map(({ name }) => name))})`;
}

function writePolicy(policy: PolicyObject): Statement {
  return statement(
    "create policy",
    objectName(policy),
    policy.permissive ? "" : "as restrictive",
    policy.command === "all" ? "" : `for ${policy.command}`,
    ...policyParts(policy),
  );
}

function policyParts({ roles, using, check }: PolicyObject): string[] {
  return [
    `to ${roles.map((role) => role === "public" ? role : quoteIdentifier(role)).join(", ")}`,
    using === undefined ? "" : `using (${using})`,
    check === undefined ? "" : `with check (${check})`,
  ];
}

function firing(trigger: TriggerObject): readonly Statement[] {
  if (trigger.enabled === "origin") return [];
  return [writeTriggerStep({ table: tableOf(trigger), name: trigger.name, to: trigger.enabled })];
}
