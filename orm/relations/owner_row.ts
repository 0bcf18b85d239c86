/**
 * Rows that callers give, to find what is related to them.
 *
 * @module
 */
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Link } from "./relation_value.ts";

/**
 * Checks that the related rows of a row can be found.
 *
 * @throws {ValidationError} When it is no row, or lacks a column of the relation's key.
 */
export function checkOwner({ subject, first }: Link, row: unknown): asserts row is object {
  if (typeof row !== "object" || row === null) {
    throw new ValidationError(subject, `it was asked for ${kindOf(row)}; give a row of the model`);
  }
  const needed = [...first.from, ...(first.when ?? []).map(([column]) => column)];
  for (const { property } of needed) {
    if ((row as Readonly<Record<string, unknown>>)[property] !== undefined) continue;
    throw new ValidationError(
      subject,
      `the row has no "${property}", which the related rows are found by; select it too`,
    );
  }
}

/** The values of a row's columns. */
export function valuesOf(row: object, columns: readonly AnyColumn[]): readonly unknown[] {
  return columns.map(({ property }) => (row as Readonly<Record<string, unknown>>)[property]);
}
