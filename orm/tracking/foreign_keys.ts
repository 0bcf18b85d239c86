/**
 * The foreign keys a model declares, as sessions order records by them.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import { type AnyColumn, Column } from "../building/column.ts";
import { ownerOf } from "../definition/column_owner.ts";
import type { Table } from "../definition/table.ts";

/** Columns that refer to a row of a table. */
export interface ForeignKey {
  /** Their properties. */
  readonly properties: readonly string[];
  /** Those of them that may be null. */
  readonly nullable: readonly string[];
  /** What the table referred to shares with all its aliases. */
  readonly target: object;
  /** The properties referred to. */
  readonly targetProperties: readonly string[];
}

const KNOWN = new WeakMap<object, readonly ForeignKey[]>();

/** A table's foreign keys: those that are checked by each statement. */
export function foreignKeysOf(table: Table): readonly ForeignKey[] {
  let keys = KNOWN.get(table.fragment);
  if (keys === undefined) KNOWN.set(table.fragment, keys = findKeys(table));
  return keys;
}

function findKeys(table: Table): ForeignKey[] {
  const keys: (ForeignKey | undefined)[] = [];
  for (const column of table.columns.values()) {
    const { references } = column.settings;
    if (references !== undefined && references.deferrable !== "deferred") {
      keys.push(keyOf([column], [references.target()]));
    }
  }
  for (const constraint of table.constraints) {
    if (constraint.kind === "foreign key" && constraint.deferrable !== "deferred") {
      keys.push(keyOf(constraint.columns, constraint.target()));
    }
  }
  return keys.filter((key) => key !== undefined);
}

/** Undefined where what is referred to is no model's column. */
function keyOf(columns: readonly AnyColumn[], targets: readonly Sql[]): ForeignKey | undefined {
  const [first] = targets;
  const owner = first instanceof Column ? ownerOf(first) : undefined;
  if (owner === undefined) return undefined;
  return {
    properties: columns.map(({ property }) => property),
    nullable: columns.filter(({ settings }) => settings.nullable === true).map(({ property }) => property),
    target: owner.fragment,
    targetProperties: targets.map((target) => (target as AnyColumn).property),
  };
}
