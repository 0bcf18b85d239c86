/**
 * Consistency tokens: how far the database was when a session's last write could be seen by everybody. As text a token
 * travels between services, in a header say: `7467001/1@0/16B3748`, which is a timeline and a position on it.
 *
 * A token is a tick (rule R2), not the position of the commit: the commit's record is in the log before anybody sees what
 * was committed, so a row read in between would pass for new.
 *
 * @module
 */
import { ValidationError } from "../wire/errors.ts";
import { formatLsn, parseLsn } from "./lsn.ts";
import { parseTimeline } from "./timeline.ts";

/** A moment in the life of a database. */
export interface Token {
  /** Which history of which database: `"{system identifier}/{timeline}"`. Positions of two timelines do not compare. */
  readonly timeline: string;
  /** The position. */
  readonly lsn: bigint;
}

/** The longest text that can be a token: 20 digits, 10 digits, two halves of 8. */
const LONGEST = 49;

/**
 * Reads a token.
 *
 * @param text What {@link formatToken} wrote, for example `"7467001/1@0/16B3748"`.
 * @returns The token.
 * @throws {ValidationError} When it is none.
 */
export function parseToken(text: string): Token {
  const refused = (problem: string): ValidationError =>
    new ValidationError(
      "the consistency token",
      `${problem}; give what pool.token() returned, for example "7467001/1@0/16B3748"`,
    );
  if (typeof text !== "string") throw refused(`${text === null ? "null" : typeof text} was given`);
  // It may come from anybody, in a header say.
  if (text.length > LONGEST) throw refused(`it has ${text.length} characters, a token at most ${LONGEST}`);
  const at = text.indexOf("@");
  const timeline = at < 0 ? undefined : parseTimeline(text.slice(0, at));
  if (timeline === undefined) throw refused("it does not begin with a timeline");
  try {
    return { timeline: text.slice(0, at), lsn: parseLsn(text.slice(at + 1)) };
  } catch {
    throw refused("it does not end with a log position");
  }
}

/**
 * Writes a token.
 *
 * @param token The token.
 * @returns Its text.
 */
export function formatToken({ timeline, lsn }: Token): string {
  return `${timeline}@${formatLsn(lsn)}`;
}
