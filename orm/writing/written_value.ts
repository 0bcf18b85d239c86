/**
 * What a value becomes in a statement that writes it.
 *
 * @module
 */
import { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import { fragmentOf, template } from "../building/composition.ts";
import { fitting } from "../building/text_case.ts";
import { OwnSql } from "../building/traits.ts";

const SUBQUERY = template("(", ")");
/** Stands for the value while a column's expression is asked for. */
const VALUE: object = Object.freeze({});
const PLACEHOLDER: Sql = new Sql(["", ""], [VALUE]);

/** What columns' `saveAs` makes of a placeholder, so that its strings are the same each time. */
const SAVED = new WeakMap<(value: Sql) => Sql, Sql>();

/**
 * A value as a part of a statement: itself, or what its column's `saveAs` makes of it. An expression stays as it is.
 *
 * @param column The column it is written to.
 * @param value The value, an expression, a fragment, or a query of one value.
 */
export function writtenValue(column: AnyColumn, value: unknown): unknown {
  const fragment = fragmentOf(value);
  if (fragment !== undefined) {
    if (value instanceof Sql) return fitting(column.settings.type, value);
    const composed = SUBQUERY.of([fragment]);
    return new OwnSql(composed.strings, composed.values, composed);
  }
  const { saveAs } = column.settings;
  if (saveAs === undefined) return value;
  const { strings, values } = savedForm(column, saveAs);
  return new OwnSql(strings, values.map((each) => each === VALUE ? value : each), {
    pure: false,
    stable: true,
  });
}

/** An expression as a part of a statement that writes it: what `saveAs` makes of it. */
export function writtenExpression(column: AnyColumn, expression: Sql): Sql {
  const { saveAs } = column.settings;
  return saveAs === undefined ? expression : checkSaved(column, saveAs(expression));
}

function savedForm(column: AnyColumn, saveAs: (value: Sql) => Sql): Sql {
  let form = SAVED.get(saveAs);
  if (form === undefined) SAVED.set(saveAs, form = checkSaved(column, saveAs(PLACEHOLDER)));
  return form;
}

function checkSaved(column: AnyColumn, saved: unknown): Sql {
  if (saved instanceof Sql) return saved;
  throw new ValidationError(
    column.subject,
    `its saveAs() returns ${kindOf(saved)}; return an expression, as in (value) => sql\`lower(\${value})\``,
  );
}
