#!/usr/bin/env python3
"""./dev bench list [seconds]: a list of the newest 50 of 10,020 messages, as often as it goes,
against nginx serving the same bytes as a static file in the same run."""
import sys

import benchlib as b

ROUNDS = 3


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    path = "/v1/folders/inbox/messages?limit=50"
    dovecot = b.Dovecot()
    bridge = b.Bridge(dovecot)
    body = bridge.get(path)
    nginx = b.Nginx(body)
    print(f"list of 50 of 10,020 messages, {len(body)} bytes; {ROUNDS} rounds of {seconds} s, "
          f"medians\n{'connections':>11} {'mailbridge/s':>13} {'p50 ms':>7} {'p99 ms':>7} "
          f"{'nginx/s':>9} {'p99 ms':>7} {'ratio':>6}")
    try:
        for connections in (1, 16, 64):
            ours, floor = [], []
            for _ in range(ROUNDS):
                ours.append(b.wrk(bridge.url + path, connections, seconds, bridge.header))
                floor.append(b.wrk(nginx.url + "/list.json", connections, seconds))
            rate, nginx_rate = b.median(x[0] for x in ours), b.median(x[0] for x in floor)
            print(f"{connections:>11} {rate:>13.0f} {b.median(x[1] for x in ours):>7.2f} "
                  f"{b.median(x[2] for x in ours):>7.2f} {nginx_rate:>9.0f} "
                  f"{b.median(x[2] for x in floor):>7.2f} {rate / nginx_rate:>6.2f}")
        print(f"memory of mailbridge afterwards: {bridge.rss_kib()} KiB")
    finally:
        nginx.stop()
        bridge.stop()
        dovecot.stop()


if __name__ == "__main__":
    main()
