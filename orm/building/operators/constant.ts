/**
 * Constants of a statement: what is written into its text instead of being bound, so that the text is the same each time
 * it is named. A query that selects and groups by `date_trunc('month', …)` needs one text.
 *
 * @module
 */
import { kindOf } from "../../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import type { Composed } from "../composition.ts";
import { keep } from "../kept.ts";

/**
 * Text as PostgreSQL writes constants; nothing in it can end it.
 *
 * @param text The text.
 * @param subject What errors call it.
 */
export function quoteLiteral(text: string, subject: string): string {
  if (typeof text !== "string") throw new ValidationError(subject, `it is ${kindOf(text)}; give a string`);
  if (text.includes("\0")) throw new ValidationError(subject, "it holds a NUL; remove it");
  const quoted = text.replaceAll("'", "''");
  return text.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`;
}

const CONSTANTS = new Map<string, readonly string[]>();
/** How many constants' strings are kept. */
const MAX_CONSTANTS = 5_000;

/** Text without values that writes nothing, its strings the same array each time. */
export function constantStrings(text: string): Composed {
  let strings = CONSTANTS.get(text);
  if (strings === undefined) {
    strings = [text];
    keep(CONSTANTS, MAX_CONSTANTS, [text, strings]);
  }
  return { strings, values: [], pure: true, stable: CONSTANTS.get(text) !== undefined, grouped: false };
}
