/**
 * How columns and constraints of a table are changed.
 *
 * @module
 */
import type { AnyColumnDefinition } from "../../orm/definition/column_definition.ts";
import type { ConstraintDefinition } from "../../orm/definition/constraint_definition.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import type { TriggerStep } from "../steps/step.ts";
import type { TableReference } from "./table_reference.ts";

/** How a column is dropped. */
export interface DropColumnOptions {
  /** What it was, so that the migration can be reverted: `column.text().nullable()`. */
  readonly was?: AnyColumnDefinition;
  /** Does nothing where it is not there. Default false. */
  readonly ifExists?: boolean;
  /** Drops what depends on it, too. Default false. */
  readonly cascade?: boolean;
}

/** What changes of a column; what is left out stays. */
export interface AlterColumnOptions {
  /** Its new type, as a column: `column.bigint()`. Of the modifiers, only `collate()` has a meaning. */
  readonly type?: AnyColumnDefinition;
  /** How values become the new type, where PostgreSQL does not know: sql`age::integer`. */
  readonly using?: Sql;
  /** Whether it may be null. */
  readonly nullable?: boolean;
  /** Its default: a value or an expression; `null` for none. */
  readonly default?: unknown;
  /** `null` keeps a generated column's values and makes it an ordinary one; an expression (17 or later) replaces its own. */
  readonly generated?: Sql | null;
  /** How it counts by itself; `null` for not any more. */
  readonly identity?: "always" | "by default" | null;
  /** How its long values are kept. */
  readonly storage?: "plain" | "external" | "extended" | "main";
  /** How its long values are compressed. */
  readonly compression?: "pglz" | "lz4";
  /** How much of it `analyze` looks at; `null` for the default. */
  readonly statistics?: number | null;
  /** Its comment; `null` for none. */
  readonly comment?: string | null;
  /** What it was, so that the migration can be reverted: `column.integer().default(0)`. */
  readonly was?: AnyColumnDefinition;
}

/** How a constraint is added. */
export interface AddConstraintOptions {
  /** Does not check the rows that are there; `validateConstraint()` does, without keeping writers waiting. Default false. */
  readonly notValid?: boolean;
  /** The index that a primary key or a unique constraint takes; it gets the constraint's name. */
  readonly usingIndex?: string;
  /** Columns kept beside those of a primary key or a unique constraint. */
  readonly include?: readonly string[];
}

/** How something of a table is dropped. */
export interface DropConstraintOptions {
  /** What it was, so that the migration can be reverted. */
  readonly was?: ConstraintDefinition | ((columns: TableReference) => ConstraintDefinition);
  /** Does nothing where it is not there. Default false. */
  readonly ifExists?: boolean;
  /** Drops what depends on it, too. Default false. */
  readonly cascade?: boolean;
}

/** When a trigger fires. */
export type TriggerFiring = TriggerStep["from"];
