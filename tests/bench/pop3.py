#!/usr/bin/env python3
"""./dev bench pop3: the first list of 50 of a maildrop of 10,020 messages, its login included, and
the second one, against a raw client that logs in to the same Dovecot, asks LIST and UIDL and then
50 TOPs in one go, and against the same 50 TOPs once more."""
import socket
import ssl
import time

import benchlib as b

ROUNDS = 5
COUNT = 10020
PATH = "/v1/folders/inbox/messages?limit=50"


class RawPop3:
    """Pipelines as far as the protocol allows."""

    def __init__(self, dovecot):
        context = ssl.create_default_context(cafile=dovecot.ca)
        plain = socket.create_connection(("localhost", dovecot.pop3s))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.left = b""
        self.line()
        for command in (f"USER {b.USER}", f"PASS {b.PASSWORD}"):
            self.send(command)
            self.line()

    def send(self, *commands):
        self.socket.sendall("".join(f"{c}\r\n" for c in commands).encode())

    def more(self):
        piece = self.socket.recv(1 << 16)
        if not piece:
            raise SystemExit("the server has hung up")
        self.left += piece

    def line(self):
        while b"\r\n" not in self.left:
            self.more()
        line, self.left = self.left.split(b"\r\n", 1)
        if not line.startswith(b"+OK"):
            raise SystemExit(f"the server says {line!r}")

    def bodies(self, count):
        for _ in range(count):
            while (end := self.left.find(b"\r\n.\r\n")) < 0:
                self.more()
            self.left = self.left[end + 5:]

    def page(self):
        self.send(*(f"TOP {n} 0" for n in range(COUNT - 49, COUNT + 1)))
        self.bodies(50)

    def close(self):
        self.send("QUIT")
        self.line()
        self.socket.close()


def timed(action):
    start = time.monotonic()
    action()
    return (time.monotonic() - start) * 1000


def raw_round(dovecot):
    client = None

    def first():
        nonlocal client
        client = RawPop3(dovecot)
        client.send("LIST", "UIDL")
        client.bodies(2)
        client.page()
    took = timed(first), timed(client.page)
    client.close()
    return took


def our_round(dovecot):
    bridge = b.Bridge(dovecot, extra="maildrop_idle = 100ms",
                      upstream=f"pop3 = pop3s://localhost:{dovecot.pop3s}")
    try:
        time.sleep(0.5)  # the session's own login is over, and closed
        return timed(lambda: bridge.get(PATH)), timed(lambda: bridge.get(PATH))
    finally:
        bridge.stop()


def main():
    dovecot = b.Dovecot(COUNT)
    try:
        raw_round(dovecot)  # Dovecot's own index is warm from here on
        ours, raw = [], []
        for _ in range(ROUNDS):
            raw.append(raw_round(dovecot))
            ours.append(our_round(dovecot))
        for i, what in enumerate(("first list of 50, with its login", "second list of 50")):
            mine, floor = (b.median(x[i] for x in of) for of in (ours, raw))
            print(f"{what}: mailbridge {mine:.1f} ms, raw client {floor:.1f} ms, "
                  f"ratio {floor / mine:.2f}")
    finally:
        dovecot.stop()


if __name__ == "__main__":
    main()
