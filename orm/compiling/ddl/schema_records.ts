/**
 * What a database is to have, as plain records: what models are described as, and what migrations compare.
 * Expressions are SQL text, names are as they are stored, without quotes.
 *
 * @module
 */
import type { Deferral, IdentityOptions, ReferenceAction } from "../../definition/column_settings.ts";
import type { DeclaredType } from "../../definition/declared_type.ts";
import type { PolicyCommand, RowSecurity } from "../../definition/policy_definition.ts";
import type { TriggerEvent } from "../../definition/trigger_definition.ts";

/** A name with its schema. */
export interface QualifiedName {
  /** The name. */
  readonly name: string;
  /** The schema; `undefined` where the connection's search path decides. */
  readonly schema?: string;
}

/** What a database is to have. */
export interface SchemaRecord {
  /** The schemas named. */
  readonly schemas: readonly string[];
  /** The extensions whose types are used. */
  readonly extensions: readonly string[];
  /** Types of its own, each after those it is made of. */
  readonly types: readonly DeclaredType[];
  /** The tables, each after those it refers to, as far as there is such an order. */
  readonly tables: readonly TableRecord[];
}

/** A table. */
export interface TableRecord extends QualifiedName {
  /** Its comment. */
  readonly comment?: string;
  /** Its columns, in order. */
  readonly columns: readonly ColumnRecord[];
  /** Its constraints. */
  readonly constraints: readonly ConstraintRecord[];
  /** Its indexes, but for those of constraints. */
  readonly indexes: readonly IndexRecord[];
  /** How it is divided, as `partition by` takes it: `range ("created_at")`. */
  readonly partitionBy?: string;
  /** Whether its policies apply, and to whom. */
  readonly rowSecurity?: RowSecurity;
  /** Its policies. */
  readonly policies: readonly PolicyRecord[];
  /** Its triggers. */
  readonly triggers: readonly TriggerRecord[];
}

/** A policy of row-level security. */
export interface PolicyRecord {
  /** Its name. */
  readonly name: string;
  /** What it is about. */
  readonly command: PolicyCommand;
  /** Whether it narrows what others allow. */
  readonly restrictive: boolean;
  /** Whom it is about; empty is everybody. */
  readonly roles: readonly string[];
  /** Which rows can be seen, changed and deleted. */
  readonly using?: string;
  /** Which rows can be written. */
  readonly check?: string;
}

/** A trigger. */
export interface TriggerRecord {
  /** Its name. */
  readonly name: string;
  /** When it fires. */
  readonly when: "before" | "after" | "instead of";
  /** What it fires on. */
  readonly events: readonly TriggerEvent[];
  /** The columns an update must set. */
  readonly columns: readonly string[];
  /** Whether it fires for each row. */
  readonly each: "row" | "statement";
  /** Which rows it fires for. */
  readonly where?: string;
  /** The function it runs. */
  readonly function: QualifiedName;
  /** What the function is given. */
  readonly arguments: readonly string[];
  /** The function's body, where it is the trigger's own. */
  readonly body?: string;
}

/** A column. */
export interface ColumnRecord {
  /** Its name. */
  readonly name: string;
  /** Its type as SQL writes it, with array brackets. */
  readonly type: string;
  /** Whether it may be null. */
  readonly nullable: boolean;
  /** Its collation's name. */
  readonly collation?: string;
  /** Its default. */
  readonly default?: string;
  /** What it is generated from. */
  readonly generated?: string;
  /** Whether that is computed when it is read. */
  readonly virtual?: boolean;
  /** Whether it counts by itself. */
  readonly identity?: "always" | "by default";
  /** How it counts. */
  readonly identityOptions?: IdentityOptions;
  /** Whether it has a sequence that belongs to it. */
  readonly serial?: boolean;
  /** Its comment. */
  readonly comment?: string;
  /** The name it had before. */
  readonly renamedFrom?: string;
}

/** A constraint. */
export type ConstraintRecord = KeyRecord | CheckRecord | ForeignKeyRecord | ExclusionRecord;

/** A primary key or a unique constraint. */
export interface KeyRecord {
  /** Which of the two. */
  readonly kind: "primary key" | "unique";
  /** Its name; `undefined` is PostgreSQL's choice. */
  readonly name?: string;
  /** The columns. */
  readonly columns: readonly string[];
  /** Whether null is equal to null. */
  readonly nullsNotDistinct?: boolean;
  /** Whether it can be checked at the end of a transaction. */
  readonly deferrable?: Deferral;
}

/** A condition every row satisfies. */
export interface CheckRecord {
  /** Tells the kinds apart. */
  readonly kind: "check";
  /** Its name; `undefined` is PostgreSQL's choice. */
  readonly name?: string;
  /** The condition. */
  readonly condition: string;
}

/** A foreign key. */
export interface ForeignKeyRecord {
  /** Tells the kinds apart. */
  readonly kind: "foreign key";
  /** Its name; `undefined` is PostgreSQL's choice. */
  readonly name?: string;
  /** The columns. */
  readonly columns: readonly string[];
  /** The table referred to. */
  readonly target: QualifiedName;
  /** Its columns. */
  readonly targetColumns: readonly string[];
  /** When the row referred to is deleted. */
  readonly onDelete?: ReferenceAction;
  /** When its key changes. */
  readonly onUpdate?: ReferenceAction;
  /** Whether it can be checked at the end of a transaction. */
  readonly deferrable?: Deferral;
}

/** An exclusion constraint. */
export interface ExclusionRecord {
  /** Tells the kinds apart. */
  readonly kind: "exclude";
  /** Its name; `undefined` is PostgreSQL's choice. */
  readonly name?: string;
  /** The index' access method. */
  readonly method: string;
  /** What is compared, as SQL, and the operators. */
  readonly elements: readonly (readonly [expression: string, operator: string])[];
  /** Which rows it is about. */
  readonly where?: string;
  /** Whether it can be checked at the end of a transaction. */
  readonly deferrable?: Deferral;
}

/** An index. */
export interface IndexRecord {
  /** Its name. */
  readonly name: string;
  /** Whether the same values cannot be there twice. */
  readonly unique: boolean;
  /** Whether null is equal to null in a unique index. */
  readonly nullsNotDistinct: boolean;
  /** The access method. */
  readonly method: string;
  /** Its keys, in order. */
  readonly keys: readonly IndexKeyRecord[];
  /** The columns kept beside the keys. */
  readonly include: readonly string[];
  /** Which rows are in it. */
  readonly where?: string;
  /** The access method's parameters. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** Whether it is built without keeping writers waiting. */
  readonly concurrently: boolean;
}

/** A key of an index. */
export interface IndexKeyRecord {
  /** A quoted column, or an expression in parentheses. */
  readonly expression: string;
  /** The direction. */
  readonly order?: "asc" | "desc";
  /** Where nulls stand. */
  readonly nulls?: "first" | "last";
  /** The collation's name. */
  readonly collation?: string;
  /** The operator class' name. */
  readonly opclass?: string;
}
