/**
 * Windows: which rows a window function is computed over.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { assertSql, Sql } from "../../../pool/sql/sql.ts";
import { kindOf } from "../../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { list } from "../composition.ts";
import { constantStrings } from "../operators/constant.ts";
import { OwnSql } from "../traits.ts";
import { typed } from "./literal.ts";

/** Where a frame begins or ends. */
export type FrameBound =
  | "unbounded preceding"
  | "current row"
  | "unbounded following"
  | { readonly preceding: FrameOffset }
  | { readonly following: FrameOffset };

/** How far a bound is from the current row: rows, groups, or what is added to the value ordered by. */
export type FrameOffset = number | Temporal.Duration | Sql;

/** Which of a window's rows a function sees. */
export interface WindowFrame {
  /** What offsets count: rows, differences of the value ordered by, or groups of equal rows. */
  readonly unit: "rows" | "range" | "groups";
  /** Where it begins. */
  readonly from: FrameBound;
  /** Where it ends. Default: the current row. */
  readonly to?: FrameBound;
  /** What is left out. Default: nothing. */
  readonly exclude?: "current row" | "group" | "ties" | "no others";
}

/** A window. */
export interface WindowOptions {
  /** The name of a window of the query that this one refines. */
  readonly base?: string;
  /** Rows equal in these are one partition. Default: all rows are. */
  readonly partitionBy?: Sql | readonly Sql[];
  /** The order of a partition's rows. */
  readonly orderBy?: Sql | readonly Sql[];
  /** Which rows of the partition are seen. Default: to the current row and its equals, or all where there is no order. */
  readonly frame?: WindowFrame;
}

const UNITS: ReadonlySet<string> = new Set(["rows", "range", "groups"]);
const BOUNDS: ReadonlySet<string> = new Set(["unbounded preceding", "current row", "unbounded following"]);
const EXCLUDED: ReadonlySet<string> = new Set(["current row", "group", "ties", "no others"]);
const WORDS = list("", " ", "");
const ITEMS = list("", ", ", "");

/**
 * A window for `over()` and `Query.window()`.
 *
 * @param options What it partitions and orders by, and its frame.
 * @throws {ValidationError} When a part of it cannot be used.
 *
 * @example
 * ```ts
 * import { column, fn, model, windowOf } from "@lifeguard/core";
 * const Sale = model("sales", { id: column.identity().primaryKey(), shop: column.text(), total: column.integer() });
 * const query = Sale.find()
 *   .select({ id: Sale.id, rank: fn.rank().over("w"), running: fn.sum(Sale.total).over("w") })
 *   .window("w", windowOf({ partitionBy: Sale.shop, orderBy: Sale.total.desc() }));
 * console.assert(query.toSQL().text ===
 *   'select "sales"."id", rank() over "w" as "rank", sum("sales"."total") over "w" as "running" from "sales" ' +
 *   'window "w" as (partition by "sales"."shop" order by "sales"."total" desc)');
 * ```
 */
export function windowOf({ base, partitionBy, orderBy, frame }: WindowOptions): Sql {
  const parts: Sql[] = [];
  if (base !== undefined) parts.push(word(quoteIdentifier(base)));
  for (const [keyword, given] of [["partition by", partitionBy], ["order by", orderBy]] as const) {
    if (given === undefined) continue;
    const items = given instanceof Sql ? [given] : given;
    for (const item of items) assertSql(item, `${keyword} of a window`);
    if (items.length > 0) parts.push(word(keyword), own(ITEMS.of(items)));
  }
  if (frame !== undefined) parts.push(...frameWords(frame));
  return own(WORDS.of(parts));
}

function frameWords({ unit, from, to, exclude }: WindowFrame): Sql[] {
  if (!UNITS.has(unit)) throw refused('its unit is none; use "rows", "range" or "groups"');
  if (exclude !== undefined && !EXCLUDED.has(exclude)) {
    throw refused(`it excludes what is unknown; use one of "${[...EXCLUDED].join('", "')}"`);
  }
  return [
    word(`${unit} between`),
    ...boundWords(from),
    word("and"),
    ...boundWords(to ?? "current row"),
    ...(exclude === undefined ? [] : [word(`exclude ${exclude}`)]),
  ];
}

function boundWords(bound: FrameBound): Sql[] {
  if (typeof bound === "string" && BOUNDS.has(bound)) return [word(bound)];
  if (typeof bound === "object" && bound !== null) {
    if ("preceding" in bound) return [offset(bound.preceding), word("preceding")];
    if ("following" in bound) return [offset(bound.following), word("following")];
  }
  throw refused(
    'a bound is none; use "unbounded preceding", "current row", "unbounded following", ' +
      "{ preceding: n } or { following: n }",
  );
}

function offset(offset: FrameOffset): Sql {
  if (offset instanceof Sql) return offset;
  if (typeof offset === "number") {
    if (Number.isFinite(offset) && offset >= 0) return word(String(offset));
    throw refused(`an offset is ${kindOf(offset)} below 0 or without end; give a number from 0`);
  }
  return typed(offset, "interval");
}

function word(text: string): Sql {
  const { strings, values, pure, stable } = constantStrings(text);
  return new OwnSql(strings, values, { pure, stable });
}

function own(composed: ReturnType<typeof WORDS.of>): Sql {
  return new OwnSql(composed.strings, composed.values, composed);
}

function refused(problem: string): ValidationError {
  return new ValidationError("the frame of a window", problem);
}
