/**
 * Pages by place: the rows after, or before, a row in an order. Unlike pages by number they stay right while rows come
 * and go, and a late page costs no more than the first.
 *
 * Invariant: the order has no two equal rows, since the primary key is its end, or the caller said so; so each row has
 * one place.
 *
 * @module
 */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { and, or } from "../building/condition.ts";
import { list, template } from "../building/composition.ts";
import { type Condition, Expression } from "../building/expression.ts";
import type { OutputColumn } from "../building/selection.ts";
import type { SelectQuery } from "../building/select_query.ts";
import { outputsOf } from "../compiling/select.ts";
import type { Clause } from "../compiling/shape.ts";
import { convertRows, type OpenRow, readerOf } from "../hydrating/row_reader.ts";
import { orderMark, readCursor, writeCursor } from "./cursor.ts";
import { checkRequest, countOf, refuseBounds } from "./pagination.ts";
import { keyColumns, ordersOf, type RowOrder, uniqueOrder, unknownOrder } from "./row_order.ts";

/** A place in an order: a value for each property ordered by. */
export type KeysetPosition<Row, Ordered extends string> =
  & { readonly [Property in Ordered]: Property extends keyof Row ? Row[Property] : unknown }
  & { readonly [Property in keyof Row as Property extends Ordered ? never : Property]?: NotOrdered };

/** What the compiler says of a property that the query is not ordered by. */
export type NotOrdered = "the query is not ordered by this property: add it to orderBy(), or leave it out";

/** Which page: the first rows after a place, or the last before one. */
export interface KeysetRequest<Row, Ordered extends string> {
  /** How many rows to find from the start, or after a place. */
  readonly first?: number;
  /** The place they come after: a cursor, or the values ordered by. Only with `first`. */
  readonly after?: string | KeysetPosition<Row, Ordered> | undefined;
  /** How many rows to find from the end, or before a place. */
  readonly last?: number;
  /** The place they come before: a cursor, or the values ordered by. Only with `last`. */
  readonly before?: string | KeysetPosition<Row, Ordered> | undefined;
  /**
   * The caller's promise that no two rows are equal in the query's orders. Only where rows are of no table with a
   * primary key, such as those of `from(query.as("name"))`. Default false.
   */
  readonly unique?: boolean;
}

/** A page of rows, in the query's order. */
export interface KeysetPage<Row> {
  /** The page's rows. */
  readonly rows: readonly Row[];
  /** The first row's cursor; `undefined` where there are no rows. */
  readonly startCursor: string | undefined;
  /** The last row's cursor; `undefined` where there are no rows. */
  readonly endCursor: string | undefined;
  /** Whether rows follow: looked for with `first`, and taken to be so with `before`. */
  readonly hasNextPage: boolean;
  /** Whether rows come before: looked for with `last`, and taken to be so with `after`. */
  readonly hasPreviousPage: boolean;
  /**
   * The cursor of one of the page's rows.
   *
   * @param row One of `rows`.
   * @throws {ValidationError} When it is none of them.
   */
  cursorOf(row: Row): string;
}

const REFUSED: readonly Clause[] = ["limit", "offset", "distinct", "groupBy", "having", "combine"];

/**
 * Finds a page.
 *
 * @param given The query.
 * @param request Which page.
 * @param running What to run on, and the query's own options.
 */
