-- lookup reads a key and its remaining time as of one moment.
--
-- KEYS[1]  the key
--
-- Replies {record, ttl}  with ttl in milliseconds, -1 if the key has no expiry
--         nil            the key is absent

local record = redis.call('GET', KEYS[1])
if not record then return false end
return {record, redis.call('PTTL', KEYS[1])}
