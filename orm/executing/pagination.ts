/**
 * Pages by number.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { SelectQuery } from "../building/select_query.ts";
import type { Clause } from "../compiling/shape.ts";
import { uniqueOrder } from "./row_order.ts";

/** Which page. */
export interface PageRequest {
  /** The page's number, from 1. Default 1. */
  readonly page?: number;
  /** How many rows a page has. Default 20. */
  readonly size?: number;
}

/** A page of rows. */
export interface Page<Row> {
  /** The page's rows. */
  readonly rows: readonly Row[];
  /** How many rows all pages have. */
  readonly total: number;
  /** The page's number, from 1. */
  readonly page: number;
  /** How many rows a page has. */
  readonly size: number;
  /** How many pages there are. */
  readonly pages: number;
}

/** {@link PageRequest}'s defaults. */
const PAGE_DEFAULTS = { page: 1, size: 20 } as const satisfies Required<PageRequest>;

const BOUNDS: readonly Clause[] = ["limit", "offset"];

/**
 * Finds a page, and how many rows there are: two statements sent together.
 *
 * @param query The query.
 * @param request Which page.
 * @param executor What to run on.
 */
export async function findPage(
  query: SelectQuery,
  request: PageRequest,
  executor: Executor,
): Promise<Page<unknown>> {
  const subject = `paginate() of ${query.subject}`;
  const { page = PAGE_DEFAULTS.page, size = PAGE_DEFAULTS.size, ...unknown } = checkRequest(request, subject);
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw new ValidationError(subject, `it has no option "${name}"; it has page and size`);
  }
  countOf("page", page, subject);
  countOf("size", size, subject);
  refuseBounds(query, subject, BOUNDS);
  const ordered = uniqueOrder(query);
  const [rows, total] = await Promise.all([
    ordered.limit(size).offset((page - 1) * size).all(executor),
    query.count(executor),
  ]);
  return { rows, total, page, size, pages: Math.ceil(total / size) };
}

/** Refuses what is no object of options. */
export function checkRequest<Request>(request: Request, subject: string): Request {
  if (typeof request === "object" && request !== null && !("query" in request)) return request;
  throw new ValidationError(
    subject,
    `${kindOf(request)} was given; give an object of options, then the executor`,
  );
}

/** Refuses what is no number of rows. */
export function countOf(name: string, value: unknown, subject: string): void {
  if (Number.isSafeInteger(value) && value as number >= 1) return;
  throw new ValidationError(subject, `"${name}" is ${kindOf(value)}; give a whole number from 1`);
}

/** Refuses a query that has clauses which what pages adds itself. */
export function refuseBounds(query: SelectQuery, subject: string, clauses: readonly Clause[]): void {
  const found = query.shape.parts.find(({ clause }) => clauses.includes(clause));
  if (found === undefined) return;
  throw new ValidationError(
    subject,
    BOUNDS.includes(found.clause)
      ? `the query has ${found.clause}(), which pages set themselves; leave it out`
      : `the query has ${found.clause}; name it, and take pages of from(query.as("name"))`,
  );
}
