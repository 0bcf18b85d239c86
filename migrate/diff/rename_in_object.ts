/**
 * An object after something that it stands on, or it itself, got another name.
 *
 * @module
 */
import type { CatalogObject, IndexKey, TableColumn, TableConstraint, TableName } from "../catalog/objects.ts";
import { usualNotNullName } from "./not_null_name.ts";
import { isRelation, type Relation } from "./dependencies.ts";

/** What is renamed. */
export interface Renamed {
  readonly object: CatalogObject;
  /** The column of it that is renamed. */
  readonly column?: string;
  /** The label of it that is renamed. */
  readonly label?: string;
  readonly to: string;
  /** Whether the object that is looked at stands on it. */
  readonly depends: boolean;
}

/** The object with the new name in it; itself where it has not the old one. */
export function renameInObject(other: CatalogObject, renamed: Renamed): CatalogObject {
  const { object, column, label, to, depends } = renamed;
  const isItself = other === object;
  let next = other;
  if (isItself && column === undefined && label === undefined) next = { ...next, name: to } as CatalogObject;
  if (isItself && label !== undefined && next.kind === "enum") {
    next = { ...next, labels: next.labels.map((one) => one === label ? to : one) };
  }
  if (isItself && isRelation(next)) next = ownColumns(next, object as Relation, renamed);
  if (isRelation(object) && label === undefined) next = partOf(next, object, renamed);
  if (depends || isItself && column !== undefined) next = texts(next, rewriter(renamed));
  if ((depends || isItself) && next.settings !== undefined) {
    const rewrite = rewriter(renamed);
    const settings = next.settings.map(({ set, reset }) => ({ set: rewrite(set), reset: rewrite(reset) }));
    next = { ...next, settings };
  }
  return next;
}

/** A table's own columns when it, or one of them, is renamed. */
function ownColumns(next: Relation, old: Relation, { column, to }: Renamed): Relation {
  const columns = next.columns.map((one): TableColumn => {
    if (column !== undefined && one.name !== column) return one;
    const name = column === undefined ? one.name : to;
    if (!one.notNull || one.inherited === true || next.kind !== "table") return { ...one, name };
    // The constraint keeps the name it was given.
    const kept = one.notNullName ?? usualNotNullName(old.name, one.name);
    const usual = usualNotNullName(column === undefined ? to : old.name, name);
    return { ...one, name, notNullName: kept === usual ? undefined : kept };
  });
  return { ...next, columns } as Relation;
}

/** What belongs to, or points at, a table that is renamed or whose column is. */
function partOf(next: CatalogObject, table: Relation, { column, to }: Renamed): CatalogObject {
  const isIt = (name: TableName): boolean => name.name === table.name && name.schema === table.schema;
  const named = (name: TableName): TableName =>
    column === undefined && isIt(name) ? { ...name, name: to } : name;
  const columns = (names: readonly string[]): readonly string[] =>
    column === undefined ? names : names.map((name) => name === column ? to : name);
  switch (next.kind) {
    case "constraint": {
      const isOwn = isIt({ schema: next.schema, name: next.table });
      const constraint = renameInConstraint(next.constraint, { isOwn, columns, named, isIt });
      const moved = isOwn && column === undefined ? to : next.table;
      return moved === next.table && constraint === next.constraint
        ? next
        : { ...next, table: moved, constraint };
    }
    case "index":
      if (!isIt({ schema: next.schema, name: next.table })) return next;
      return {
        ...next,
        table: column === undefined ? to : next.table,
        include: columns(next.include),
      };
    case "statistics":
    case "trigger":
    case "policy":
      return column === undefined && isIt({ schema: next.schema, name: next.table })
        ? { ...next, table: to }
        : next;
    case "sequence": {
      const { ownedBy } = next;
      if (ownedBy === undefined || !isIt({ schema: ownedBy.schema, name: ownedBy.table })) return next;
      const owner = column === undefined
        ? { ...ownedBy, table: to }
        : { ...ownedBy, column: columns([ownedBy.column])[0] };
      return { ...next, ownedBy: owner };
    }
    case "table": {
      const { inherits, partitionOf } = next;
      const isChild = inherits?.some(isIt) === true || partitionOf !== undefined && isIt(partitionOf.table);
      if (!isChild) return next;
      return {
        ...next,
        ...inherits === undefined ? {} : { inherits: inherits.map(named) },
        ...partitionOf === undefined
          ? {}
          : { partitionOf: { ...partitionOf, table: named(partitionOf.table) } },
        columns: next.columns.map((one) => one.name === column ? { ...one, name: to } : one),
      };
    }
    default:
      return next;
  }
}

function renameInConstraint(
  constraint: TableConstraint,
  { isOwn, columns, named, isIt }: {
    readonly isOwn: boolean;
    readonly columns: (names: readonly string[]) => readonly string[];
    readonly named: (name: TableName) => TableName;
    readonly isIt: (name: TableName) => boolean;
  },
): TableConstraint {
  const own = (names: readonly string[]): readonly string[] => isOwn ? columns(names) : names;
  switch (constraint.type) {
    case "primary key":
    case "unique":
      return isOwn
        ? { ...constraint, columns: own(constraint.columns), include: own(constraint.include) }
        : constraint;
    case "exclude":
      return isOwn ? { ...constraint, include: own(constraint.include) } : constraint;
    case "check":
      return constraint;
    case "foreign key": {
      if (!isOwn && !isIt(constraint.target)) return constraint;
      const { onDeleteColumns } = constraint;
      return {
        ...constraint,
        columns: own(constraint.columns),
        target: named(constraint.target),
        targetColumns: isIt(constraint.target) ? columns(constraint.targetColumns) : constraint.targetColumns,
        ...onDeleteColumns === undefined ? {} : { onDeleteColumns: own(onDeleteColumns) },
      };
    }
    default:
      throw new TypeError(`BUG: no columns in ${JSON.stringify(constraint satisfies never)}`);
  }
}

