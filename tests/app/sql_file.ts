/**
 * An SQL file as the statements a pool can run, one at a time.
 *
 * What psql would do itself is left out: its commands (`\c …`), and making or dropping whole databases, which no
 * transaction can hold. A semicolon ends a statement unless it stands in a string, a quoted name, a dollar-quoted
 * body or a comment.
 */

/** One piece of SQL that holds no end of a statement, whatever is inside it; nested comments are counted apart. */
const PIECE =
  /--[^\n]*|\/\*|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1|[A-Za-z_]\w*|[\s\S]/y;

/** A command of psql: a line of its own that begins with a backslash. */
const PSQL_COMMAND = /^\s*\\.*$/gm;

const WHOLE_DATABASE = /^(?:create|drop)\s+database\b/i;

/**
 * Splits the text of an SQL file.
 *
 * @param text The file's text.
 * @returns Its statements without comments before them and without the semicolon.
 * @throws {Error} When a comment, a string or a quoted name is never closed.
 */
export function statementsOf(text: string): string[] {
  const statements: string[] = [];
  let statement = "";
  const end = (): void => {
    const finished = withoutCommands(statement).trim();
    if (finished !== "" && !WHOLE_DATABASE.test(finished)) statements.push(finished);
    statement = "";
  };
  PIECE.lastIndex = 0;
  for (let match = PIECE.exec(text); match !== null; match = PIECE.exec(text)) {
    const [piece] = match;
    if (piece === ";") end();
    else if (piece === "/*") PIECE.lastIndex = endOfComment(text, PIECE.lastIndex);
    else if (piece === "'" || piece === '"') {
      throw new Error(`Cannot split the file: a ${piece} at character ${match.index} is never closed`);
    } else if (!piece.startsWith("--")) statement += piece;
  }
  end();
  return statements;
}

/** Commands stand before a statement only: a line within one that begins with a backslash is left alone. */
function withoutCommands(statement: string): string {
  return statement.trimStart().startsWith("\\") ? statement.replace(PSQL_COMMAND, "") : statement;
}

function endOfComment(text: string, start: number): number {
  const bounds = /\/\*|\*\//g;
  bounds.lastIndex = start;
  let depth = 1;
  for (let match = bounds.exec(text); match !== null; match = bounds.exec(text)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return bounds.lastIndex;
  }
  throw new Error(`Cannot split the file: the comment at character ${start - 2} is never closed`);
}
