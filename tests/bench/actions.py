#!/usr/bin/env python3
"""./dev bench actions: flag 5,000 messages and move 5,000 messages by their ids, each in one
request, against a raw IMAP client that does it by hand with one command on one selected
connection, alternating on the same Dovecot. Seconds, medians of the rounds."""
import imaplib
import json
import ssl
import time
import urllib.request

import benchlib as b

COUNT = 5000
ROUNDS = 3


def call(bridge, method, path, body=None):
    request = urllib.request.Request(bridge.url + path, json.dumps(body).encode() if body else None,
                                     method=method)
    name, value = bridge.header.split(": ", 1)
    request.add_header(name, value)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def ids_of(bridge, folder):
    ids, cursor = [], ""
    while True:
        page = call(bridge, "GET", f"/v1/folders/{folder}/messages?limit=500{cursor}")
        ids += [message["id"] for message in page["messages"]]
        if not page["nextCursor"]:
            return ids
        cursor = "&cursor=" + page["nextCursor"]


def act(bridge, **action):
    start = time.monotonic()
    result = call(bridge, "POST", "/v1/messages/actions", action)
    took = time.monotonic() - start
    if result["done"] != COUNT:
        raise SystemExit(f"only {result['done']} of {COUNT} were done")
    return took


class Raw:
    """Another mail program: what it takes to do the same with one command."""

    def __init__(self, dovecot):
        context = ssl.create_default_context(cafile=str(dovecot.ca))
        self.imap = imaplib.IMAP4_SSL("localhost", dovecot.imaps, ssl_context=context)
        self.imap.login(b.USER, b.PASSWORD)

    def timed(self, folder, *command):
        self.imap.select(folder)
        start = time.monotonic()
        status, _data = self.imap.uid(*command)
        if status != "OK":
            raise SystemExit(f"{command}: {status}")
        return time.monotonic() - start


def main():
    dovecot = b.Dovecot(COUNT)
    bridge = b.Bridge(dovecot, extra="request_timeout = 5m")
    raw = Raw(dovecot)
    flags, moves, raw_flags, raw_moves = [], [], [], []
    try:
        for _ in range(ROUNDS):
            ids = ids_of(bridge, "inbox")
            flags.append(act(bridge, action="flag", ids=ids, keywords={"$flagged": True}))
            raw.timed("INBOX", "STORE", "1:*", "-FLAGS", "(\\Flagged)")
            raw_flags.append(raw.timed("INBOX", "STORE", "1:*", "+FLAGS", "(\\Flagged)"))
            moves.append(act(bridge, action="move", ids=ids, folderId="archive"))
            raw_moves.append(raw.timed("Archive", "MOVE", "1:*", "INBOX"))
        for what, ours, floor in (("flag", flags, raw_flags), ("move", moves, raw_moves)):
            ours, floor = b.median(ours), b.median(floor)
            print(f"{what} {COUNT} messages: mailbridge {ours:.2f} s, raw client {floor:.2f} s, "
                  f"ratio {floor / ours:.2f} ({ROUNDS} rounds, medians)")
    finally:
        bridge.stop()
        dovecot.stop()


if __name__ == "__main__":
    main()
