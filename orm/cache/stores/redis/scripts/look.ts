import { luaScript, type Script, TABLE_FLOOR } from "./script.ts";

/**
 * Reads keys and the watermark at one moment (R8); leaves a ticket where there is no entry (R3).
 *
 * KEYS: watermark, keys…; ARGV: the ticket's id, its life, then for each run of keys of one table the table's escaped
 * name and how many they are. Answers the watermark and for each key its entry, its tombstone with a ticket, or nil where
 * no ticket could be left for want of memory; nothing at all where no watermark is.
 */
export const LOOK: Script = luaScript(
  "look",
  `${TABLE_FLOOR}
local values = redis.call('MGET', unpack(KEYS))
local w = values[1]
if not w then return {} end
local sub, byte = string.sub, string.byte
local epoch = sub(w, 17, 32)
local hasFloors = string.find(w, '\\t', 137, true)
local run, left, limit = 3, 0, nil
for i = 2, #KEYS do
  if hasFloors then
    if left == 0 then
      limit = tableFloor(w, ARGV[run])
      left = tonumber(ARGV[run + 1])
      run = run + 2
    end
    left = left - 1
  end
  local value = values[i]
  local kind = value and sub(value, 2, 17) == epoch and byte(value) or 0
  if kind ~= 69 or (limit and sub(value, 18, 37) <= limit) then
    local floor, life, excess, shape = '00000000000000000000', tonumber(ARGV[2]), '0000000000000', '000'
    local isThere = false
    if kind == 84 then
      value = redis.call('GET', KEYS[i]) or value
      isThere = sub(value, 38, 53) ~= '                '
      if not isThere then
        floor, excess, shape = sub(value, 18, 37), tonumber(sub(value, 74, 86)), sub(value, 87)
        local ttl = redis.call('PTTL', KEYS[i])
        if ttl > life then life = ttl else excess = excess + life - ttl end
        excess = string.format('%013.0f', excess)
      end
    end
    if not isThere then
      local ticketFloor = sub(w, 93, 112)
      if floor > ticketFloor then ticketFloor = floor end
      value = 'T' .. epoch .. floor .. ARGV[1] .. ticketFloor .. excess .. shape
      local done = redis.pcall('SET', KEYS[i], value, 'PX', life)
      if done.err then
        if sub(done.err, 1, 3) ~= 'OOM' then return done end
        value = false
      end
    end
    values[i] = value
  end
end
return values
`,
);
