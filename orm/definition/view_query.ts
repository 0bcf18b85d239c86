/**
 * The query of a model that is a view.
 *
 * @module
 */
import { FRAGMENT, Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { AnyColumn } from "../building/column.ts";

/** What a view shows: a query written with `sql`, or one of models. */
export type ViewQuery = Sql | { readonly [FRAGMENT]: Sql };

/** The query of a view, made when it is needed, so that it can be of models that are declared later. */
export type ViewQueryOption = ViewQuery | (() => ViewQuery);

/**
 * Checks the option `query` of a model.
 *
 * @param subject What errors call the model.
 * @param columns The model's columns.
 * @param option The option.
 * @returns Makes the query, whose columns are named as the model's are in the database.
 * @throws {ValidationError} When it is no query; where it is a function, when the query is made.
 */
export function viewQueryOf(
  subject: string,
  columns: ReadonlyMap<string, AnyColumn>,
  option: ViewQueryOption,
): () => Sql {
  if (typeof option !== "function" || FRAGMENT in option) return constant(checked(subject, columns, option));
  return () => checked(subject, columns, (option as () => ViewQuery)());
}

function constant<Value>(value: Value): () => Value {
  return () => value;
}

function checked(subject: string, columns: ReadonlyMap<string, AnyColumn>, query: unknown): Sql {
  if (query instanceof Sql) return query;
  const fragment = (query as Partial<Record<typeof FRAGMENT, Sql>> | null | undefined)?.[FRAGMENT];
  if (fragment !== undefined) return renamed(fragment, [...columns.values()]);
  throw new ValidationError(
    `the option "query" of ${subject}`,
    `it is ${kindOf(query)}; give a query, written with sql or of models, or a function that returns one`,
  );
}

/** A query of models names what it selects by property; a view names it as it is stored. */
function renamed(query: Sql, columns: readonly AnyColumn[]): Sql {
  if (columns.every(({ property, columnName }) => property === columnName)) return query;
  const list = columns.map(({ property, columnName }) =>
    `"shown".${quoteIdentifier(property)} as ${quoteIdentifier(columnName)}`
  );
  const strings = [...query.strings];
  strings[0] = `select ${list.join(", ")} from (${strings[0]}`;
  strings[strings.length - 1] += `) as "shown"`;
  return new Sql(strings, query.values);
}
