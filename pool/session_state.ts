/**
 * Which statements leave something behind in a session that its next user must not see.
 *
 * The text decides; what a function does inside cannot be seen from here, so a function that changes the session
 * belongs into `reserve()`, whose sessions are always reset.
 *
 * @module
 */

/** Commands that change the session itself, at the beginning of a statement. `SET LOCAL` ends with its transaction. */
const COMMAND =
  /^\s*(?:(?:--[^\n]*\n|\/\*[\s\S]*?\*\/)\s*)*(?:set\s+(?!local\b|transaction\b|constraints\b)|reset\b|discard\b|listen\b|unlisten\b|prepare\b|deallocate\b|declare\b|load\b|do\b|call\b|execute\b|begin\b|start\s+transaction\b)/i;

/** Commands that begin a transaction. */
const BEGIN = /^\s*(?:(?:--[^\n]*\n|\/\*[\s\S]*?\*\/)\s*)*(?:begin|start\s+transaction)\b/i;

/** Words that, anywhere in a statement, mean that it may leave something behind. */
const WORD = /\b(?:temp|temporary|pg_temp|set_config|pg_(?:try_)?advisory_lock(?:_shared)?|setseed)\b/i;

/** Whether a statement may leave a setting, role, lock, temporary table or subscription behind in its session. */
export function touchesSession(text: string): boolean {
  return COMMAND.test(text) || WORD.test(text);
}

/** Whether a statement begins a transaction, which nobody could go on with in a session of others. */
export function beginsTransaction(text: string): boolean {
  return BEGIN.test(text);
}
