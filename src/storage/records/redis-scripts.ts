/**
 * What several keys change in together, in Redis's own Lua. Merging is the house's code, not Lua's: a script writes only
 * where everything is still as it was read, and says so.
 */

/** One: it was done. */
export const done = 1;

/**
 * KEYS photo, photos, queue, reviews, image. ARGV the photo as it was read, the waiting review as it was read, the new photo,
 * its place before, its place now, its hash in hex and as bytes, its new id. What is absent is ''.
 */
export const replacePhoto = `
local function get(value) return value or '' end
if get(redis.call('GET', KEYS[1])) ~= ARGV[1] then return 0 end
if ARGV[8] ~= '' and get(redis.call('HGET', KEYS[4], ARGV[8])) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
redis.call('SADD', KEYS[2], ARGV[7])
if ARGV[4] ~= '' and ARGV[4] ~= ARGV[5] then redis.call('ZREM', KEYS[3], ARGV[4]) end
redis.call('ZADD', KEYS[3], 0, ARGV[5])
if ARGV[8] ~= '' then
  redis.call('SET', KEYS[5], ARGV[6])
  redis.call('HDEL', KEYS[4], ARGV[8])
end
return 1`;

/**
 * KEYS reviews, image, the photo that the image led to. ARGV image id, the review, the hash that the image led to, and the
 * photo as they were read, the new review.
 */
export const keepReview = `
local function get(value) return value or '' end
if get(redis.call('HGET', KEYS[1], ARGV[1])) ~= ARGV[2] then return 0 end
if get(redis.call('GET', KEYS[2])) ~= ARGV[3] then return 0 end
if get(redis.call('GET', KEYS[3])) ~= ARGV[4] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[5])
return 1`;

/** KEYS photo, photos, queue, and the images. ARGV the photo as it was read, its hash as bytes, its place. */
export const removePhoto = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SREM', KEYS[2], ARGV[2])
redis.call('ZREM', KEYS[3], ARGV[3])
redis.call('DEL', KEYS[1], unpack(KEYS, 4))
return 1`;

/** KEYS progress. ARGV the journal. → 1 where another journal's records are to be removed, or else 0; and the sequence. */
export const followJournal = `
local journal = redis.call('HGET', KEYS[1], 'journal')
if journal ~= ARGV[1] then
  redis.call('HSET', KEYS[1], 'journal', ARGV[1], 'sequence', '0')
  if journal and journal ~= '' then redis.call('HSET', KEYS[1], 'clearing', '1') end
end
return {redis.call('HEXISTS', KEYS[1], 'clearing'), redis.call('HGET', KEYS[1], 'sequence')}`;

/** KEYS progress. ARGV the journal, the sequence that it had before, the new one. → the one that it has; -1: that was lost. */
export const moveSequence = `
local journal = redis.call('HGET', KEYS[1], 'journal') or ''
local sequence = tonumber(redis.call('HGET', KEYS[1], 'sequence') or '0')
if journal ~= ARGV[1] or sequence < tonumber(ARGV[2]) then return -1 end
if tonumber(ARGV[3]) <= sequence then return sequence end
redis.call('HSET', KEYS[1], 'sequence', ARGV[3])
return tonumber(ARGV[3])`;

/** KEYS flight. ARGV whose it is, for how many milliseconds. */
export const stayInFlight = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/** KEYS flight. ARGV whose it is, the channel, the message. */
export const land = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1`;
