/**
 * Steps: what a migration does, one change each, as plain records. A builder makes them from a person's calls, the
 * comparison of two catalogs from their differences; they are written as SQL, judged by the lint, and reversed.
 *
 * ## Invariants
 *
 * - S1 A step is one change that PostgreSQL can make by itself. Where one needs others (a view that is in the way of a
 *   column's new type), they are steps of their own.
 * - S2 A step has everything that its SQL needs: writing asks nobody.
 * - S3 A step that cannot be reversed without loss says so in its reversal, in words a person reads.
 * - S4 A step with `unknownBefore` does not know what it changes: who made it had a name alone. It cannot be reversed.
 *
 * @module
 */
import type {
  CatalogObject,
  ColumnIdentity,
  ConstraintObject,
  DomainObject,
  EnumObject,
  IndexObject,
  PartitionBound,
  SequenceObject,
  TableColumn,
  TableName,
  TableObject,
} from "../catalog/objects.ts";

/** One change. */
export type Step =
  | CreateStep
  | DropStep
  | ReplaceStep
  | RenameStep
  | MoveStep
  | CommentStep
  | ColumnStep
  | TableStep
  | TypeStep
  | SequenceStep
  | ConstraintStep
  | IndexStep
  | TriggerStep
  | RefreshStep
  | SqlStep;

/** Creates an object. */
export interface CreateStep {
  /** Tells the kinds apart. */
  readonly kind: "create";
  /** What it is about. */
  readonly object: CatalogObject;
  /** Leaves alone what is there already. */
  readonly ifNotExists?: boolean;
  /** An index is built without keeping writers waiting, and outside of a transaction. */
  readonly concurrently?: boolean;
  /** A foreign key or a check is not checked for rows that are there. */
  readonly notValid?: boolean;
  /** A materialized view is left empty. */
  readonly withNoData?: boolean;
  /** A constraint takes an index that is there: its name. */
  readonly usingIndex?: string;
  /** An extension gets its object's version, not the server's default. */
  readonly exactVersion?: boolean;
  /** Constraints written in `create table` itself, where a table is created. */
  readonly constraints?: readonly ConstraintObject[];
  /** Whether what was there before is not known, so that the step cannot be reversed. */
  readonly unknownBefore?: boolean;
}

/** Drops an object. */
export interface DropStep {
  /** Tells the kinds apart. */
  readonly kind: "drop";
  /** What it was, so that it can be created again; what a person drops by name may be known by its name alone. */
  readonly object: CatalogObject;
  /** Does nothing where it is not there. */
  readonly ifExists?: boolean;
  /** Drops what depends on it, too. The comparison never does that. */
  readonly cascade?: boolean;
  /** Keeps nobody waiting. */
  readonly concurrently?: boolean;
  /** Constraints that go with a table. */
  readonly constraints?: readonly ConstraintObject[];
  /** What follows where it is created again: of a child, what it says of its parents' columns. */
  readonly afterwards?: readonly Step[];
  /** Whether what was there before is not known, so that the step cannot be reversed. */
  readonly unknownBefore?: boolean;
}

/** Puts another definition in an object's place, where PostgreSQL can: functions, views, triggers. */
export interface ReplaceStep {
  /** Tells the kinds apart. */
  readonly kind: "replace";
  /** What it was. */
  readonly from: CatalogObject;
  /** What it becomes. */
  readonly to: CatalogObject;
  /** Whether what was there before is not known, so that the step cannot be reversed. */
  readonly unknownBefore?: boolean;
}

/** Gives an object another name. */
export interface RenameStep {
  /** Tells the kinds apart. */
  readonly kind: "rename";
  /** What it is about. */
  readonly object: CatalogObject;
  /** What it becomes. */
  readonly to: string;
}

/** Puts an object into another schema. */
export interface MoveStep {
  /** Tells the kinds apart. */
  readonly kind: "move";
  /** What it is about. */
  readonly object: CatalogObject;
  /** What it becomes. */
  readonly to: string;
}

/** Sets or removes the comment of an object or, with `column`, of a column of it. */
export interface CommentStep {
  /** Tells the kinds apart. */
  readonly kind: "comment";
  /** What it is about. */
  readonly object: CatalogObject;
  /** The column. */
  readonly column?: string;
  /** What it was. */
  readonly from?: string;
  /** What it becomes. */
  readonly to?: string;
  /** Whether what was there before is not known, so that the step cannot be reversed. */
  readonly unknownBefore?: boolean;
}

/** Changes a column of a table. */
export interface ColumnStep {
  /** Tells the kinds apart. */
  readonly kind: "column";
  /** The table. */
  readonly table: TableName;
  /** The column. */
  readonly column: string;
  /** What changes. */
  readonly change: ColumnChange;
  /** Whether what was there before is not known, so that the step cannot be reversed. */
  readonly unknownBefore?: boolean;
}

/** What changes of a column. */
export type ColumnChange =
  | { readonly type: "add"; readonly column: TableColumn; readonly ifNotExists?: boolean }
  | {
    readonly type: "drop";
    readonly column: TableColumn;
    readonly ifExists?: boolean;
    readonly cascade?: boolean;
  }
  | { readonly type: "rename"; readonly to: string }
  | {
    readonly type: "type";
    readonly from?: Pick<TableColumn, "type" | "collation">;
    readonly to: Pick<TableColumn, "type" | "collation">;
    /** How values that are there become it; default: PostgreSQL's assignment cast. */
    readonly using?: string;
  }
  | { readonly type: "not null"; readonly from: boolean; readonly to: boolean }
  | { readonly type: "default"; readonly from?: string; readonly to?: string }
  | { readonly type: "identity"; readonly from?: ColumnIdentity; readonly to?: ColumnIdentity }
  | {
    readonly type: "generated";
    readonly from: NonNullable<TableColumn["generated"]>;
    /** Without it the values stay and the column is an ordinary one. */
    readonly to?: NonNullable<TableColumn["generated"]>;
  }
  | { readonly type: "storage"; readonly from?: TableColumn["storage"]; readonly to?: TableColumn["storage"] }
  | {
    readonly type: "compression";
    readonly from?: TableColumn["compression"];
    readonly to?: TableColumn["compression"];
  }
  | { readonly type: "statistics"; readonly from?: number; readonly to?: number };

