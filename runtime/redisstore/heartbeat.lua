-- heartbeat keeps a claim alive, if it still stands.
--
-- KEYS[1]  the key
-- ARGV[1]  the owner's running record; its waiting mark is not compared
-- ARGV[2]  retention in milliseconds
--
-- Replies 1  the key expires in retention again
--         0  the key holds something else, or nothing

local MARK = 11 -- where a running record has its mark

local record = redis.call('GET', KEYS[1])
local own = ARGV[1]
if record
  and string.sub(record, 1, MARK - 1) == string.sub(own, 1, MARK - 1)
  and string.sub(record, MARK + 1) == string.sub(own, MARK + 1) then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