export async function findKeysetPage(
  given: SelectQuery,
  request: KeysetRequest<unknown, string>,
  { executor, options }: { readonly executor: Executor; readonly options: QueryOptions | undefined },
): Promise<KeysetPage<unknown>> {
  const subject = `keyset() of ${given.subject}`;
  const { count, backwards, place } = directionOf(request, subject);
  refuseBounds(given, subject, REFUSED);
  const query = uniqueOrder(given);
  const orders = ordersOf(query);
  if (orders === undefined) throw unknownOrder(subject);
  if (keyColumns(query).length === 0 && (request.unique !== true || orders.length === 0)) {
    throw new ValidationError(
      subject,
      "what it is of has no primary key, which tells its rows apart; order by what does, and say so with { unique: true }",
    );
  }
  const mark = orderMark(
    orders.map(({ expression, direction, nulls }) => `${expression.text} ${direction} ${nulls}`).join(),
  );
  const facing = backwards ? orders.map(reversed) : orders;
  const from = place === undefined ? undefined : placeOf(place, orders, { mark, subject });
  const { page, properties } = selecting(query, orders);
  const bounded = page.dropping(["orderBy"])
    .orderBy(...facing.map(({ expression, direction, nulls }) => expression[direction]({ nulls })))
    .limit(count + 1);
  const narrowed = from === undefined ? bounded : bounded.where(beyond(facing, from));
  const found = await executor.query(narrowed.toSQL(), options) as OpenRow[];
  const more = found.length > count;
  if (more) found.pop();
  if (backwards) found.reverse();
  convertRows(readerOf(narrowed.shape), found);
  const places = found.map((row) => properties.map((property) => row[property]));
  const rows = await narrowed.finish(found, executor);
  const cursorAt = (index: number): string | undefined =>
    places[index] === undefined ? undefined : writeCursor(mark, places[index], subject);
  return {
    rows,
    startCursor: cursorAt(0),
    endCursor: cursorAt(rows.length - 1),
    hasNextPage: backwards ? from !== undefined : more,
    hasPreviousPage: backwards ? more : from !== undefined,
    cursorOf: (row) => {
      const cursor = cursorAt(rows.indexOf(row));
      if (cursor !== undefined) return cursor;
      throw new ValidationError(
        "cursorOf()",
        "what it was given is no row of the page; give one of its rows",
      );
    },
  };
}

/** Which way a request goes, how far, and from where. */
interface Direction {
  readonly count: number;
  readonly backwards: boolean;
  readonly place: unknown;
}

function directionOf(request: KeysetRequest<unknown, string>, subject: string): Direction {
  const { first, after, last, before, unique: _, ...unknown } = checkRequest(request, subject);
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw new ValidationError(
      subject,
      `it has no option "${name}"; it has first, after, last, before and unique`,
    );
  }
  const backwards = last !== undefined;
  if (backwards === (first !== undefined)) {
    throw new ValidationError(subject, "it needs either first or last; give one of them");
  }
  if ((backwards ? after : before) !== undefined) {
    throw new ValidationError(subject, "after goes with first, and before with last; give a pair of them");
  }
  const count = backwards ? last : first;
  countOf(backwards ? "last" : "first", count, subject);
  return { count: count as number, backwards, place: backwards ? before : after };
}

function reversed(order: RowOrder): RowOrder {
  return {
    ...order,
    direction: order.direction === "asc" ? "desc" : "asc",
    nulls: order.nulls === "first" ? "last" : "first",
  };
}

/** The values of a place: those of a cursor, or of an object as far as it has them. */
function placeOf(
  place: unknown,
  orders: readonly RowOrder[],
  { mark, subject }: { readonly mark: string; readonly subject: string },
): readonly unknown[] {
  if (typeof place === "string") {
    const values = readCursor(place, mark, orders.length);
    values.forEach((value, index) => checkValue(value, orders[index]));
    return values;
  }
  if (typeof place !== "object" || place === null || Array.isArray(place)) {
    throw new ValidationError(
      subject,
      `${kindOf(place)} was given as a place; give a cursor, or an object of values`,
    );
  }
  const given = place as Readonly<Record<string, unknown>>;
  const known = orders.map(({ property }) => property);
  for (const property of Object.keys(given)) {
    if (known.filter((name) => name === property).length === 1) continue;
    throw new ValidationError(
      subject,
      `it is not ordered by "${property}"; add it to orderBy(), or leave it out`,
    );
  }
  const missing = known.findIndex((property) => property === undefined || !Object.hasOwn(given, property));
  const count = missing === -1 ? orders.length : missing;
  const values = orders.slice(0, count).map(({ property }) => given[property as string]);
  if (count === 0 || count < Object.keys(given).length) {
    throw new ValidationError(subject, `the place has no value for "${known[count]}"; give one, or a cursor`);
  }
  values.forEach((value, index) => checkValue(value, orders[index]));
  return values;
}

