#!/usr/bin/env python3
"""./dev bench latency [deliveries]: from a delivery over LMTP to the event in an event stream.

Ten accounts, the deliveries (1,000 by default) spread over them. Every mail server connection of
mailbridge goes through a proxy that notes when bytes pass, so that two times are told apart: what
mailbridge needs from the last byte that the event depends on to the bytes of the event (its own
time, with the proxy's and the reader's in it), and the whole since the delivery was accepted. A
plain IDLE client on the same mailbox stands beside it: what it takes until EXISTS is the mail
server's time. Once on accounts that are idle otherwise, once with each listed every second.
"""
import asyncio
import base64
import sys
import time

import benchlib as b

ACCOUNTS = 10
PASSWORD = "bench"


class Lines:
    """One mail server connection of mailbridge, passed on; `last` is when bytes came last."""

    def __init__(self, port):
        self.to = port
        self.last = 0.0

    async def start(self):
        server = await asyncio.start_server(self.join, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def join(self, reader, writer):
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.to)
        try:
            await asyncio.gather(self.pump(reader, up_writer, False),
                                 self.pump(up_reader, writer, True))
        except asyncio.CancelledError:
            pass  # the run is over

    async def pump(self, reader, writer, is_answer):
        try:
            while data := await reader.read(65536):
                if is_answer:
                    self.last = time.perf_counter()
                writer.write(data)
        except OSError:
            pass
        writer.close()


class Account:
    def __init__(self, number, dovecot):
        self.name = f"latency{number}"
        self.domain = f"a{number}.example.org"
        self.dovecot = dovecot
        self.lines = Lines(dovecot.imap)
        self.own, self.whole, self.idle = [], [], []

    def section(self):
        return (f"\n[server {self.domain}]\nusername = %n\n"
                f"imap = imap://127.0.0.1:{self.lines.port}?tls=none\n")

    def authorization(self):
        secret = f"{self.name}@{self.domain}:{PASSWORD}"
        return "Authorization: Basic " + base64.b64encode(secret.encode()).decode()

    async def listen(self, port):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.writer.write(f"GET /v1/events?types=message.created HTTP/1.1\r\nHost: x\r\n"
                          f"Accept: text/event-stream\r\n{self.authorization()}\r\n\r\n"
                          .encode())
        await self.reader.readuntil(b"\nid: ")
        await self.reader.readuntil(b"\n\n")

    async def start_idle(self):
        self.idle_reader, self.idle_writer = await asyncio.open_connection("127.0.0.1",
                                                                           self.dovecot.imap)
        await self.idle_reader.readline()
        self.idle_writer.write(f"a LOGIN {self.name} {PASSWORD}\r\nb SELECT INBOX\r\n".encode())
        await self.idle_reader.readuntil(b"\r\nb OK")
        self.idle_writer.write(b"c IDLE\r\n")
        await self.idle_reader.readuntil(b"\r\n+ ")

    async def until_event(self):
        """When the event came, and when the last byte before it had."""
        await self.reader.readuntil(b"event: message.created\n")
        return time.perf_counter(), self.lines.last

    async def until_exists(self):
        await self.idle_reader.readuntil(b" EXISTS\r\n")
        return time.perf_counter()

    async def deliver(self, count):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.dovecot.lmtp)

        async def say(text):
            writer.write(text)
            while (line := await reader.readline())[3:4] == b"-":
                pass
            assert line[:1] in b"23", line

        await say(b"")
        await say(b"LHLO bench\r\n")
        for number in range(count):
            await say(b"MAIL FROM:<bench@example.com>\r\n")
            await say(f"RCPT TO:<{self.name}>\r\n".encode())
            await say(b"DATA\r\n")
            event, exists = (asyncio.ensure_future(f()) for f in (self.until_event,
                                                                 self.until_exists))
            await say(f"From: Bob <bob@example.net>\r\nSubject: message {number}\r\n\r\n"
                      "Hello.\r\n.\r\n".encode())
            accepted = time.perf_counter()
            (came, last), seen = await asyncio.gather(event, exists)
            self.own.append((came - last) * 1000)
            self.whole.append((came - accepted) * 1000)
            self.idle.append((seen - accepted) * 1000)
        writer.close()

    async def list_each_second(self, port):
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET /v1/folders/inbox/messages?limit=50 HTTP/1.1\r\nHost: x\r\n"
                         f"{self.authorization()}\r\nConnection: close\r\n\r\n".encode())
            await reader.read()
            writer.close()
            await asyncio.sleep(1)


def percentiles(values):
    ordered = sorted(values)
    return " ".join(f"p{p} {ordered[min(len(ordered) - 1, len(ordered) * p // 100)]:.2f}"
                    for p in (50, 90, 99))


async def measure(what, accounts, port, deliveries, background=None):
    for account in accounts:
        account.own, account.whole, account.idle = [], [], []
    tasks = [asyncio.ensure_future(background(account)) for account in accounts] \
        if background else []
    await asyncio.gather(*(a.deliver(deliveries // ACCOUNTS) for a in accounts))
    for task in tasks:
        task.cancel()

    def all_of(name):
        return [value for account in accounts for value in getattr(account, name)]
    print(f"{what}, {len(all_of('own'))} deliveries, ms:\n"
          f"  last byte from the mail server to the event   {percentiles(all_of('own'))}\n"
          f"  accepted by the mail server to the event      {percentiles(all_of('whole'))}\n"
          f"  the same to EXISTS at a plain IDLE client     {percentiles(all_of('idle'))}",
          flush=True)


async def run(dovecot, deliveries):
    accounts = [Account(number, dovecot) for number in range(ACCOUNTS)]
    for account in accounts:
        await account.lines.start()
    bridge = b.Bridge(dovecot, extra="login_attempts = 100000\n",
                      servers="".join(account.section() for account in accounts))
    try:
        for account in accounts:
            await account.listen(bridge.port)
            await account.start_idle()
        await measure("idle accounts", accounts, bridge.port, deliveries)
        await measure("accounts that are listed every second", accounts, bridge.port, deliveries,
                      lambda account: account.list_each_second(bridge.port))
    finally:
        bridge.stop()


def main():
    deliveries = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    users = [f"latency{number}:{PASSWORD}" for number in range(ACCOUNTS)]
    dovecot = b.Dovecot(count=1, users=users)
    try:
        asyncio.run(run(dovecot, deliveries))
    finally:
        dovecot.stop()


if __name__ == "__main__":
    main()