type Rewrite = (text: string) => string;

/** Puts the new name in the place of the old one in SQL text. */
function rewriter({ object, column, label, to }: Renamed): Rewrite {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  if (label !== undefined) return labelRewriter(object, label, to);
  const old = column ?? object.name;
  const names = identifierRewriter(old, to);
  if (object.kind !== "sequence") return names;
  // `nextval('public.users_id_seq'::regclass)`
  return (text) =>
    text.replaceAll(/'(?:[^']|'')*'/g, (part) => literal(names(part.slice(1, -1).replaceAll("''", "'"))));
}

/** `'low'::public.mood`, and in an array of it: another enum may have the label, too. */
function labelRewriter({ schema, name }: CatalogObject, label: string, to: string): Rewrite {
  const written = (one: string): string => isPlainName(one) ? one : `"${one.replaceAll('"', '""')}"`;
  const type = schema === undefined ? written(name) : `${written(schema)}.${written(name)}`;
  const item = /^[\p{L}\p{N}_]+$/u.test(to) ? to : JSON.stringify(to);
  const inArray = (one: string): string => one === label || one === JSON.stringify(label) ? item : one;
  return (text) =>
    text.replaceAll(
      /'((?:[^']|'')*)'(::(?:"(?:[^"]|"")*"|[\p{L}\p{N}_$.])+)(\[\])?/gu,
      (all, value, cast, brackets) => {
        const content = value.replaceAll("''", "'");
        if (cast !== `::${type}`) return all;
        if (brackets === undefined) return content === label ? `'${to.replaceAll("'", "''")}'${cast}` : all;
        const items = content.slice(1, -1).match(/"(?:[^"\\]|\\.)*"|[^,]+/g) ?? [];
        return `'{${items.map(inArray).join(",").replaceAll("'", "''")}}'${cast}[]`;
      },
    );
}

function identifierRewriter(old: string, to: string): Rewrite {
  const written = isPlainName(to) ? to : `"${to.replaceAll('"', '""')}"`;
  const quoted = `"${old.replaceAll('"', '""')}"`;
  return (text) =>
    text.replaceAll(
      /'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*/gu,
      (token) => token === quoted || token === old ? written : token,
    );
}

/** Reserved words that PostgreSQL quotes and that are likely as names. */
const RESERVED: ReadonlySet<string> = new Set(
  ("all and any array as asc both case cast check column constraint create default desc distinct do else end except " +
    "false fetch for foreign from grant group having in initially into limit not null offset on only or order primary " +
    "references returning select some table then to true union unique user using when where window with")
    .split(" "),
);

function isPlainName(name: string): boolean {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name);
}

/** An object with every SQL text in it rewritten. */
function texts(object: CatalogObject, rewrite: Rewrite): CatalogObject {
  const maybe = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : rewrite(text);
  const keys = <Key extends IndexKey>(all: readonly Key[]): readonly Key[] =>
    all.map((key) => ({ ...key, expression: rewrite(key.expression) }));
  const columns = (all: readonly TableColumn[]): readonly TableColumn[] =>
    all.map((column) => ({
      ...column,
      type: rewrite(column.type),
      ...column.default === undefined ? {} : { default: rewrite(column.default) },
      ...column.generated === undefined
        ? {}
        : { generated: { ...column.generated, expression: rewrite(column.generated.expression) } },
    }));
  switch (object.kind) {
    case "table":
      return {
        ...object,
        columns: columns(object.columns),
        ...object.partitionBy === undefined
          ? {}
          : { partitionBy: { ...object.partitionBy, keys: object.partitionBy.keys.map(rewrite) } },
      };
    case "view":
    case "materialized view":
      return { ...object, query: rewrite(object.query), columns: columns(object.columns) };
    case "constraint": {
      const { constraint } = object;
      if (constraint.type === "check") {
        return { ...object, constraint: { ...constraint, condition: rewrite(constraint.condition) } };
      }
      if (constraint.type !== "exclude") return object;
      return {
        ...object,
        constraint: { ...constraint, elements: keys(constraint.elements), where: maybe(constraint.where) },
      };
    }
    case "index":
      return { ...object, keys: keys(object.keys), where: maybe(object.where) };
    case "policy":
      return { ...object, using: maybe(object.using), check: maybe(object.check) };
    case "trigger":
    case "statistics":
      return { ...object, definition: rewrite(object.definition) };
    case "domain":
      return {
        ...object,
        type: rewrite(object.type),
        default: maybe(object.default),
        checks: object.checks.map((check) => ({ ...check, condition: rewrite(check.condition) })),
      };
    case "composite":
      return { ...object, attributes: object.attributes.map((one) => ({ ...one, type: rewrite(one.type) })) };
    case "range":
      return { ...object, subtype: rewrite(object.subtype) };
    case "function": {
      const isText = /\bas\s+\$/i.test(object.definition);
      return {
        ...object,
        identity: rewrite(object.identity),
        arguments: rewrite(object.arguments),
        returns: maybe(object.returns),
        definition: isText ? object.definition : rewrite(object.definition),
      };
    }
    case "opaque":
      // Its hash stays that of what it was: it is made anew.
      return {
        ...object,
        name: rewrite(object.name),
        definition: maybe(object.definition),
        drop: maybe(object.drop),
        grantedAs: maybe(object.grantedAs),
        alterOwner: maybe(object.alterOwner),
      };
    default:
      return object;
  }
}
