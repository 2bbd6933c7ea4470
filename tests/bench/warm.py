#!/usr/bin/env python3
"""./dev bench warm [rounds]: what Redis is worth and what it costs.

The first list of the newest 50 of 10,020 messages after a restart, by a front end that has a
session: with Redis as the last process has left it, against one that has nothing but the session,
with mail servers that are 0, 20 and 80 ms away. Commands and bytes of Redis per list; lists of a
watched folder with the state in Redis against the embedded one; and Redis' memory per 1,000
messages. mailbridge has one core where lists are counted, wrk has the other."""
import sys
import time
import urllib.request

import benchlib as b

ROUND_TRIPS_MS = (0, 20, 80)
SECONDS = 4
CONNECTIONS = 16
SERVE, ASK = 0, 1  # cores
LIST = "/v1/folders/inbox/messages?limit=50&preview=true"
BULK = "/v1/folders/inbox/messages?limit=500&preview=true&position={}"
STORE = ("store_commands_total", "store_sent_bytes_total", "store_received_bytes_total")


def wait_until(what, check):
    end = time.monotonic() + 60
    while not check():
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain for {what}")
        time.sleep(0.02)


def is_ready(bridge):
    try:
        return urllib.request.urlopen(bridge.url + "/health/ready").status == 200
    except OSError:
        return False


class Front:
    """A front end with a session that outlives the processes it talks to."""

    def __init__(self, dovecot, redis):
        self.dovecot, self.redis, self.header = dovecot, redis, None

    def start(self, upstream_port=None, cpu=None):
        port = upstream_port or self.dovecot.imaps
        bridge = b.Bridge(self.dovecot, cpu=cpu, is_basic=True,
                          extra=self.redis.settings() + "metrics = same\n",
                          upstream=f"imap = imaps://localhost:{port}")
        wait_until("Redis", lambda: is_ready(bridge))
        if not self.header:
            bridge.token()
            self.header = bridge.header
        bridge.header = self.header
        return bridge

    def settle(self, bridge):
        """Until Redis has all that the next process can use."""
        bridge.wait_known(LIST)
        wait_until("the summaries in Redis", lambda: len(self.redis.keys("mb1:1:headers:*")) >= 50)
        time.sleep(0.3)  # the log of the watch is written 50 ms later

    def forget(self):
        """All but the session."""
        keys = [key for key in self.redis.keys() if ":session:" not in key]
        self.redis.command("DEL", *keys)

    def first_list(self, port):
        """Milliseconds, and what of STORE that took."""
        bridge = self.start(port)
        before, start = bridge.metrics(), time.monotonic()
        bridge.get(LIST)
        ms = (time.monotonic() - start) * 1000
        after = bridge.metrics()
        self.settle(bridge)
        bridge.stop()
        return ms, [after[name] - before[name] for name in STORE]


def first_lists(front, rounds):
    print(f"first list of 50 of 10,020 messages after a restart, {rounds} rounds, medians\n"
          f"{'round trip':>11} {'warm ms':>8} {'cold ms':>8} {'ratio':>6} {'commands':>9} "
          f"{'bytes out':>10} {'bytes in':>9}")
    for round_trip_ms in ROUND_TRIPS_MS:
        distance = b.Distance(front.dovecot.imaps, round_trip_ms)
        warm, cold = [], []
        try:
            front.first_list(distance.port)
            for _ in range(rounds):
                warm.append(front.first_list(distance.port))
                front.forget()
                cold.append(front.first_list(distance.port)[0])
        finally:
            distance.stop()
        ms, lost = b.median(x[0] for x in warm), b.median(cold)
        commands, out, into = (b.median(x[1][i] for x in warm) for i in range(3))
        print(f"{round_trip_ms:>8} ms {ms:>8.1f} {lost:>8.1f} {ms / lost:>6.2f} {commands:>9.0f} "
              f"{out:>10.0f} {into:>9.0f}")


def lists_per_s(bridge):
    """And microseconds of the processor for each."""
    before = bridge.cpu_s()
    rate = b.wrk(bridge.url + LIST, CONNECTIONS, SECONDS, bridge.header, ASK)[0]
    return rate, (bridge.cpu_s() - before) * 1e6 / (rate * SECONDS)


def throughput(front, rounds):
    embedded = b.Bridge(front.dovecot, cpu=SERVE)
    embedded.listen(LIST)
    shared = front.start(cpu=SERVE)
    shared.listen(LIST)
    before, ours, floor = shared.metrics()[STORE[0]], [], []
    for _ in range(rounds):
        ours.append(lists_per_s(shared))
        floor.append(lists_per_s(embedded))
    lists = sum(rate for rate, _ in ours) * SECONDS
    commands = (shared.metrics()[STORE[0]] - before) / lists
    with_redis, without = b.median(x[0] for x in ours), b.median(x[0] for x in floor)
    us, us_without = b.median(x[1] for x in ours), b.median(x[1] for x in floor)
    print(f"lists of a watched folder, {CONNECTIONS} connections, {rounds} rounds of {SECONDS} s\n"
          f"with Redis {with_redis:.0f}/s, {us:.1f} us of the processor each; embedded "
          f"{without:.0f}/s, {us_without:.1f} us; ratio {with_redis / without:.2f} (by the "
          f"processor's time {us_without / us:.2f}); {commands:.4f} commands per list")
    shared.stop()
    embedded.stop()


def memory(front):
    front.forget()
    bridge = front.start()
    bridge.wait_known("/v1/folders/inbox/messages?limit=1")
    time.sleep(0.3)
    before = front.redis.used_bytes()
    for position in (0, 500):
        bridge.get(BULK.format(position))
    wait_until("1,000 summaries", lambda: len(front.redis.keys("mb1:1:headers:*")) >= 1000)
    print(f"memory of Redis for 1,000 messages: {(front.redis.used_bytes() - before) / 1024:.0f} "
          f"KiB of summaries")
    bridge.stop()


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    dovecot, redis = b.Dovecot(), b.Redis()
    front = Front(dovecot, redis)
    try:
        first_lists(front, rounds)
        throughput(front, rounds)
        memory(front)
    finally:
        redis.stop()
        dovecot.stop()


if __name__ == "__main__":
    main()
