/**
 * What a statement is called in spans, metrics and logs: read from its text alone, once a text.
 *
 * A text without placeholders may have been put together from values, so its literals are replaced by `?`; one with
 * placeholders is shown as it is, as the OpenTelemetry conventions for database spans
 * (https://opentelemetry.io/docs/specs/semconv/database/database-spans/, 1.38) have it.
 *
 * @module
 */

/** What a statement is called. */
export interface StatementSummary {
  /** The command, for example `"SELECT"`; empty for an empty statement. */
  readonly operation: string;
  /** The command and the first thing it is about, for example `"SELECT users"`. */
  readonly summary: string;
  /** The text with placeholders, at most {@link LONGEST} characters. */
  readonly text: string;
}

/** Characters of a text that are looked at and shown. */
const LONGEST = 16_384;
/** Characters of a summary, as the conventions limit it. */
const LONGEST_SUMMARY = 255;

const TOKEN =
  /--[^\n]*|\/\*|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$\d+|\$(?:[A-Za-z_]\w*)?\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*|\s+|./gs;

/** One piece of a statement's text. */
interface Token {
  readonly kind: "word" | "name" | "literal" | "placeholder" | "space" | "sign";
  readonly text: string;
}

/** Reads what a statement is called from its text. */
export function summarize(text: string): StatementSummary {
  const shown = text.length > LONGEST ? text.slice(0, LONGEST) : text;
  const tokens = tokenize(shown);
  const operation = operationAt(tokens);
  const target = operation === undefined ? undefined : targetOf(tokens, operation);
  const command = operation === undefined ? "" : tokens[operation].text.toUpperCase();
  return {
    operation: command,
    summary: (target === undefined ? command : `${command} ${target}`).slice(0, LONGEST_SUMMARY),
    text: shownText(tokens) + (shown === text ? "" : "…"),
  };
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [piece] = match;
    const [first] = piece;
    if (piece.startsWith("--")) tokens.push({ kind: "space", text: " " });
    else if (piece === "/*") {
      TOKEN.lastIndex = endOfComment(text, TOKEN.lastIndex);
      tokens.push({ kind: "space", text: " " });
    } else if (/^\$\d/.test(piece)) tokens.push({ kind: "placeholder", text: piece });
    else if (first === "$" && piece.length > 1) {
      const end = text.indexOf(piece, TOKEN.lastIndex);
      TOKEN.lastIndex = end < 0 ? text.length : end + piece.length;
      tokens.push({ kind: "literal", text: text.slice(match.index, TOKEN.lastIndex) });
    } else if (first === "'" || /^[eE]'/.test(piece)) {
      // One that does not end was cut off.
      if (piece === "'") TOKEN.lastIndex = text.length;
      tokens.push({ kind: "literal", text: text.slice(match.index, TOKEN.lastIndex) });
    } else if (/^\d/.test(piece)) tokens.push({ kind: "literal", text: piece });
    else if (first === '"' && piece.length > 1) tokens.push({ kind: "name", text: piece });
    else if (/^\s/.test(piece)) tokens.push({ kind: "space", text: piece });
    else if (/^[A-Za-z_\u0080-\uffff]/.test(piece)) tokens.push({ kind: "word", text: piece });
    else tokens.push({ kind: "sign", text: piece });
  }
  return tokens;
}

/** Where a comment ends; comments nest. */
function endOfComment(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    if (text.startsWith("*/", at)) {
      at++;
      if (--depth === 0) return at + 1;
    } else if (text.startsWith("/*", at)) {
      at++;
      depth++;
    }
  }
  return text.length;
}

function shownText(tokens: readonly Token[]): string {
  const hasPlaceholders = tokens.some(({ kind }) => kind === "placeholder");
  return tokens.map(({ kind, text }) => kind === "literal" && !hasPlaceholders ? "?" : text).join("").trim();
}

/** Commands that may stand behind `WITH …`. */
const AFTER_WITH: ReadonlySet<string> = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES"]);

/** Where the command stands. */
function operationAt(tokens: readonly Token[]): number | undefined {
  let depth = 0;
  let isWith = false;
  for (let index = 0; index < tokens.length; index++) {
    const { kind, text } = tokens[index];
    if (kind === "sign") {
      if (text === "(") depth++;
      else if (text === ")") depth--;
    }
    if (kind !== "word") continue;
    if (isWith) {
      if (depth === 0 && AFTER_WITH.has(text.toUpperCase())) return index;
    } else if (text.toUpperCase() === "WITH") {
      isWith = true;
      depth = 0;
    } else return index;
  }
  return undefined;
}

/** The words that stand before the name of what a command is about; an empty one stands for the command itself. */
const BEFORE_TARGET: Readonly<Record<string, string>> = {
  SELECT: "FROM",
  DELETE: "FROM",
  INSERT: "INTO",
  MERGE: "INTO",
  UPDATE: "",
  COPY: "",
  CALL: "",
  TRUNCATE: "",
};
/** Words that may stand between these and the name. */
const SKIPPED: ReadonlySet<string> = new Set(["ONLY", "TABLE", "LATERAL"]);

/** The name of what a command is about, as it was written. */
function targetOf(tokens: readonly Token[], operation: number): string | undefined {
  const before = BEFORE_TARGET[tokens[operation].text.toUpperCase()];
  if (before === undefined) return undefined;
  let at = operation;
  let depth = 0;
  while (before !== "") {
    if (++at >= tokens.length) return undefined;
    const { kind, text } = tokens[at];
    if (text === "(") depth++;
    else if (text === ")") depth--;
    else if (depth === 0 && kind === "word" && text.toUpperCase() === before) break;
  }
  let name = "";
  for (at++; at < tokens.length; at++) {
    const { kind, text } = tokens[at];
    if (kind === "space" && name === "") continue;
    if (kind === "word" && name === "" && SKIPPED.has(text.toUpperCase())) continue;
    const isPart = name === "" || name.endsWith(".");
    if (isPart && (kind === "word" || kind === "name")) name += text;
    else if (text === "." && !isPart) name += text;
    else break;
  }
  return name === "" ? undefined : name;
}
