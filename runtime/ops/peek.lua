-- peek reads the beginning of a record, its whole length and its remaining time as
-- of one moment, however large its value is.
--
-- KEYS[1]  the key
-- ARGV[1]  how many bytes to read
--
-- Replies {beginning, length, ttl}  with ttl in milliseconds, -1 if there is no expiry
--         nil                       the key is absent

local length = redis.call('STRLEN', KEYS[1])
local ttl = redis.call('PTTL', KEYS[1])
if ttl == -2 then return false end
return {redis.call('GETRANGE', KEYS[1], 0, ARGV[1] - 1), length, ttl}