/** Changes a table beside its columns and constraints. */
export interface TableStep {
  /** Tells the kinds apart. */
  readonly kind: "table";
  /** The table. */
  readonly table: TableName;
  /** What changes. */
  readonly change: TableChange;
  /** Whether what was there before is not known, so that the step cannot be reversed. */
  readonly unknownBefore?: boolean;
}

/** What changes of a table. */
export type TableChange =
  | {
    readonly type: "row security";
    readonly from: TableObject["rowSecurity"];
    readonly to: TableObject["rowSecurity"];
  }
  | { readonly type: "logged"; readonly to: boolean }
  | {
    readonly type: "parameters";
    /** Only those that change; `undefined` is the default. */
    readonly from: Readonly<Record<string, string | undefined>>;
    readonly to: Readonly<Record<string, string | undefined>>;
    /** What it is, where it is no table. Default `"table"`. */
    readonly of?: "view" | "materialized view" | "index";
  }
  | {
    readonly type: "replica identity";
    readonly from: TableObject["replicaIdentity"];
    readonly to: TableObject["replicaIdentity"];
  }
  | { readonly type: "attach"; readonly partition: TableName; readonly bound: PartitionBound["bound"] }
  | {
    readonly type: "detach";
    readonly partition: TableName;
    readonly bound: PartitionBound["bound"];
    readonly concurrently?: boolean;
  }
  | { readonly type: "inherit"; readonly from: readonly TableName[]; readonly to: readonly TableName[] };

/** Changes a type or a domain. */
export interface TypeStep {
  /** Tells the kinds apart. */
  readonly kind: "type";
  /** What it is about. */
  readonly object: EnumObject | DomainObject;
  /** What changes. */
  readonly change: TypeChange;
  /** Whether what was there before is not known, so that the step cannot be reversed. */
  readonly unknownBefore?: boolean;
}

/** What changes of a type. */
export type TypeChange =
  | {
    readonly type: "add label";
    readonly label: string;
    readonly before?: string;
    readonly after?: string;
    readonly ifNotExists?: boolean;
    /** Added outside of a transaction, so that the steps that follow can use it. */
    readonly isApart?: boolean;
  }
  | { readonly type: "rename label"; readonly from: string; readonly to: string }
  | { readonly type: "domain default"; readonly from?: string; readonly to?: string }
  | { readonly type: "domain not null"; readonly to: boolean }
  | { readonly type: "add check"; readonly check: DomainObject["checks"][number] }
  | { readonly type: "drop check"; readonly check: DomainObject["checks"][number] };

/** Changes how a sequence counts. */
export interface SequenceStep {
  /** Tells the kinds apart. */
  readonly kind: "sequence";
  /** What it was. */
  readonly from: SequenceObject;
  /** What it becomes. */
  readonly to: SequenceObject;
  /** Whether what was there before is not known, so that the step cannot be reversed. */
  readonly unknownBefore?: boolean;
}

/** Changes a constraint that is there. */
export interface ConstraintStep {
  /** Tells the kinds apart. */
  readonly kind: "constraint";
  /** What it is about. */
  readonly object: ConstraintObject;
  /** What changes. */
  readonly change:
    | { readonly type: "validate" }
    | { readonly type: "deferrable"; readonly to: ConstraintObject["deferrable"] };
}

/** Changes an index that is there. */
export interface IndexStep {
  /** Tells the kinds apart. */
  readonly kind: "index";
  /** What it is about. */
  readonly object: IndexObject;
  /** What changes. */
  readonly change: { readonly type: "rebuild"; readonly concurrently: boolean };
}

/** Changes when a trigger fires. */
export interface TriggerStep {
  /** Tells the kinds apart. */
  readonly kind: "trigger";
  /** The table. */
  readonly table: TableName;
  /** Its name. */
  readonly name: string;
  /** What it was. */
  readonly from: "origin" | "always" | "replica" | "disabled";
  /** What it becomes. */
  readonly to: "origin" | "always" | "replica" | "disabled";
}

/** Fills a materialized view anew. */
export interface RefreshStep {
  /** Tells the kinds apart. */
  readonly kind: "refresh";
  /** The view. */
  readonly view: TableName;
  /** Keeps nobody waiting. */
  readonly concurrently?: boolean;
}

/** What a person wrote. */
export interface SqlStep {
  /** Tells the kinds apart. */
  readonly kind: "sql";
  /** Statements, each ended as PostgreSQL has it. */
  readonly text: string;
  /** What reverses it. */
  readonly down?: string;
  /** Whether it must be run outside of a transaction. Default: as its statements need. */
  readonly transaction?: boolean;
  /** The line of its file it begins at. */
  readonly line?: number;
}

/** How a step is reversed. */
export interface Reversal {
  /** The steps. */
  readonly steps: readonly Step[];
  /** What is lost or cannot be done; `undefined` where everything is as before. */
  readonly loss?: string;
  /** Whether the step cannot be reversed at all: `steps` is empty, and `loss` says why and what to write. */
  readonly isImpossible?: boolean;
}