function checkValue(value: unknown, { expression, nullable }: RowOrder): void {
  if (value === undefined || (value === null && !nullable)) {
    throw new ValidationError(
      expression.subject,
      `it is ${value} in a place, which it never is; give a value`,
    );
  }
  const refusal = value === null ? undefined : expression.refuse(value);
  if (refusal !== undefined) throw refusal;
}

/** The query with every value ordered by among its output columns, and under which names they are. */
function selecting(
  query: SelectQuery,
  orders: readonly RowOrder[],
): { readonly page: SelectQuery; readonly properties: readonly string[] } {
  const outputs = outputsOf(query.shape);
  const hidden: { readonly output: OutputColumn; readonly expression: Expression<unknown, unknown> }[] = [];
  const properties = orders.map(({ expression, property }, index) => {
    const { strings, conversion } = expression;
    const shown = outputs.find((output) => output.strings === strings && strings.length === 1) ??
      (isOutput(expression) ? outputs.find((output) => output.property === property) : undefined);
    if (shown !== undefined) return shown.property;
    const name = `~${index}`;
    hidden.push({
      output: { property: name, strings, hidden: true, ...(conversion === undefined ? {} : { conversion }) },
      expression,
    });
    return name;
  });
  if (hidden.length === 0) return { page: query, properties };
  const page = query.withSelection("add", {
    outputs: hidden.map(({ output }) => output),
    fragments: hidden.map(({ expression }) => expression),
    signature: `keyset ${hidden.map(({ output }) => output.property).join()}`,
    structure: undefined,
  });
  return { page, properties };
}

function isOutput(expression: Expression<unknown, unknown>): boolean {
  return !("columnName" in expression) && "property" in expression;
}

const ROW = list("(", ", ", ")");
const GREATER = template("", " > ", "");
const LESS = template("", " < ", "");

/** The condition of rows that come after a place. */
function beyond(orders: readonly RowOrder[], values: readonly unknown[]): Condition {
  const known = orders.slice(0, values.length);
  const alike = known.every(({ direction, nullable }) => direction === known[0].direction && !nullable);
  if (alike && known.length > 1) {
    const row = new Expression(ROW.of(known.map(({ expression }) => expression)));
    return new Expression(
      (known[0].direction === "asc" ? GREATER : LESS).of([row, new Expression(ROW.of(values))]),
    );
  }
  const [{ expression, direction, nullable }] = known;
  const rest = from(known, values);
  if (nullable || known.length === 1) return rest;
  // An index on the first column alone can begin at the place.
  return and(expression[direction === "asc" ? "gte" : "lte"](values[0]), rest);
}

/** After the first value, or with it and after the rest. */
function from([order, ...orders]: readonly RowOrder[], [value, ...values]: readonly unknown[]): Condition {
  const later = laterThan(order, value);
  if (orders.length === 0) return later ?? or();
  const { expression } = order;
  const same = and(value === null ? expression.isNull() : expression.eq(value), from(orders, values));
  if (later === undefined) return same;
  return or(later, same);
}

/** After a value in one order; undefined where nothing is. */
function laterThan(
  { expression, direction, nulls, nullable }: RowOrder,
  value: unknown,
): Condition | undefined {
  if (value === null) return nulls === "last" ? undefined : expression.isNotNull();
  const later = expression[direction === "asc" ? "gt" : "lt"](value);
  return nullable && nulls === "last" ? or(later, expression.isNull()) : later;
}
