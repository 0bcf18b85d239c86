/**
 * A Lua script: its text, and the name Redis knows it by.
 *
 * All scripts take the watermark's key first, and cut what they need out of fixed places: see
 * `../../../protocol/watermark_text.ts` and `../../../protocol/held_bytes.ts`. What they mean is in
 * `../../../protocol/keyspace.ts`; a property test holds them to it.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A script. */
export interface Script {
  readonly name: string;
  readonly text: string;
  /** The SHA-1 of the text. */
  readonly sha: string;
}

/** Makes a script of its text. */
export function luaScript(name: string, text: string): Script {
  return { name, text, sha: createHash("sha1").update(text).digest("hex") };
}

/** Lua: the floor of a table whose name is escaped, or nil. `w` is the watermark. */
export const TABLE_FLOOR = `
local function tableFloor(w, name)
  local _, last = string.find(w, '\\n' .. name .. '\\t', 137, true)
  return last and string.sub(w, last + 1, last + 20)
end
`;

/** Lua: whether a leader of that term, epoch and server leads. */
export const LEADS = `
local function leads(w, term, epoch, server)
  return w and string.sub(w, 1, 16) == term and string.sub(w, 17, 32) == epoch and string.sub(w, 33, 72) == server
end
`;

/** What a script answers a leader that does not lead, instead of an array. */
export const NOT_LEADER = -1;
