/**
 * The atomic steps of a ledger in Redis, as Lua. Each script begins alike (`enter`), and answers with the heading of
 * the log, the records after the asker's position, its outcome, and the time of the server in milliseconds.
 *
 * Keys of each script: head, log, tombstones, marks, beat, and then those of the step. Arguments of each script: the
 * asker's epoch, nonce and stamp (or empty texts), its writer, four times 32 random bits, the most records in an
 * answer, the most records in a log and their most bytes, and then those of the step.
 *
 * - A step begins a new epoch if the head is absent, if the server is not the witness that has executed all steps of
 *   the epoch (its run id and its replication id), if the records, the tombstones or the marks are not those of the
 *   head, or if the asker knows more of this epoch than the log has. What the control keys held is deleted.
 * - Where the server has no memory left, values are refused, and drops and marks are not. A guard with values is
 *   refused as a whole.
 * - A mark on everything takes the place of all other marks.
 * - A log with too many records or bytes loses a part of the first ones. Each record has the number of bytes that the
 *   log had got until then, so the bytes that are left are known without a walk.
 * - Each script names all control keys. So a cluster refuses it while a slot moves, and does not run it on a part.
 */

import { laterMax } from "../../internal/ledger/ledgerPlace.ts"

// How many records, at most, one step trims, and which part of a log that has too many bytes. A step holds up all
// others.
const trimMax = 1_000
const trimParts = 8

