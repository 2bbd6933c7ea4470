#include "state/redis/log_script.h"

/* What event_log.h counts for an entry and for a baseline besides their bytes. */
#define LUA_COSTS "local ENTRY, BASE = 32, 56\n"

/* ids are compared as two numbers; both stay far below 2^53. */
#define LUA_IDS                                                                                    \
	"local function parts(id)\n"                                                               \
	"  local e, s = string.match(id, '^(%d+)-(%d+)$')\n"                                       \
	"  return tonumber(e), tonumber(s)\n"                                                      \
	"end\n"                                                                                    \
	"local function is_after(a, b)\n"                                                          \
	"  local ae, as = parts(a)\n"                                                              \
	"  local be, bs = parts(b)\n"                                                              \
	"  return ae > be or (ae == be and as > bs)\n"                                             \
	"end\n"                                                                                    \
	"local function next_id(id)\n"                                                             \
	"  local e, s = string.match(id, '^(%d+)-(%d+)$')\n"                                       \
	"  return e .. '-' .. string.format('%.0f', tonumber(s) + 1)\n"                            \
	"end\n"

/* What somebody else has put in the place of one of them is no log, nor is what Redis has
 * evicted a part of: all three go. */
#define LUA_KEEP                                                                                   \
	"local stream, meta, base = KEYS[1], KEYS[2], KEYS[3]\n"                                   \
	"local function is_other(key, wanted)\n"                                                   \
	"  local is = redis.call('TYPE', key).ok\n"                                                \
	"  return is ~= wanted and is ~= 'none'\n"                                                 \
	"end\n"                                                                                    \
	"local function is_broken()\n"                                                             \
	"  if is_other(stream, 'stream') or is_other(meta, 'hash') or is_other(base, 'hash') "     \
	"then\n"                                                                                   \
	"    return true\n"                                                                        \
	"  end\n"                                                                                  \
	"  local n = redis.call('HMGET', meta, 'count', 'names')\n"                                \
	"  return n[1] and (redis.call('XLEN', stream) ~= tonumber(n[1]) or\n"                     \
	"                   redis.call('HLEN', base) ~= tonumber(n[2]))\n"                         \
	"end\n"                                                                                    \
	"if is_broken() then redis.call('DEL', stream, meta, base) end\n"                          \
	"local function count()\n"                                                                 \
	"  redis.call('HSET', meta, 'count', redis.call('XLEN', stream),\n"                        \
	"             'names', redis.call('HLEN', base))\n"                                        \
	"end\n"                                                                                    \
	"local function keep(ttl)\n"                                                               \
	"  for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ttl) end\n"                              \
	"end\n"

/* The oldest entries go. */
#define LUA_TRIM                                                                                   \
	"local function trim(max_entries, max_bytes)\n"                                            \
	"  local m = redis.call('HMGET', meta, 'entries', 'base')\n"                               \
	"  local bytes, other = tonumber(m[1] or 0), tonumber(m[2] or 0)\n"                        \
	"  local count, floor = redis.call('XLEN', stream), nil\n"                                 \
	"  local function is_over()\n"                                                             \
	"    return count > 0 and (count > max_entries or bytes + other > max_bytes)\n"            \
	"  end\n"                                                                                  \
	"  while is_over() do\n"                                                                   \
	"    for _, e in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 8)) do\n"          \
	"      if not is_over() then break end\n"                                                  \
	"      redis.call('XDEL', stream, e[1])\n"                                                 \
	"      bytes, count, floor = bytes - #e[2][2] - ENTRY, count - 1, e[1]\n"                  \
	"    end\n"                                                                                \
	"  end\n"                                                                                  \
	"  if floor then redis.call('HSET', meta, 'floor', floor, 'entries', bytes) end\n"         \
	"end\n"

