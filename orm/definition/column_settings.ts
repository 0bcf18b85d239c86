/**
 * What a column's definition says, as plain records.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import type { AnyFieldValidator } from "../behaviour/validators/validator.ts";
import type { ColumnType } from "./column_type.ts";

/** What happens to rows that refer to a row that is deleted, or whose key changes. */
export type ReferenceAction = "no action" | "restrict" | "cascade" | "set null" | "set default";

/** The actions of a foreign key. */
export interface ReferenceOptions {
  /** When the row referred to is deleted. Default `"no action"`. */
  readonly onDelete?: ReferenceAction;
  /** When its key changes. Default `"no action"`. */
  readonly onUpdate?: ReferenceAction;
  /** The constraint's name. Default: PostgreSQL's choice. */
  readonly name?: string;
}

/** How a generated column gets its value. */
export interface GeneratedOptions {
  /** Whether it is computed when it is read instead of kept with the row. PostgreSQL 18 or later. Default false. */
  readonly virtual?: boolean;
}

/** When a deferrable constraint is checked unless a transaction says otherwise. */
export type Deferral = "immediate" | "deferred";

/** How a unique constraint works. */
export interface UniqueOptions {
  /** Whether null is equal to null, so that there can be only one. PostgreSQL 15 or later. Default false. */
  readonly nullsNotDistinct?: boolean;
  /** The constraint's name. Default: PostgreSQL's choice. */
  readonly name?: string;
}

/** A foreign key of one column. */
export interface ColumnReference extends ReferenceOptions {
  /** The column referred to; called late, so that models may refer to each other. */
  readonly target: () => Sql;
  /** When it is checked at the end of a transaction instead of each statement, and whether that is the default. */
  readonly deferrable?: Deferral;
}

/** How an identity column counts; what is left out is as PostgreSQL has it. */
export interface IdentityOptions {
  /** The first number. Default: the least for an ascending column, 1. */
  readonly start?: number | bigint;
  /** By how much each is greater than the one before; negative to count down. Default 1. */
  readonly increment?: number | bigint;
  /** The least. Default 1, or the type's least when counting down. */
  readonly min?: number | bigint;
  /** The greatest. Default: the type's greatest, or -1 when counting down. */
  readonly max?: number | bigint;
  /** How many numbers a session takes at once. Default 1. */
  readonly cache?: number | bigint;
  /** Whether it begins anew at its end. Default false. */
  readonly cycle?: boolean;
}

/** What is known of a column at run time. */
export interface ColumnSettings {
  /** Its type. */
  readonly type: ColumnType;
  /** Its name in the database; `undefined` is the property's name in snake case. */
  readonly name?: string;
  /** Whether it may be null. */
  readonly nullable?: boolean;
  /** Whether it belongs to the primary key. */
  readonly primaryKey?: boolean;
  /** Whether its values are unique. */
  readonly unique?: boolean;
  /** How, when they are. */
  readonly uniqueOptions?: UniqueOptions;
  /** Its default: a value or an expression. */
  readonly default?: unknown;
  /** The expression it is generated from. */
  readonly generated?: Sql;
  /** Whether that is computed when it is read, and not kept. */
  readonly virtual?: boolean;
  /** Whether it counts by itself, and whether a value may be given all the same. */
  readonly identity?: "always" | "by default";
  /** How it counts, when it does. */
  readonly identityOptions?: IdentityOptions;
  /** Whether its default is the next number of a sequence that belongs to it. */
  readonly serial?: boolean;
  /** A condition its values satisfy. */
  readonly check?: Sql;
  /** Its foreign key. */
  readonly references?: ColumnReference;
  /** The name of the collation it is sorted by. */
  readonly collation?: string;
  /** Its comment in the database. */
  readonly comment?: string;
  /** The name it had before, for migrations. */
  readonly renamedFrom?: string;
  /** Whether it is never written. */
  readonly readOnly?: boolean;
  /** Whether a selection leaves it out that does not name it. */
  readonly skipped?: boolean;
  /** What is selected in its place. */
  readonly selectAs?: (column: Sql) => Sql;
  /** What is written in the place of a value. */
  readonly saveAs?: (value: Sql) => Sql;
  /** What its values are checked with before they are sent. */
  readonly validators?: readonly AnyFieldValidator[];
}
