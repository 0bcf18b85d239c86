import { LEADS, luaScript, NOT_LEADER, type Script } from "./script.ts";

/**
 * Writes what a leader says of the watermark; nothing goes back.
 *
 * KEYS: watermark; ARGV: the leader's term, epoch and server; lsn, floor, seq and delay, each empty where nothing is said;
 * "1" and the escaped coverage, or "0" and nothing; how many tables are raised; those, each with its floor; those to be
 * forgotten, each with its floor. Answers 1.
 */
export const ADVANCE: Script = luaScript(
  "advance",
  `${LEADS}
local w = redis.call('GET', KEYS[1])
if not leads(w, ARGV[1], ARGV[2], ARGV[3]) then return ${NOT_LEADER} end
local sub = string.sub
local lsn, floor, seq, delay = sub(w, 73, 92), sub(w, 93, 112), sub(w, 113, 128), sub(w, 129, 136)
if ARGV[4] > lsn then lsn = ARGV[4] end
if ARGV[5] > floor then floor = ARGV[5] end
if lsn > floor then floor = lsn end
local isCurrent = ARGV[6] == ''
if ARGV[6] > seq then
  isCurrent, seq = true, ARGV[6]
  if ARGV[7] ~= '' then delay = ARGV[7] end
end
local rest = sub(w, 137)
if ARGV[8] == '1' or #ARGV > 10 then
  local names, coverage, tables = string.match(rest, '^(\\n[^\\n]*\\n[^\\n]*\\n)([^\\n]*)(.*)$')
  if ARGV[8] == '1' and isCurrent then coverage = ARGV[9] end
  if #ARGV > 10 then
    local order, floors = {}, {}
    local function put(name, value)
      if not floors[name] then order[#order + 1] = name end
      floors[name] = value
    end
    for name, value in string.gmatch(tables, '\\n([^\\t]*)\\t(%d+)') do put(name, value) end
    local raised = 10 + 2 * tonumber(ARGV[10])
    for i = raised + 1, #ARGV, 2 do
      local there = floors[ARGV[i]]
      if there and there <= ARGV[i + 1] then floors[ARGV[i]] = false end
    end
    for i = 11, raised, 2 do
      local there = floors[ARGV[i]]
      if not there or there < ARGV[i + 1] then put(ARGV[i], ARGV[i + 1]) end
    end
    local lines, isWritten = {}, {}
    for _, name in ipairs(order) do
      if floors[name] and not isWritten[name] then
        isWritten[name] = true
        lines[#lines + 1] = '\\n' .. name .. '\\t' .. floors[name]
      end
    end
    tables = table.concat(lines)
  end
  rest = names .. coverage .. tables
end
redis.call('SET', KEYS[1], sub(w, 1, 72) .. lsn .. floor .. seq .. delay .. rest)
return 1
`,
);
