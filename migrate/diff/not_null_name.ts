/**
 * NOT NULL constraints, which have names from PostgreSQL 18 on.
 *
 * @module
 */
import type { ConstraintObject, TableName } from "../catalog/objects.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";

/** The name PostgreSQL gives a NOT NULL constraint (`makeObjectName`). */
export function usualNotNullName(table: string, column: string): string {
  const encoder = new TextEncoder();
  const room = 63 - "__not_null".length;
  let [one, two] = [encoder.encode(table).length, encoder.encode(column).length];
  while (one + two > room) {
    if (one > two) one--;
    else two--;
  }
  return `${clip(table, one)}_${clip(column, two)}_not_null`;
}

function clip(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length <= bytes) return text;
  let end = bytes;
  while ((encoded[end] & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(encoded.subarray(0, end));
}

/** A NOT NULL constraint as an object, so that it can be renamed. */
export function notNullConstraint(table: TableName, column: string, name: string): ConstraintObject {
  return {
    kind: "constraint",
    name,
    schema: table.schema,
    table: table.name,
    constraint: { type: "check", condition: `${quoteIdentifier(column)} is not null` },
    isValid: true,
    dependsOn: [],
  };
}
