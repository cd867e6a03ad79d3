-- contend claims a key that is absent, released, or stale where the caller may
-- retry. Of any other running record it sets the waiting mark.
--
-- KEYS[1]  the key
-- ARGV[1]  the caller's execution ID
-- ARGV[2]  the caller's clock in microseconds: its start, and its lowest fence
-- ARGV[3]  lease in milliseconds
-- ARGV[4]  retention in milliseconds: the expiry of a running record
-- ARGV[5]  fingerprint, or ''
-- ARGV[6]  'retry' or 'fail': what becomes of a stale record
--
-- Replies {'owned', record, ttl, from}  the caller owns the key; from is the
--                                       state that it took over, or ''
--         {'kept', record, ttl}         somebody else has it
--         {'corrupt', reason}           the key holds no record; left alone
-- with ttl, the key's remaining time, in milliseconds.

local key = KEYS[1]
local id, clock, lease, retention, match, on_crash = unpack(ARGV)

local MAX_COUNT = 9007199254740991 -- 2^53 - 1: the numbers that Lua counts exactly
local MAX_MS = 9223372036854
local MAX_HEADER = 512
local MARK = 11 -- where a running record has its mark

local function number(field, limit)
  if not field or not string.find(field, '^%d+$') then return nil end
  local n = tonumber(field)
  return n <= limit and n or nil
end

-- parse reads a record's header, as runtime/record.go describes it, or returns
-- nil and what is wrong.
local function parse(record)
  local stop = string.find(record, '\n', 1, true)
  if not stop or stop > MAX_HEADER then return nil, 'it has no header line' end
  local fields = {}
  for field in string.gmatch(string.sub(record, 1, stop - 1) .. ' ', '([^ ]*) ') do
    if field == '' then return nil, 'its header is cut off' end
    fields[#fields + 1] = field
  end
  if fields[1] ~= 'i1' then return nil, 'its format is not the "i1" that this program reads' end

  local r = {id = fields[3], attempt = number(fields[4], MAX_COUNT), fence = number(fields[5], MAX_COUNT), match = ''}
  local state, size, options = fields[2], 0, 8
  if state == 'running-' or state == 'running+' then
    r.state, r.marked = 'running', state == 'running+'
    r.lease, r.retention = number(fields[6], MAX_MS), number(fields[7], MAX_MS)
    if not r.lease or not r.retention or r.lease == 0 or r.retention < r.lease then
      return nil, 'its lease is out of range'
    end
  elseif state == 'released' then
    r.state, options = 'released', 6
  elseif state == 'done' or state == 'skipped' or state == 'failed' then
    r.state = 'done'
    if fields[7] ~= '-' then size = number(fields[7], #record) end
    if not number(fields[6], MAX_MS) or not size then return nil, 'its header has no number where one should be' end
  else
    return nil, 'its state is unknown'
  end
  if not r.attempt or not r.fence then return nil, 'its header has no number where one should be' end

  local note = 0
  for i = options, #fields do
    local name, value = string.match(fields[i], '^([^=]*)=?(.*)$')
    if name == 'match' then
      r.match = value
    elseif name == 'note' then
      note = number(value, #record)
      if not note then return nil, 'its note has no length' end
    elseif name == 'start' then
      if not number(value, MAX_COUNT) then return nil, 'its start is no number' end
    elseif name ~= 'codec' then
      return nil, 'it has an unknown option'
    end
  end
  if note + size ~= #record - stop then return nil, 'its length is not what its header promises' end
  return r
end

local attempt, fence, from = 1, tonumber(clock), ''
local record = redis.call('GET', key)
if record then
  local old, reason = parse(record)
  if not old then return {'corrupt', reason} end
  local ttl = redis.call('PTTL', key)
  if ttl < 0 then return {'corrupt', 'it has no expiry'} end
  if match ~= '' and old.match ~= '' and match ~= old.match then return {'kept', record, ttl} end

  local mine = old.id == id
  local running = old.state == 'running'
  local stale = running and ttl <= old.retention - old.lease
  if (stale and (mine or on_crash == 'retry')) or (old.state == 'released' and not mine) then
    if old.attempt == MAX_COUNT or old.fence == MAX_COUNT then
      return {'corrupt', 'its attempt or fence cannot grow'}
    end
    attempt, fence, from = old.attempt + 1, math.max(old.fence + 1, fence), old.state
  elseif running and mine then
    return {'owned', record, ttl, ''}
  else
    if running and not old.marked then
      -- With its memory full, too few replicas or no disk to save to, Redis refuses
      -- even this byte: then the caller waits unmarked, and finds out by polling.
      local reply = redis.pcall('SETRANGE', key, MARK - 1, '+')
      if type(reply) == 'number' then
        record = string.sub(record, 1, MARK - 1) .. '+' .. string.sub(record, MARK + 1)
      elseif not (string.find(reply.err, 'OOM', 1, true) or string.find(reply.err, 'NOREPLICAS', 1, true)
        or string.find(reply.err, 'MISCONF', 1, true)) then
        return reply
      end
    end
    return {'kept', record, ttl}
  end
end

local mine = string.format('i1 running- %s %.0f %.0f %s %s', id, attempt, fence, lease, retention)
if fence ~= tonumber(clock) then mine = mine .. ' start=' .. clock end
if match ~= '' then mine = mine .. ' match=' .. match end
mine = mine .. '\n'
redis.call('SET', key, mine, 'PX', retention)
return {'owned', mine, tonumber(retention), from}
