import { LEADS, luaScript, NOT_LEADER, type Script, TABLE_FLOOR } from "./script.ts";

/**
 * Stores what was read with tickets (R3, R4).
 *
 * KEYS: watermark, keys…; ARGV: the leader's term, epoch and server, or an empty term for a reader; then for each key the
 * ticket's id, the table's escaped name, the life, the entry's header and its payload. Answers an outcome for each key:
 * 0 stored, 1 void, 2 epoch, 3 newer, 4 early.
 */
export const FILL: Script = luaScript(
  "fill",
  `${TABLE_FLOOR}${LEADS}
local w = redis.call('GET', KEYS[1])
local isLeader = ARGV[1] ~= ''
if isLeader and not leads(w, ARGV[1], ARGV[2], ARGV[3]) then return ${NOT_LEADER} end
local sub = string.sub
local epoch = w and sub(w, 17, 32)
local function fill(key, id, name, life, header, payload)
  if not w then return 2 end
  local value = redis.call('GET', key)
  if not value or string.byte(value) ~= 84 or sub(value, 38, 53) ~= id then return 1 end
  if sub(value, 2, 17) ~= epoch then return 2 end
  local version = sub(header, 1, 20)
  local limit = tableFloor(w, name)
  if version < sub(value, 54, 73) or (limit and version <= limit) then return 4 end
  local floor = sub(value, 18, 37)
  if version < floor or (version == floor and not isLeader) then return 3 end
  redis.call('SET', key, 'E' .. epoch .. header .. payload, 'PX', life)
  return 0
end
local outcomes = {}
for i = 2, #KEYS do
  local at = 4 + (i - 2) * 5
  outcomes[i - 1] = fill(KEYS[i], ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
end
return outcomes
`,
);