struct redis_script log_open_script = {
	.text = LUA_COSTS LUA_KEEP LUA_TRIM
	"local t = redis.call('TIME')\n"
	"local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
	"local m = redis.call('HMGET', meta, 'epoch', 'top')\n"
	"local last = redis.pcall('GET', KEYS[4])\n"
	"last = type(last) == 'string' and tonumber(last) or 0\n"
	"local epoch = math.max(last, tonumber(m[1] or 0), tonumber(ARGV[6]), now - 1) + 1\n"
	"epoch = string.format('%.0f', epoch)\n"
	"local top = epoch .. '-0'\n"
	"redis.call('SET', KEYS[4], epoch, 'PX', 7776000000)\n"
	"if not m[1] then\n"
	"  redis.call('DEL', stream, base)\n"
	"  redis.call('HSET', meta, 'floor', top, 'entries', 0, 'base', 0)\n"
	"end\n"
	"redis.call('XADD', stream, top, 'd', '')\n"
	"redis.call('HINCRBY', meta, 'entries', ENTRY)\n"
	"redis.call('HSET', meta, 'epoch', epoch, 'writer', ARGV[1], 'version', 0, 'top', top)\n"
	"trim(tonumber(ARGV[3]), tonumber(ARGV[4]))\n"
	"count()\n"
	"keep(ARGV[2])\n"
	"redis.call('PUBLISH', ARGV[5], 'o' .. ARGV[1] .. top)\n"
	"return {epoch, m[2] or '', redis.call('HGETALL', base)}\n",
};

struct redis_script log_write_script = {
	.text = LUA_COSTS LUA_IDS LUA_KEEP LUA_TRIM
	"local m = redis.call('HMGET', meta, 'epoch', 'writer', 'version', 'top', 'entries', "
	"'base', 'last')\n"
	"local is_whole, floor = ARGV[10] == '1', ARGV[5]\n"
	"if m[1] then\n"
	"  if m[2] ~= ARGV[1] or tonumber(m[1]) > tonumber(ARGV[2]) then return 'conflict' end\n"
	"  local v, done = tonumber(ARGV[3]), tonumber(m[3])\n"
	"  if m[1] == ARGV[2] and (v < done or v == done and not is_whole) then return 'ok' end\n"
	"elseif not is_whole then\n"
	"  return 'missing'\n"
	"end\n"
	"local args, at = ARGV, 15\n"
	"if ARGV[11] ~= '' then\n"
	"  args, at = redis.call('LRANGE', KEYS[4], 0, -1), 0\n"
	"  redis.call('DEL', KEYS[4])\n"
	"  if #args ~= tonumber(ARGV[11]) then return 'again' end\n"
	"end\n"
	"local function take()\n"
	"  at = at + 1\n"
	"  return args[at]\n"
	"end\n"
	"local top, entries, other = m[4], tonumber(m[5] or 0), tonumber(m[6] or 0)\n"
	"local last = ARGV[15]\n"
	"if is_whole then\n"
	"  redis.call('DEL', base)\n"
	"  other = 0\n"
	"end\n"
	"if is_whole or floor ~= '' then\n"
	"  redis.call('DEL', stream)\n"
	"  redis.call('HSET', meta, 'floor', floor)\n"
	"  entries, top = 0, false\n"
	"end\n"
	"for i = 1, tonumber(ARGV[12]) do\n"
	"  local id, data = take(), take()\n"
	"  if not top or is_after(id, top) then\n"
	"    local r = redis.pcall('XADD', stream, id, 'd', data)\n"
	"    if type(r) == 'table' then\n"
	"      if not string.find(r.err, 'equal or smaller') then return r end\n"
	"      redis.call('DEL', stream, meta, base)\n" /* another's is in it */
	"      return 'missing'\n"
	"    end\n"
	"    entries = entries + #data + ENTRY\n"
	"  end\n"
	"end\n"
	"local function forget(name)\n"
	"  if redis.call('HEXISTS', base, name) == 1 then\n"
	"    other = other - #name - redis.call('HSTRLEN', base, name) - BASE\n"
	"  end\n"
	"end\n"
	"for i = 1, tonumber(ARGV[13]) do\n"
	"  local name, value = take(), take()\n"
	"  forget(name)\n"
	"  redis.call('HSET', base, name, value)\n"
	"  other = other + #name + #value + BASE\n"
	"end\n"
	"for i = 1, tonumber(ARGV[14]) do\n"
	"  local name = take()\n"
	"  forget(name)\n"
	"  redis.call('HDEL', base, name)\n"
	"end\n"
	"redis.call('HSET', meta, 'epoch', ARGV[2], 'writer', ARGV[1], 'version', ARGV[3],\n"
	"           'top', ARGV[4], 'entries', entries, 'base', other)\n"
	"trim(tonumber(ARGV[7]), tonumber(ARGV[8]))\n"
	"count()\n"
	"keep(ARGV[6])\n"
	"if last ~= '' and last ~= m[7] then\n"
	"  redis.call('HSET', meta, 'last', last)\n"
	"  redis.call('PUBLISH', ARGV[9], 'a' .. ARGV[1] .. last)\n"
	"end\n"
	"return 'ok'\n",
};

