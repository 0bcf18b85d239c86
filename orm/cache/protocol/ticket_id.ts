/**
 * Ids of tickets: sixteen characters that no other process makes.
 *
 * @module
 */
import { randomBytes } from "node:crypto";

const DIGITS = 6;

let prefix = "";
let count = 0;

/** A new id. */
export function newTicketId(): string {
  if (prefix === "" || count === 36 ** DIGITS) {
    // Ten characters of 6 bits.
    prefix = randomBytes(9).toString("base64url").slice(0, 10);
    count = 0;
  }
  return prefix + (count++).toString(36).padStart(DIGITS, "0");
}
