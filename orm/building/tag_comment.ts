/**
 * Tags as a comment, in the form of https://google.github.io/sqlcommenter/spec/.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";

/**
 * Writes tags.
 *
 * @param tags Values by key.
 * @param subject What errors call the query.
 * @returns A comment that nothing in the tags can end.
 */
export function tagComment(tags: Readonly<Record<string, string>>, subject: string): string {
  const pairs = Object.entries(tags ?? {}).map(([key, value]) => {
    if (typeof value !== "string") {
      throw new ValidationError(`tag "${key}" of ${subject}`, "its value is not a string; give one");
    }
    return `${encode(key)}='${encode(value)}'`;
  });
  if (pairs.length === 0) throw new ValidationError(subject, "tag() was given no tags; give some");
  return `/*${pairs.sort().join(",")}*/`;
}

/** Percent-encodes all that could end a comment or a quoted value. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
