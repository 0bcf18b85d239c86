/**
 * SASLprep (https://www.rfc-editor.org/rfc/rfc4013): passwords that look the same become the same bytes. As in
 * PostgreSQL (src/common/saslprep.c), a password that the profile forbids is used as it is.
 *
 * @module
 */

import {
  LEFT_TO_RIGHT,
  MAPPED_TO_NOTHING,
  NON_ASCII_SPACES,
  PROHIBITED,
  RIGHT_TO_LEFT,
  UNASSIGNED,
} from "./saslprep_tables.ts";

/** First and last code point of each range, ascending. */
type Ranges = readonly (readonly [first: number, last: number])[];

const tables = new Map<string, Ranges>();

/**
 * Prepares a password for SCRAM.
 *
 * @param password The password as the user gave it.
 * @returns The prepared password, or the same text where the profile forbids it.
 */
export function saslprep(password: string): string {
  if (/^[\0-\x7f]*$/.test(password)) return password;
  const mapped = [...password]
    .filter((character) => !contains(MAPPED_TO_NOTHING, character))
    .map((character) => contains(NON_ASCII_SPACES, character) ? " " : character)
    .join("");
  const prepared = mapped.normalize("NFKC");
  return isAllowed([...prepared]) ? prepared : password;
}

function isAllowed(characters: readonly string[]): boolean {
  if (characters.length === 0) return false;
  if (characters.some((character) => contains(PROHIBITED, character) || contains(UNASSIGNED, character))) {
    return false;
  }
  const isRightToLeft = (character: string): boolean => contains(RIGHT_TO_LEFT, character);
  if (!characters.some(isRightToLeft)) return true;
  return isRightToLeft(characters[0]) && isRightToLeft(characters[characters.length - 1]) &&
    !characters.some((character) => contains(LEFT_TO_RIGHT, character));
}

function contains(table: string, character: string): boolean {
  const point = character.codePointAt(0)!;
  return rangesOf(table).some(([first, last]) => first <= point && point <= last);
}

function rangesOf(table: string): Ranges {
  let ranges = tables.get(table);
  if (ranges === undefined) {
    let end = 0;
    ranges = table.split(" ").map((entry) => {
      const [distance, following = "0"] = entry.split(".");
      const first = end + parseInt(distance, 36);
      end = first + parseInt(following, 36);
      return [first, end] as const;
    });
    tables.set(table, ranges);
  }
  return ranges;
}