struct redis_script log_read_script = {
	.text = LUA_IDS LUA_KEEP
	"local m = redis.call('HMGET', meta, 'top', 'floor')\n"
	"local last = ARGV[1] .. '-' .. ARGV[2]\n"
	"if not m[1] then return {'', 'lost', {}} end\n"
	"keep(ARGV[6])\n"
	"if last ~= m[2] and #redis.call('XRANGE', stream, last, last) == 0 then\n"
	"  return {m[1], 'lost', {}}\n"
	"end\n"
	"local max, left, extra = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])\n"
	"local r, count = {}, 0\n"
	"while true do\n"
	"  local some = redis.call('XRANGE', stream, next_id(last), '+', 'COUNT', 32)\n"
	"  for _, e in ipairs(some) do\n"
	"    local data = e[2][2]\n"
	"    if #data > 0 then\n"
	"      local len = #data - extra\n"
	"      if count > 0 and (count >= max or len > left) then return {last, 'more', r} end\n"
	"      count = count + 1\n"
	"      left = left - math.min(len, left)\n"
	"      r[#r + 1] = e[1]\n"
	"      r[#r + 1] = data\n"
	"    end\n"
	"    last = e[1]\n"
	"  end\n"
	"  if #some < 32 then return {last, 'end', r} end\n"
	"end\n",
};

struct redis_script log_sight_script = {
	.text = LUA_KEEP
	"local m = redis.call('HMGET', meta, 'top', 'writer')\n"
	"local top = m[1]\n"
	"if not top then return {''} end\n"
	"keep(ARGV[1])\n"
	"local owner, led = redis.pcall('GET', KEYS[4]), 0\n"
	"if type(owner) == 'string' and owner == m[2] then\n"
	"  led = redis.call('EXISTS', ARGV[2] .. owner)\n"
	"end\n"
	"local mark, value = false, false\n"
	"if ARGV[3] ~= '' then mark = redis.call('HGET', base, ARGV[3]) end\n"
	"local known = ARGV[4]\n"
	"if ARGV[5] ~= '' and\n"
	"   (known == '' or not mark or string.sub(mark, 1, #known) ~= known) then\n"
	"  value = redis.call('HGET', base, ARGV[5])\n"
	"end\n"
	"return {top, led, mark, value}\n",
};

struct redis_script log_look_script = {
	.text = "local r = {}\n"
		"for i, ttl in ipairs(ARGV) do\n"
		"  local meta = KEYS[3 * i - 1]\n"
		"  local m = redis.pcall('HMGET', meta, 'writer', 'last')\n"
		"  r[#r + 1] = m[1] or ''\n"
		"  r[#r + 1] = m[2] or ''\n"
		"  if m[1] and redis.call('PTTL', meta) < tonumber(ttl) then\n"
		"    for k = 3 * i - 2, 3 * i do redis.call('PEXPIRE', KEYS[k], ttl) end\n"
		"  end\n"
		"end\n"
		"return r\n",
};
