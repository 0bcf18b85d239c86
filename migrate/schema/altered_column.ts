/**
 * What `alterColumn()` changes, as steps.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import type { TableColumn, TableName } from "../catalog/objects.ts";
import type { ColumnChange, ColumnStep } from "../steps/step.ts";
import { countingOf } from "../steps/counting.ts";
import { describeColumn } from "./catalog_objects.ts";
import { checkOptions, literal, textOf } from "./name.ts";
import type { AlterColumnOptions } from "./table_change_options.ts";

/**
 * The steps that change a column, but for its comment.
 *
 * @param table Its table.
 * @param name The column.
 * @param options What changes.
 */
export function alteredColumn(
  table: TableName,
  name: string,
  options: AlterColumnOptions,
): readonly ColumnStep[] {
  checkOptions(options, ALTER_COLUMN_OPTIONS, "alterColumn()");
  const { was, type, using, nullable, generated, identity, storage, compression, statistics } = options;
  const subject = `column "${name}" of alterColumn()`;
  if (Object.keys(options).every((option) => option === "was")) {
    throw new ValidationError(subject, `nothing changes; give one of ${ALTER_COLUMN_OPTIONS.join(", ")}`);
  }
  if (using !== undefined && type === undefined) {
    throw new ValidationError(subject, "it has using without a type; give the type");
  }
  const steps: ColumnStep[] = [];
  const add = (change: ColumnChange, unknownBefore = false): void => {
    steps.push({ kind: "column", table, column: name, change, ...(unknownBefore ? { unknownBefore } : {}) });
  };
  const before = was === undefined ? undefined : describeColumn(table, name, was).column;
  const unknown = before === undefined;
  if (generated !== undefined) {
    const { generated: from } = before ?? {};
    add({
      type: "generated",
      from: from ?? { expression: "null", kind: "stored" },
      ...(generated === null
        ? {}
        : { to: { expression: textOf(generated, subject), kind: from?.kind ?? "stored" } }),
    }, from === undefined);
  }
  if (type !== undefined) {
    const { type: sql, collation } = describeColumn(table, name, type).column;
    add({
      type: "type",
      ...(before === undefined ? {} : { from: typeOf(before) }),
      to: collation === undefined ? { type: sql } : { type: sql, collation },
      ...(using === undefined ? {} : { using: textOf(using, subject) }),
    }, unknown);
  }
  if (options.default !== undefined) {
    const to = options.default === null ? undefined : literal(options.default, subject);
    add({
      type: "default",
      ...(before?.default === undefined ? {} : { from: before.default }),
      ...(to === undefined ? {} : { to }),
    }, unknown);
  }
  if (nullable !== undefined) {
    add({ type: "not null", from: before?.notNull ?? nullable, to: !nullable });
  }
  if (identity !== undefined) {
    if (before === undefined) {
      throw new ValidationError(
        subject,
        "how far it counts follows from its type; say what it is: was: column.integer()",
      );
    }
    add({
      type: "identity",
      ...(before.identity === undefined ? {} : { from: before.identity }),
      ...(identity === null ? {} : { to: { generation: identity, ...countingOf(before.type, {}) } }),
    }, identity === null && before.identity === undefined);
  }
  if (storage !== undefined) add({ type: "storage", to: storage }, true);
  if (compression !== undefined) add({ type: "compression", to: compression });
  if (statistics !== undefined) {
    add({ type: "statistics", ...(statistics === null ? {} : { to: statistics }) });
  }
  return steps;
}

const ALTER_COLUMN_OPTIONS: readonly string[] = [
  "type",
  "using",
  "nullable",
  "default",
  "generated",
  "identity",
  "storage",
  "compression",
  "statistics",
  "comment",
  "was",
] satisfies (keyof AlterColumnOptions)[];

function typeOf({ type, collation }: TableColumn): Pick<TableColumn, "type" | "collation"> {
  return collation === undefined ? { type } : { type, collation };
}
