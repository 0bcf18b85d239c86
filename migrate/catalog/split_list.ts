/**
 * Splits a list as PostgreSQL writes it.
 *
 * @module
 */

/**
 * Splits SQL at commas that are in no parentheses, brackets or quotes.
 *
 * @param text Such as `a, lower(b, 'x,y')`.
 * @returns The parts, without blanks around them.
 */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "'" || character === '"') {
      // Doubled quotes end and begin at once; a backslash escapes in E'' only.
      const escapes = character === "'" && /[eE]/.test(text[at - 1] ?? "");
      for (at++; at < text.length && text[at] !== character; at++) if (escapes && text[at] === "\\") at++;
    } else if (character === "(" || character === "[") depth++;
    else if (character === ")" || character === "]") depth--;
    else if (character === "," && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}
