#!/usr/bin/env python3
"""./dev bench list [seconds]: a list of the newest 50 of 10,020 messages, as often as it goes,
against nginx serving the same bytes as a static file in the same run.

Of a folder that is watched, as while a front end listens to events, and of one that is not,
where each list is asked of the mail server. The programs that serve have one core, wrk has the
other."""
import sys

import benchlib as b

ROUNDS = 3
CONNECTIONS = (1, 16, 64)
SERVE, ASK = 0, 1  # cores


def measure(url, nginx, header, seconds):
    """Prints a line for each number of connections."""
    for connections in CONNECTIONS:
        ours, floor = [], []
        for _ in range(ROUNDS):
            ours.append(b.wrk(url, connections, seconds, header, ASK))
            floor.append(b.wrk(nginx.url + "/list.json", connections, seconds, cpu=ASK))
        rate, nginx_rate = b.median(x[0] for x in ours), b.median(x[0] for x in floor)
        ratio = b.median(x[0] / y[0] for x, y in zip(ours, floor))
        print(f"{connections:>11} {rate:>13.0f} {b.median(x[1] for x in ours):>7.2f} "
              f"{b.median(x[2] for x in ours):>7.2f} {nginx_rate:>9.0f} "
              f"{b.median(x[2] for x in floor):>7.2f} {ratio:>6.2f}")


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    path = "/v1/folders/inbox/messages?limit=50"
    dovecot = b.Dovecot()
    # With a session's token the account would be watched after the first list.
    bridge = b.Bridge(dovecot, cpu=SERVE, is_basic=True)
    body = bridge.get(path)
    nginx = b.Nginx(body, cpu=SERVE)
    head = (f"{'connections':>11} {'mailbridge/s':>13} {'p50 ms':>7} {'p99 ms':>7} "
            f"{'nginx/s':>9} {'p99 ms':>7} {'ratio':>6}")
    print(f"list of 50 of 10,020 messages, {len(body)} bytes; {ROUNDS} rounds of {seconds} s, "
          f"medians")
    try:
        print(f"asked of the mail server\n{head}")
        measure(bridge.url + path, nginx, bridge.header, seconds)
        bridge.token()
        bridge.listen(path)
        print(f"watched, from memory\n{head}")
        measure(bridge.url + path, nginx, bridge.header, seconds)
        print(f"memory of mailbridge afterwards: {bridge.rss_kib()} KiB")
    finally:
        nginx.stop()
        bridge.stop()
        dovecot.stop()


if __name__ == "__main__":
    main()