const enter = `
local H, L, T, M, B = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local knownEpoch, knownNonce, knownStamp, writer = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local recordsPerAnswer, recordsMax, bytesMax = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local arg, key, bit = 11, 5, 5
local function nextArg() arg = arg + 1 return ARGV[arg] end
local function nextKey() key = key + 1 return KEYS[key] end
local function nextBits() bit = bit + 1 return ARGV[bit] end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local witness = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') .. '.' ..
  string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local epoch, nonce, seenBy, head, floor, marks, link, lease, written, trimmed, versionMax
local raw = redis.call('GET', H)
if raw then
  epoch, nonce, seenBy, head, floor, marks, link, lease, written, trimmed, versionMax =
    string.match(raw, '^(%d+)|(%d+)|([%w.]+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)$')
  head, floor, marks, lease = tonumber(head), tonumber(floor), tonumber(marks), tonumber(lease)
  written, trimmed, versionMax = tonumber(written), tonumber(trimmed), tonumber(versionMax)
end
local function save()
  redis.call('SET', H, table.concat({epoch, nonce, witness, int(head), int(floor), int(marks), link, int(lease),
    int(written), int(trimmed), int(versionMax)}, '|'))
end
local function isWhole()
  if not epoch or seenBy ~= witness then return false end
  if redis.pcall('XLEN', L) ~= head - floor then return false end
  if tonumber(redis.pcall('ZSCORE', T, '\\0') or -1) ~= head then return false end
  if tonumber(redis.pcall('HGET', M, '\\0') or -1) ~= marks then return false end
  return not (knownEpoch == epoch and knownNonce == nonce and knownStamp > head)
end
if not isWhole() then
  local number = math.max(tonumber(epoch or 0) + 1, (tonumber(knownEpoch) or 0) + 1, now)
  epoch, nonce, head, floor, marks, link, lease = int(number), ARGV[5], 0, 0, 0, '0', 0
  written, trimmed, versionMax = 0, 0, versionMax or 0
  redis.call('DEL', L, T, M)
  redis.call('ZADD', T, 0, '\\0')
  redis.call('HSET', M, '\\0', 0)
  save()
end
local function isOvertaken(name, atEpoch, atNonce, atStamp)
  if atEpoch ~= epoch or atNonce ~= nonce or atStamp < floor then return true end
  return atStamp < tonumber(redis.call('ZSCORE', T, name) or 0)
end
-- Whether a commit of the asker may follow its position, or the asker does not know this epoch. The body of a record
-- that only says that loads have ended begins with two empty lists, and a list that is not empty.
local function isLate()
  if knownEpoch ~= epoch or knownNonce ~= nonce then return true end
  if knownStamp >= head then return false end
  if knownStamp < floor or head - knownStamp > ${laterMax} then return true end
  for _, row in ipairs(redis.call('XRANGE', L, epoch .. '-' .. int(knownStamp + 1), '+')) do
    local record = {}
    for i = 1, #row[2], 2 do record[row[2][i]] = row[2][i + 1] end
    if record.w == writer and string.sub(record.b, 1, 9) ~= '[[],[],[[' then return true end
  end
  return false
end
-- A command that fails ends a script in its middle. So what others may have put under a key is asked with \`pcall\`.
local function textOf(answer)
  return type(answer) == 'string' and answer or ''
end
local function headerOf(entryKey)
  local e, n, s, version, by, under =
    string.match(textOf(redis.pcall('GETRANGE', entryKey, 0, 127)), '^(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|')
  if e ~= epoch or n ~= nonce then return nil end
  return { version = version, writer = by, lease = tonumber(under), stamp = tonumber(s) }
end
-- Redis refuses the first write of a script for lack of memory, and no later one. So this is asked before anything is
-- written, a value is refused, and what is dropped is not.
local function isFull()
  local answer = redis.pcall('SET', B, '')
  redis.call('DEL', B)
  return type(answer) == 'table' and answer.err ~= nil and string.find(answer.err, 'OOM', 1, true) ~= nil
end
local function leaseOf(leaseKey)
  local e, n, number, untilMillis, awaited =
    string.match(textOf(redis.pcall('GET', leaseKey)), '^(%d+)|(%d+)|(%d+)|(%d+)|(%d)$')
  if e ~= epoch or n ~= nonce then return nil end
  local fence = e .. '.' .. n .. '.' .. number
  return { number = number, fence = fence, untilMillis = untilMillis, awaited = awaited == '1' }
end
local function trim(last)
  local id = epoch .. '-' .. int(last)
  local fields = redis.call('XRANGE', L, id, id)[1][2]
  floor, trimmed = last, tonumber(fields[#fields])
  redis.call('XTRIM', L, 'MINID', epoch .. '-' .. int(floor + 1))
  redis.call('ZREMRANGEBYSCORE', T, '-inf', int(floor))
end
local function append(body, names, scopes)
  head = head + 1
  local bits = nextBits()
  written = written + #body
  redis.call('XADD', L, epoch .. '-' .. int(head), 'n', nonce, 'k', bits, 't', link, 'w', writer, 'b', body,
    'v', int(versionMax), 's', int(written))
  link = bits
  for _, name in ipairs(names) do redis.call('ZADD', T, head, name) end
  redis.call('ZADD', T, head, '\\0')
  for _, scope in ipairs(scopes) do if scope == 's|' then redis.call('DEL', M) end end
  for _, scope in ipairs(scopes) do redis.call('HSET', M, scope, int(head)) end
  if #scopes > 0 then
    marks = head
    redis.call('HSET', M, '\\0', int(head))
  end
  if head - floor > 2 * recordsMax then
    trim(math.min(head - recordsMax, floor + ${trimMax}))
  elseif written - trimmed > bytesMax then
    trim(math.min(head, floor + ${trimMax}, floor + math.ceil((head - floor) / ${trimParts})))
  end
  save()
end
local function texts(count)
  local all = {}
  for i = 1, count do all[i] = nextArg() end
  return all
end
local function noteVersion(version) versionMax = math.max(versionMax, tonumber(version)) end
local function keep(entryKey, atEpoch, atNonce, atStamp, version, by, under, expiresAt, bytes)
  local value = table.concat({atEpoch, atNonce, int(atStamp), version, by, under}, '|') .. '|' .. bytes
  if expiresAt == '' then redis.call('SET', entryKey, value)
  elseif tonumber(expiresAt) > now then redis.call('SET', entryKey, value, 'PXAT', expiresAt) end
end
local function reply(outcome)
  local records = {}
  if knownEpoch == epoch and knownNonce == nonce and knownStamp >= floor and knownStamp < head then
    records = redis.call('XRANGE', L, epoch .. '-' .. int(knownStamp + 1), '+', 'COUNT', recordsPerAnswer)
  end
  return { redis.call('GET', H), records, outcome, int(now) }
end
`

