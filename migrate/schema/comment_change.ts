/**
 * How a comment changes, as a person says it.
 *
 * @module
 */

/** What of a step says which comment there is and was. */
export function commentChange(
  to: string | null,
  from: string | null | undefined,
): { readonly from?: string; readonly to?: string; readonly unknownBefore?: boolean } {
  return {
    ...(typeof from === "string" ? { from } : {}),
    ...(to === null ? {} : { to }),
    ...(from === undefined && to === null ? { unknownBefore: true } : {}),
  };
}
