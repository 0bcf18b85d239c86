/**
 * Migrations written as SQL: one file with `-- up` and `-- down` above its parts.
 *
 * @module
 */
import { MigrationFileError, SqlSyntaxError } from "./file_errors.ts";
import { lexSql, type Token } from "./lexer.ts";
import { type MigrationStatement, migrationStatements } from "./migration_statement.ts";
import { type ParsedStatement, splitStatements } from "./statement.ts";
import { positionAt } from "./text_position.ts";

/** What is in an SQL file. */
export interface SqlFile {
  readonly up: readonly MigrationStatement[];
  /** `undefined` where the file does not say how it is reverted, or its section for it is empty. */
  readonly down: readonly MigrationStatement[] | undefined;
  /** False where the file has `-- transaction: off`. */
  readonly transaction: boolean;
}

/** A line that is a comment of the runner's. */
interface Directive {
  readonly name: "up" | "down" | "transaction";
  readonly value: string;
  readonly token: Token;
}

const DIRECTIVE = /^--\s*(?:(up|down)\s*$|(transaction)\s*:\s*(.*?)\s*$)/i;

/**
 * Reads an SQL file.
 *
 * @param path Its path, for errors.
 * @param text What is in it.
 * @throws {MigrationFileError} Says the line, and what to change.
 */
export function parseSqlFile(path: string, text: string): SqlFile {
  try {
    const directives = readDirectives(path, text);
    const statements = splitStatements(text);
    refuseInside(path, text, { directives, statements });
    const sections = directives.filter(({ name }) => name !== "transaction");
    const transaction = readTransaction(path, text, { directives, statements });
    const first = statements[0];
    if (sections.length > 0 && first !== undefined && first.offset < sections[0].token.offset) {
      throw new MigrationFileError(
        path,
        `a statement stands above "${sections[0].token.text}"; move it below "-- up" or "-- down"`,
        { line: first.line, column: first.column },
      );
    }
    const within = (name: "up" | "down"): readonly MigrationStatement[] | undefined => {
      const index = sections.findIndex((section) => section.name === name);
      if (index < 0) return undefined;
      const start = sections[index].token.offset;
      const end = sections[index + 1]?.token.offset ?? text.length;
      const own = statements.filter(({ offset }) => offset >= start && offset < end);
      return migrationStatements(own, text);
    };
    if (sections.length === 0) {
      return { up: migrationStatements(statements, text), down: undefined, transaction };
    }
    const down = within("down");
    // A section that nobody has filled does not say how it is reverted; "nothing to do" is said by a statement.
    return { up: within("up") ?? [], down: down?.length === 0 ? undefined : down, transaction };
  } catch (error) {
    throw error instanceof SqlSyntaxError ? error.inFile(path) : error;
  }
}

function readDirectives(path: string, text: string): readonly Directive[] {
  const directives: Directive[] = [];
  for (const token of lexSql(text)) {
    if (token.kind !== "comment" || !startsLine(text, token)) continue;
    const match = DIRECTIVE.exec(token.text);
    if (match === null) continue;
    const name = (match[1] ?? match[2]).toLowerCase() as Directive["name"];
    if (directives.some((other) => other.name === name)) {
      throw new MigrationFileError(
        path,
        `"-- ${name}" is there twice; keep one`,
        positionAt(text, token.offset),
      );
    }
    directives.push({ name, value: match[3]?.toLowerCase() ?? "", token });
  }
  return directives;
}

/** What stands in the middle of a statement says nothing of those behind it. */
function refuseInside(
  path: string,
  text: string,
  found: { readonly directives: readonly Directive[]; readonly statements: readonly ParsedStatement[] },
): void {
  for (const { token } of found.directives) {
    const within = found.statements.find(({ offset, text: own }) =>
      offset < token.offset && token.offset < offset + own.length
    );
    if (within === undefined) continue;
    throw new MigrationFileError(
      path,
      `"${token.text}" stands in the middle of the statement of line ${within.line}; end that with a semicolon, or word the ` +
        "comment otherwise",
      positionAt(text, token.offset),
    );
  }
}

/** Whether nothing but blanks is in front of it in its line. */
function startsLine(text: string, { offset }: Token): boolean {
  let at = offset;
  while (at > 0 && " \t\ufeff".includes(text[at - 1])) at--;
  return at === 0 || text[at - 1] === "\n" || text[at - 1] === "\r";
}

function readTransaction(
  path: string,
  text: string,
  found: { readonly directives: readonly Directive[]; readonly statements: readonly ParsedStatement[] },
): boolean {
  const directive = found.directives.find(({ name }) => name === "transaction");
  if (directive === undefined) return true;
  const place = positionAt(text, directive.token.offset);
  if (directive.value !== "off" && directive.value !== "on") {
    throw new MigrationFileError(
      path,
      `"-- transaction: ${directive.value}" means nothing; write "-- transaction: off"`,
      place,
    );
  }
  const first = found.statements[0];
  if (first !== undefined && first.offset < directive.token.offset) {
    throw new MigrationFileError(
      path,
      `"${directive.token.text}" is below a statement and counts for the whole file; move it to the top`,
      place,
    );
  }
  return directive.value === "on";
}