// A number of Lua is a double; without a format it may be written as 1e+15.
const prelude = `local function int(number) return string.format('%.0f', number) end\n${enter}`

const scripts = {
  look: `redis.call('DEL', B)
return reply({})`,

  marks: `return reply(redis.call('HGETALL', M))`,

  /**
   * Keys: entry, lease. Arguments: milliseconds of the lease, or 0; the version that counts as absent, or nothing.
   * Where the server has no memory left, there is no lease.
   */
  begin: `local entryKey, leaseKey = nextKey(), nextKey()
local millis, except = tonumber(nextArg()), nextArg()
local there = headerOf(entryKey)
if there and there.version ~= except then return reply({'found', redis.call('GET', entryKey)}) end
if millis == 0 then return reply({'yours', ''}) end
local held = leaseOf(leaseKey)
if held then
  if not held.awaited then
    redis.call('SET', leaseKey, table.concat({epoch, nonce, held.number, held.untilMillis, '1'}, '|'), 'KEEPTTL')
  end
  return reply({'theirs', int(math.max(0, tonumber(held.untilMillis) - now))})
end
if isFull() then return reply({'yours', ''}) end
lease = lease + 1
save()
local untilMillis = int(now + millis)
redis.call('SET', leaseKey, table.concat({epoch, nonce, int(lease), untilMillis, '0'}, '|'), 'PX', int(millis))
return reply({'yours', epoch .. '.' .. nonce .. '.' .. int(lease)})`,

  /**
   * Keys: entry, lease, and the entries and leases of the dropped keys. Arguments: name, lease, its number, the
   * position, version, writer, end, bytes, the record of a put that drops, that of one that only ends a lease, how many
   * names and scopes it drops, and these.
   */
  put: `local entryKey, leaseKey = nextKey(), nextKey()
local name, fence, under = nextArg(), nextArg(), nextArg()
local atEpoch, atNonce, atStamp = nextArg(), nextArg(), tonumber(nextArg())
local version, by, expiresAt, bytes = nextArg(), nextArg(), nextArg(), nextArg()
local dropping, droppingMoved, moving = nextArg(), nextArg(), nextArg()
local names, scopes = tonumber(nextArg()), tonumber(nextArg())
names, scopes = texts(names), texts(scopes)
local awaited, full = false, isFull()
if fence ~= '' then
  local held = leaseOf(leaseKey)
  if held and held.fence == fence then
    awaited = held.awaited
    redis.call('DEL', leaseKey)
  end
end
local there = headerOf(entryKey)
local late = fence ~= '' and there and there.lease > tonumber(under)
local kept = not late and not isOvertaken(name, atEpoch, atNonce, atStamp)
local outcome = not kept and 'overtaken' or full and 'full' or 'kept'
kept = kept and not full
if kept then noteVersion(version) end
if kept and #names + #scopes > 0 then
  table.insert(names, 1, name)
  append(awaited and droppingMoved or dropping, names, scopes)
  for i = key + 1, #KEYS do redis.call('DEL', KEYS[i]) end
elseif awaited then
  append(moving, {}, {})
end
if kept then
  keep(entryKey, atEpoch, atNonce, atStamp, version, by, under, expiresAt, bytes)
  save()
end
return reply({outcome})`,

  /** Keys: lease. Arguments: the lease, and the record that says that it has ended. */
  abandon: `local leaseKey = nextKey()
local fence, moving = nextArg(), nextArg()
local held = leaseOf(leaseKey)
if held and held.fence == fence then
  redis.call('DEL', leaseKey)
  if held.awaited then append(moving, {}, {}) end
end
return reply({})`,

  /**
   * Keys: those of each guard (the entries of its conditions, the entries and leases of what it drops, and the entries
   * of its puts), the entries of the puts, and the entries and leases of all dropped keys. Arguments: what the record
   * says after its keys, whether the commit comes in order, and the guards, puts, names and scopes, each list after its
   * length; names also as JSON before it. A guard has conditions (name, version, position, whether it may be absent,
   * since when), names and puts. A put has name, position, version, writer, end and bytes; without a position it
   * prevails.
   */
  commit: `local rest, ordered = nextArg(), nextArg() == '1'
if ordered and isLate() then return reply({'late', {}, {}, 0}) end
local full, overtaken, refused, names, bodies, own = isFull(), {}, {}, {}, {}, head + 1
local function nextPuts()
  local puts = {}
  for i = 1, tonumber(nextArg()) do
    local put = { entryKey = nextKey(), name = nextArg(), epoch = nextArg(), nonce = nextArg() }
    put.stamp, put.version, put.writer = tonumber(nextArg()), nextArg(), nextArg()
    put.expiresAt, put.bytes = nextArg(), nextArg()
    put.overtaken = put.stamp and isOvertaken(put.name, put.epoch, put.nonce, put.stamp)
    if not put.stamp then put.epoch, put.nonce, put.stamp = epoch, nonce, own end
    puts[i] = put
  end
  return puts
end
local function apply(body, dropped, droppedKeys, puts)
  for _, each in ipairs(droppedKeys) do redis.call('DEL', each) end
  for _, name in ipairs(dropped) do names[#names + 1] = name end
  if #dropped > 0 then bodies[#bodies + 1] = body end
  for _, put in ipairs(puts) do
    if put.overtaken then
      overtaken[#overtaken + 1] = put.name
    elseif not full then
      noteVersion(put.version)
      keep(put.entryKey, put.epoch, put.nonce, put.stamp, put.version, put.writer, '0', put.expiresAt, put.bytes)
    end
  end
end
local function nextDropped()
  local body, dropped, droppedKeys = nextArg(), texts(tonumber(nextArg())), {}
  for i = 1, 2 * #dropped do droppedKeys[i] = nextKey() end
  return body, dropped, droppedKeys
end
for i = 1, tonumber(nextArg()) do
  local held, holds = {}, true
  for k = 1, tonumber(nextArg()) do
    local there, name, version = headerOf(nextKey()), nextArg(), nextArg()
    local atEpoch, atNonce, atStamp = nextArg(), nextArg(), tonumber(nextArg())
    local absent, since = nextArg() == '1', tonumber(nextArg())
    local isMet = absent
    if there and not (absent and there.stamp < since) then
      isMet = there.version == version and atStamp and not isOvertaken(name, atEpoch, atNonce, atStamp)
    end
    holds = holds and isMet
    held[k] = (isMet and '1' or '0') .. (there and there.version or '')
  end
  local body, dropped, droppedKeys = nextDropped()
  local puts = nextPuts()
  local hasRoom = not full or #puts == 0
  if holds and hasRoom then apply(body, dropped, droppedKeys, puts) end
  refused[i] = not holds and held or hasRoom and 0 or 1
end
local body, dropped, droppedKeys = nextDropped()
apply(body, dropped, droppedKeys, nextPuts())
local scopes = texts(tonumber(nextArg()))
append('[[' .. table.concat(bodies, ',') .. ']' .. rest, names, scopes)
return reply({int(head), overtaken, refused, full and 1 or 0})`
}

export type ScriptName = keyof typeof scripts

/** Each script with what all of them begin with. */
export const sources: ReadonlyArray<readonly [name: ScriptName, lua: string]> = Object.entries(scripts).map(
  ([name, lua]) => [name as ScriptName, prelude + lua]
)
