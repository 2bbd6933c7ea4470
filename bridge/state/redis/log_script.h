/*
 * The scripts behind event logs. Each log has three keys that live and die together: a stream
 * of entries (ids are cursors; the field is "d"), a hash of baselines, and a hash of what is
 * known of it:
 *
 *	epoch, writer   who opened it last: as which epoch, which process
 *	version         the writer's last write; an older one that comes late changes nothing
 *	top, floor      where it ends; the lowest cursor after which nothing is missing
 *	last            the last entry that is no marker, which listeners know of
 *	entries, base   bytes of each, as event_log.h counts them
 *	count, names    how many entries and baselines there are, to see whether one of the keys
 *	                was evicted
 *
 * KEYS are stream, meta, baselines, and what is said with each.
 */
#ifndef STATE_REDIS_LOG_SCRIPT_H
#define STATE_REDIS_LOG_SCRIPT_H

#include "state/redis/link.h"

/* KEYS: and the last epoch given. ARGV: process, ttl, most entries, most bytes, channel, an
 * epoch that the new one is to be above. Gives epoch, previous top or "", names and values of the
 * baselines. */
extern struct redis_script log_open_script;

/* KEYS: and where arguments were put before. ARGV: process, epoch, version, top, floor or "",
 * ttl, most entries, most bytes, channel, "1": the whole log, how many arguments were put
 * before or "", how many entries, baselines, removed baselines, last or ""; then these, unless
 * put before: id and data, name and value, name. With a floor or as a whole, it replaces the
 * entries there are. Gives "ok", "conflict", "missing" or "again". */
extern struct redis_script log_write_script;

/* ARGV: after (epoch, seq), most entries, most bytes, what each entry is longer than its data,
 * ttl. Gives top or last, "lost", "more" or "end", and ids and data. A top of "" is no log. */
extern struct redis_script log_read_script;

/* KEYS: and the lease. ARGV: ttl, the keys' prefix of processes, mark, what it begins with where
 * it is known, name; empty: not asked for. Gives top or "", 1: it is led, mark or nil, value or
 * nil. */
extern struct redis_script log_sight_script;

/* KEYS: of any number of logs. ARGV: how long each is to live at least; 0: as it does. Gives of
 * each the writer, "" where there is no log, and the last entry. */
extern struct redis_script log_look_script;

#endif
