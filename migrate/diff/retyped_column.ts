/**
 * What PostgreSQL changes of a column by itself when its type changes, and what it does not.
 *
 * @module
 */
import type { ColumnIdentity, TableColumn } from "../catalog/objects.ts";

/** How values of a type are stored when nothing is said; before 16 it must be. */
export function usualStorage(type: string): TableColumn["storage"] {
  return /^(numeric|inet|cidr)/.test(type) && !type.endsWith("]") ? "main" : "extended";
}

/** The ends PostgreSQL moves with a column's type, by type. */
const ENDS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  smallint: [-32768n, 32767n],
  integer: [-2147483648n, 2147483647n],
  bigint: [-9223372036854775808n, 9223372036854775807n],
};

/** What an identity is when its column has become another type. */
export function retypedIdentity(identity: ColumnIdentity, from: string, to: string): ColumnIdentity {
  const [old, next] = [ENDS[from], ENDS[to]];
  if (old === undefined || next === undefined) return identity;
  return {
    ...identity,
    min: identity.min === old[0] ? next[0] : identity.min,
    max: identity.max === old[1] ? next[1] : identity.max,
  };
}
