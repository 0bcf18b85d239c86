import { LEADS, luaScript, NOT_LEADER, type Script } from "./script.ts";

/**
 * Voids keys; a leader's voiding raises the watermark's floor.
 *
 * KEYS: watermark, keys…; ARGV: the floor, the leader's term, epoch and server, or an empty term for a writer, the id of
 * the leader's tickets, a tombstone's least life. Answers for each key 0 where it is absent, or what was there: "i" idle,
 * "a" active, "t" active and a ticket was left; the ticket's floor in 20 digits, the entry's remaining life in 13, its shape.
 */
export const VOID: Script = luaScript(
  "void",
  `${LEADS}
local floor, isLeader, life = ARGV[1], ARGV[2] ~= '', tonumber(ARGV[6])
local values = redis.call('MGET', unpack(KEYS))
local w = values[1]
if isLeader and not leads(w, ARGV[2], ARGV[3], ARGV[4]) then return ${NOT_LEADER} end
local sub, byte, format = string.sub, string.byte, string.format
local epoch = w and sub(w, 17, 32) or '----------------'
if isLeader and floor > sub(w, 93, 112) then
  w = sub(w, 1, 92) .. floor .. sub(w, 113)
  redis.call('SET', KEYS[1], w)
end
local found = {}
for i = 2, #KEYS do
  local value = values[i]
  if not value then
    found[i - 1] = 0
  else
    local known, shape, excess, isActive, isEntry = '00000000000000000000', '', 0, false, false
    if sub(value, 2, 17) == epoch then
      known = sub(value, 18, 37)
      if byte(value) == 69 then
        isEntry, isActive = true, true
        shape = sub(value, 62, 61 + tonumber(sub(value, 59, 61)))
      else
        isActive = sub(value, 38, 53) ~= '                '
        excess, shape = tonumber(sub(value, 74, 86)), sub(value, 90)
      end
    end
    local ttl = redis.call('PTTL', KEYS[i])
    local remaining = 0
    if shape ~= '' and ttl > excess then remaining = ttl - excess end
    local was, ticket = isActive and 'a' or 'i', '                00000000000000000000'
    local ticketFloor = '00000000000000000000'
    if isLeader or not isEntry or known < floor then
      if floor > known then known = floor end
      if isLeader and isActive and remaining > 0 then
        was, ticketFloor = 't', sub(w, 93, 112)
        if known > ticketFloor then ticketFloor = known end
        ticket = ARGV[5] .. ticketFloor
      end
      if (isActive or not isLeader) and ttl < life then ttl = life end
      if ttl < 1 then ttl = 1 end
      redis.call('SET', KEYS[i], 'T' .. epoch .. known .. ticket .. format('%013.0f', ttl - remaining)
        .. format('%03d', #shape) .. shape, 'PX', ttl)
    end
    found[i - 1] = was .. ticketFloor .. format('%013.0f', remaining) .. shape
  end
end
return found
`,
);
