import { luaScript, type Script } from "./script.ts";

/**
 * Begins a leadership: a watermark anew, in a later term (R12).
 *
 * KEYS: watermark; ARGV: the least term, the watermark's text. Answers the term.
 */
export const TAKE_OVER: Script = luaScript(
  "take over",
  `
local w = redis.call('GET', KEYS[1])
local term = tonumber(ARGV[1])
local last = w and tonumber(string.sub(w, 1, 16))
if last and last >= term then term = last + 1 end
redis.call('SET', KEYS[1], string.format('%016.0f', term) .. string.sub(ARGV[2], 17))
return term
`,
);
