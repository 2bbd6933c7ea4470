#!/usr/bin/env python3
"""./dev bench cold [seconds]: a list of the newest 50 of 10,020 messages that has to be fetched
from the mail server, over one connection, against a raw IMAP client issuing the same FETCH on one
selected connection to the same Dovecot in the same run."""
import sys

import benchlib as b

ROUNDS = 3
FETCH = ("FETCH 9971:10020 (UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK["
         "HEADER.FIELDS (DATE SUBJECT FROM SENDER REPLY-TO TO CC BCC MESSAGE-ID IN-REPLY-TO "
         "REFERENCES)])")


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    path = "/v1/folders/inbox/messages?limit=50"
    dovecot = b.Dovecot()
    # Whoever lists with a session is answered from memory after a moment.
    bridge = b.Bridge(dovecot, is_basic=True)
    ours, floor = [], []
    try:
        bridge.get(path)
        for _ in range(ROUNDS):
            ours.append(b.wrk(bridge.url + path, 1, seconds, bridge.header))
            floor.append(b.raw_imap(dovecot, FETCH, seconds))
        rate, raw = b.median(x[0] for x in ours), b.median(x[0] for x in floor)
        print(f"list of 50 fetched from Dovecot, one connection, {ROUNDS} rounds of {seconds} s, "
              f"medians\nmailbridge {rate:.0f}/s (p50 {b.median(x[1] for x in ours):.2f} ms, p99 "
              f"{b.median(x[2] for x in ours):.2f} ms), raw client {raw:.0f}/s (p50 "
              f"{b.median(x[1] for x in floor):.2f} ms), ratio {rate / raw:.2f}")
    finally:
        bridge.stop()
        dovecot.stop()


if __name__ == "__main__":
    main()
