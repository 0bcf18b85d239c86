/**
 * What happens to a model's rows by themselves: rows that are deleted softly, times of creation and change, versions,
 * and the scope its queries have by default.
 *
 * @module
 */
import { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import { term } from "../building/condition.ts";

/** The columns that keep a row's times. */
export interface TimestampOptions<Property extends string> {
  /** Gets the time of the insert. Default `"createdAt"`, where there is such a column. */
  readonly createdAt?: Property;
  /** Gets the time of the insert and of each update. Default `"updatedAt"`, where there is such a column. */
  readonly updatedAt?: Property;
}

/** The options of a model about the life of its rows. `Columns` are the model's by property. */
export interface LifecycleOptions<Columns> {
  /**
   * The column that says when a row was deleted: `delete` sets it, and queries leave such rows out. It is nullable, of
   * a type that `now()` fits. `true` is `"deletedAt"`.
   */
  readonly softDelete?: true | (keyof Columns & string);
  /** The columns that get the database's time. `true` are `createdAt` and `updatedAt`. */
  readonly timestamps?: true | TimestampOptions<keyof Columns & string>;
  /**
   * The column that counts a row's changes, so that two do not overwrite each other's. It is an integer or a bigint,
   * with a default. `true` is `"version"`.
   */
  readonly version?: true | (keyof Columns & string);
  /** The condition of every query of the model, unless it is `unscoped()`. */
  readonly defaultScope?: (columns: Columns) => Sql;
}

/** The same, as the columns of one table or alias. */
export interface Lifecycle {
  /** The column that says when a row was deleted. */
  readonly softDelete?: AnyColumn;
  /** The column that gets the time of the insert. */
  readonly createdAt?: AnyColumn;
  /** The column that gets the time of each change. */
  readonly updatedAt?: AnyColumn;
  /** The column that counts changes. */
  readonly version?: AnyColumn;
  /** What is true of rows that are not soft-deleted. */
  readonly present?: Sql;
  /** What is true of soft-deleted rows. */
  readonly trashed?: Sql;
  /** What the model's queries ask unless they are unscoped. */
  readonly scope?: Sql;
}

/** The names of the options. */
export const LIFECYCLE_OPTIONS: readonly string[] = [
  "softDelete",
  "timestamps",
  "version",
  "defaultScope",
] satisfies (keyof LifecycleOptions<never>)[];

/**
 * Finds the columns the options name, in a table or an alias of it.
 *
 * @param subject What errors call the model.
 * @param columns The columns by property.
 * @param options See {@link LifecycleOptions}.
 * @throws {ValidationError} When an option names no column, or one that cannot serve.
 */
export function lifecycleOf(
  subject: string,
  columns: ReadonlyMap<string, AnyColumn>,
  options: LifecycleOptions<never>,
): Lifecycle {
  const find = (option: string, property: unknown): AnyColumn => {
    const column = columns.get(property as string);
    if (column !== undefined) return column;
    const names = [...columns.keys()];
    const near = typeof property === "string" ? nearestWord(property, names) : undefined;
    throw new ValidationError(
      `option "${option}" of ${subject}`,
      `it names ${typeof property === "string" ? `"${property}"` : kindOf(property)}, which is no column; ${
        near === undefined ? `use ${names.join(", ")}` : `did you mean "${near}"?`
      }`,
    );
  };
  const { softDelete, timestamps, version, defaultScope } = options;
  const times = timestamps === true
    ? { createdAt: "createdAt", updatedAt: "updatedAt" }
    : timestamps as TimestampOptions<string> | undefined;
  const deleted = softDelete === undefined
    ? undefined
    : find("softDelete", softDelete === true ? "deletedAt" : softDelete);
  if (deleted !== undefined && deleted.settings.nullable !== true) {
    throw new ValidationError(
      `option "softDelete" of ${subject}`,
      `its column "${deleted.property}" is not nullable; call .nullable() on it: null says that a row is not deleted`,
    );
  }
  return {
    softDelete: deleted,
    present: deleted?.isNull(),
    trashed: deleted?.isNotNull(),
    createdAt: times?.createdAt === undefined ? undefined : find("timestamps", times.createdAt),
    updatedAt: times?.updatedAt === undefined ? undefined : find("timestamps", times.updatedAt),
    version: version === undefined ? undefined : find("version", version === true ? "version" : version),
    scope: defaultScope === undefined ? undefined : scopeOf(subject, columns, defaultScope),
  };
}

function scopeOf(
  subject: string,
  columns: ReadonlyMap<string, AnyColumn>,
  defaultScope: (columns: never) => Sql,
): Sql {
  const scope = defaultScope(Object.fromEntries(columns) as never);
  if (scope instanceof Sql) return term(scope);
  throw new ValidationError(
    `option "defaultScope" of ${subject}`,
    `it returns ${kindOf(scope)}; return a condition, as in (user) => user.active.eq(true)`,
  );
}
