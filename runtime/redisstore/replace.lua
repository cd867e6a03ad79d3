-- replace puts a new record in the place of an old one, if that is what the key
-- holds: the step behind complete, release, forget and resolve.
--
-- KEYS[1]  the key, and the channel of its wake-ups
-- ARGV[1]  the old record; the waiting mark of a running one is not compared
-- ARGV[2]  the new record
-- ARGV[3]  the new record's expiry in milliseconds
-- ARGV[4]  '1' to write where the key is absent, too
--
-- Replies 1  the key holds the new record, by this sending or an earlier one
--         0  it holds something else, or nothing

local MARK = 11 -- where a running record has its mark

local key, old, new = KEYS[1], ARGV[1], ARGV[2]
local record = redis.call('GET', key)
if record == new then return 1 end

local marked = false
if not record then
  if ARGV[4] ~= '1' then return 0 end
elseif string.sub(old, 1, MARK - 1) == 'i1 running' then
  if string.sub(record, 1, MARK - 1) ~= 'i1 running'
    or string.sub(record, MARK + 1) ~= string.sub(old, MARK + 1) then
    return 0
  end
  marked = string.sub(record, MARK, MARK) == '+'
elseif record ~= old then
  return 0
end

redis.call('SET', key, new, 'PX', ARGV[3])
-- The record stands whatever becomes of the wake-up: without a right to publish,
-- those who wait find out by polling.
if marked then redis.pcall('PUBLISH', key, '') end
return 1
