/**
 * Which statements leave something behind in a session that its next user must not see.
 *
 * The text decides; what a function does inside cannot be seen from here, so a function that changes the session
 * belongs into `reserve()`, whose sessions are always reset.
 *
 * @module
 */

/** What may stand before a statement: space, semicolons, comments. Each can be read in one way only, so in linear time. */
const LEAD = /(?:[\s;]|--[^\n]*(?:\n|$)|\/\*(?:[^*/]|\*(?!\/)|\/(?!\*))*\*\/)*/y;

/**
 * Commands that change the session itself, and comments within comments, behind which anything may be. `SET LOCAL` ends
 * with its transaction.
 */
const COMMAND =
  /set\b(?!\s+(?:local|transaction|constraints)\b)|(?:reset|discard|listen|unlisten|prepare|deallocate|declare|load|do|call|execute|begin)\b|start\s+transaction\b|\/\*/iy;

/** Commands that begin a transaction. */
const BEGIN = /(?:begin|start\s+transaction)\b/iy;

/** Commands that are to commit a transaction, or to make it ready for that. */
const COMMIT = /(?:commit|end|prepare\s+transaction)\b/iy;

/** Commands that begin or end a transaction; ROLLBACK TO a savepoint does not. */
const CONTROL =
  /(?:(?:begin|commit|end|abort)\b|(?:start|prepare)\s+transaction\b|rollback\b(?!\s+(?:(?:work|transaction)\s+)?to\b))/iy;

/** Words that, anywhere in a statement, mean that it may leave something behind. */
const WORD = /\b(?:temp|temporary|pg_temp|set_config|pg_(?:try_)?advisory_lock(?:_shared)?|setseed)\b/i;

/** Whether a statement may leave a setting, role, lock, temporary table or subscription behind in its session. */
export function touchesSession(text: string): boolean {
  return startsWith(COMMAND, text) || WORD.test(text);
}

/** Whether a statement begins a transaction, which nobody could go on with in a session of others. */
export function beginsTransaction(text: string): boolean {
  return startsWith(BEGIN, text);
}

/** Whether a statement is to commit a transaction; where one had failed the server answers it with `ROLLBACK`. */
export function commitsTransaction(text: string): boolean {
  return startsWith(COMMIT, text);
}

/** Whether a statement begins or ends a transaction. */
export function controlsTransaction(text: string): boolean {
  return startsWith(CONTROL, text);
}

function startsWith(command: RegExp, text: string): boolean {
  LEAD.lastIndex = 0;
  LEAD.test(text);
  command.lastIndex = LEAD.lastIndex;
  return command.test(text);
}
