#!/usr/bin/env python3
"""./dev bench watch [accounts]: many accounts (1,000 by default), each with an inbox of 1,000
messages, a TLS connection to the mail server and an event stream. Memory per account with full and
with resumed handshakes, the processor's time while nothing happens, and how long it takes until a
change in every inbox has come out of every stream.

The mail server is a stand-in (imap_standin.js) that does nothing but IDLE: real ones here stop at a
few hundred. It and the listeners run beside mailbridge, so the last figure is theirs too."""
import asyncio
import base64
import os
import pathlib
import resource
import subprocess
import sys
import time

import benchlib as b

MESSAGES = 1000
AT_ONCE = 50  # streams that are opened
ROUNDS = 5
IDLE_SECONDS = 20


class StandIn:
    def __init__(self, certs, *options):
        self.process = subprocess.Popen(
            ["node", b.ROOT / "tests/bench/imap_standin.js", certs / "server.pem",
             certs / "server.key", str(MESSAGES), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def change_all(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        told, self.resumed = (int(n) for n in self.process.stdout.readline().split())
        return told

    def stop(self):
        self.process.kill()
        self.process.wait()


class Bridge:
    def __init__(self, port, ca, accounts):
        self.port = b.free_port()
        config = b.WORK / f"watch-{self.port}.ini"
        config.write_text(
            f"listen = 127.0.0.1:{self.port}\nlog_level = warn\nlogin_attempts = 1000000\n"
            f"connections = {accounts + 1000}\naccounts = {accounts + 1000}\n"
            f"logins_per_host = 50\nlogins_per_minute = 1000000\n"
            f"[server example.org]\nimap = imaps://localhost:{port}\nca_file = {ca}\n")
        self.process = subprocess.Popen([str(b.BUILD / "api/mailbridge"), "--config", str(config)])
        b.wait_port(self.port)

    def rss_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Listener(asyncio.Protocol):
    """One event stream; counts updates and keeps nothing."""

    def __init__(self, number):
        self.number = number
        self.rest = b""
        self.updates = 0
        self.is_open = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        secret = base64.b64encode(f"user{self.number}@example.org:x".encode()).decode()
        transport.write(f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
                        f"Authorization: Basic {secret}\r\n\r\n".encode())

    def data_received(self, data):
        data = self.rest + data
        if not self.is_open.done() and b"\nid: " in data:
            self.is_open.set_result(None)
        self.updates += data.count(b"event: message.updated\n")
        self.rest = data[-30:] if not data.endswith(b"\n\n") else b""

    def connection_lost(self, error):
        if not self.is_open.done():
            self.is_open.set_exception(RuntimeError(f"no stream: {self.rest}"))


async def open_all(port, accounts, at_once):
    loop = asyncio.get_running_loop()
    turn = asyncio.Semaphore(at_once)

    async def one(number):
        async with turn:
            _, listener = await loop.create_connection(lambda: Listener(number), "127.0.0.1", port)
            await asyncio.wait_for(listener.is_open, 120)
            return listener
    return await asyncio.gather(*(one(number) for number in range(accounts)))


async def fan_out(server, listeners):
    """Milliseconds until each listener has one more."""
    before = [listener.updates for listener in listeners]
    start = time.perf_counter()
    told = await asyncio.to_thread(server.change_all)
    if told != len(listeners):
        raise SystemExit(f"{told} connections, not {len(listeners)}")
    while not all(l.updates > n for l, n in zip(listeners, before)):
        if time.perf_counter() - start > 60:
            raise SystemExit("events are missing")
        await asyncio.sleep(0.002)
    return (time.perf_counter() - start) * 1000


async def measure(certs, accounts, what, at_once, *options):
    server = StandIn(certs, *options)
    bridge = Bridge(server.port, certs / "ca.pem", accounts)
    try:
        before = bridge.rss_kib()
        start = time.perf_counter()
        listeners = await open_all(bridge.port, accounts, at_once)
        opened = time.perf_counter() - start
        await asyncio.sleep(5)  # until all of them idle
        per_account = (bridge.rss_kib() - before) / accounts
        cpu = bridge.cpu_seconds()
        await asyncio.sleep(IDLE_SECONDS)
        idle = (bridge.cpu_seconds() - cpu) / IDLE_SECONDS * 100
        times = [await fan_out(server, listeners) for _ in range(ROUNDS)]
        print(f"{accounts} accounts, {what} ({server.resumed} resumed): {per_account:.1f} KiB per account, opened in "
              f"{opened:.1f} s, idle {idle:.1f} % of a core, a change in all of them out of all "
              f"streams in {b.median(times):.0f} ms (of {ROUNDS}; worst {max(times):.0f})",
              flush=True)
    finally:
        bridge.stop()
        server.stop()


def raise_limit(descriptors):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most < descriptors:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
            return
        except (ValueError, OSError):
            raise SystemExit(f"{descriptors} descriptors are needed, {most} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main():
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    raise_limit(2 * accounts + 2000)  # mailbridge has two connections for each
    certs = b.WORK / "watch-certs"
    b.WORK.mkdir(parents=True, exist_ok=True)
    b.run(b.SUPPORT / "certs.sh", certs)
    asyncio.run(measure(certs, accounts, "full handshakes", AT_ONCE, "--full-handshakes"))
    asyncio.run(measure(certs, accounts, "TLS 1.3 with tickets", AT_ONCE))
    asyncio.run(measure(certs, accounts, "resumed handshakes of TLS 1.2", AT_ONCE, "--tls1.2"))


if __name__ == "__main__":
    main()
