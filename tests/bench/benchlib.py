"""What every benchmark here shares: a private Dovecot with mail in it, a release build of
mailbridge in front of it, nginx as the floor for HTTP, wrk, medians.

Figures are ratios against something that ran in the same run; alternating rounds and medians,
because machines are noisy.
"""
import base64
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "bench"
BUILD = ROOT / "build" / "release"
SUPPORT = ROOT / "tests" / "support"
USER, PASSWORD = "bench@example.org", "bench"


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, text=True,
                          stdout=subprocess.PIPE, **options).stdout


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


class Dovecot:
    """A private instance that holds `count` messages for USER, and nothing for more `users`
    ("NAME:PASSWORD")."""

    def __init__(self, count=10020, users=()):
        self.dir = WORK / f"dovecot-{count}"
        mail = self.dir / "mail" / USER / "Maildir"
        if not (self.dir / "ready").exists():
            shutil.rmtree(self.dir, ignore_errors=True)
            run(SUPPORT / "genmail.py", "--maildir", mail, "--profile", "bulk", "-n", count,
                "--owner", USER)
            (self.dir / "ready").touch()
        everybody = [word for user in (f"{USER}:{PASSWORD}", *users) for word in ("--user", user)]
        run(SUPPORT / "dovecot.sh", "start", self.dir, "auto", *everybody)
        env = dict(line.split("=", 1) for line in (self.dir / "env").read_text().split())
        self.imap, self.imaps = int(env["IMAP_PORT"]), int(env["IMAPS_PORT"])
        self.pop3s, self.lmtp = int(env["POP3S_PORT"]), int(env["LMTP_PORT"])
        self.ca = self.dir / "certs" / "ca.pem"

    def stop(self):
        run(SUPPORT / "dovecot.sh", "stop", self.dir)


class Bridge:
    """mailbridge, release build, in front of `dovecot`; `extra` are settings, `servers` sections."""

    def __init__(self, dovecot, cpu=None, extra="", servers="", upstream=None, is_basic=False):
        upstream = upstream or f"imap = imaps://localhost:{dovecot.imaps}"
        self.port = free_port()
        config = WORK / f"bridge-{self.port}.ini"
        config.write_text(
            f"listen = 127.0.0.1:{self.port}\nlog_level = error\n{extra}\n[server example.org]\n"
            f"{upstream}\nca_file = {dovecot.ca}\n{servers}")
        command = [BUILD / "api" / "mailbridge", "--config", config]
        self.process = subprocess.Popen(pin(cpu) + [str(c) for c in command])
        wait_port(self.port)
        self.url = f"http://127.0.0.1:{self.port}"
        self.events = None
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self.header = f"Authorization: Basic {secret}"
        if not is_basic:
            self.token()

    def get(self, path):
        request = urllib.request.Request(self.url + path)
        name, value = self.header.split(": ", 1)
        request.add_header(name, value)
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def is_known(self, path):
        """Is it answered from memory? The tag of such a list has dots."""
        name, value = self.header.split(": ", 1)
        request = urllib.request.Request(self.url + path, headers={name: value})
        with urllib.request.urlopen(request) as answer:
            answer.read()
            return "." in answer.headers["ETag"]

    def token(self):
        """From here on requests carry a session's token, as a front end's do."""
        body = json.dumps({"username": USER, "password": PASSWORD}).encode()
        request = urllib.request.Request(self.url + "/v1/sessions", body,
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            self.header = "Authorization: Bearer " + json.load(answer)["token"]

    def listen(self, path):
        """Listens to events from here on, and waits until `path` is answered from memory."""
        name, value = self.header.split(": ", 1)
        request = urllib.request.Request(self.url + "/v1/events", headers={
            name: value, "Accept": "text/event-stream"})
        self.events = urllib.request.urlopen(request)
        self.wait_known(path)

    def wait_known(self, path):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.is_known(path):
                return
            time.sleep(0.1)
        raise SystemExit("the folder is not answered from memory")

    def metrics(self):
        """By name, with the setting `metrics = same`."""
        text = urllib.request.urlopen(self.url + "/metrics").read().decode()
        return {name: float(n) for name, n in re.findall(r"^mailbridge_(\w+) (\S+)$", text, re.M)}

    def cpu_s(self):
        """Seconds of the processor that it has used."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


class Redis:
    """A private one, empty, nothing on disk."""

    def __init__(self):
        self.dir = WORK / "redis"
        self.stop()
        said = run(SUPPORT / "redis.sh", "start", self.dir)
        self.socket = dict(line.split("=", 1) for line in said.split())["REDIS_SOCKET"]
        self.key = WORK / "key"
        self.key.write_bytes(os.urandom(64))

    def settings(self):
        return f"state = {self.socket}\nkey_file = {self.key}\n"

    def command(self, *words):
        """What redis-cli prints; keys are any bytes."""
        return run("redis-cli", "-s", self.socket, *words, errors="surrogateescape").strip()

    def used_bytes(self):
        return int(re.search(r"^used_memory:(\d+)", self.command("INFO", "memory"), re.M)[1])

    def keys(self, pattern="*"):
        return [key for key in self.command("KEYS", pattern).split("\n") if key]

    def stop(self):
        run(SUPPORT / "redis.sh", "stop", self.dir)


class Distance:
    """A relay to a port on this machine that adds `round_trip_ms` to each round trip."""

    def __init__(self, port, round_trip_ms):
        self.process = subprocess.Popen(
            ["node", SUPPORT / "delay_proxy.js", "--to", str(port),
             "--delay-ms", str(round_trip_ms / 2)], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.kill()
        self.process.wait()


class Nginx:
    """Serves `body` as one static file, one worker: the floor for HTTP."""

    def __init__(self, body, cpu=None):
        self.dir = WORK / "nginx"
        shutil.rmtree(self.dir, ignore_errors=True)
        (self.dir / "html").mkdir(parents=True)
        (self.dir / "html" / "list.json").write_bytes(body)
        os.chmod(self.dir, 0o755)
        self.port = free_port()
        (self.dir / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {self.dir}/pid; error_log {self.dir}/error.log;\n"
            f"events {{ worker_connections 4096; }}\n"
            f"http {{ access_log off; sendfile on; keepalive_requests 100000000;\n"
            f"  types {{ application/json json; }}\n"
            f"  client_body_temp_path {self.dir}/t1; proxy_temp_path {self.dir}/t2;\n"
            f"  fastcgi_temp_path {self.dir}/t3; uwsgi_temp_path {self.dir}/t4;\n"
            f"  scgi_temp_path {self.dir}/t5;\n"
            f"  server {{ listen 127.0.0.1:{self.port}; root {self.dir}/html; }} }}\n")
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen(pin(cpu) + [nginx, "-c", str(self.dir / "nginx.conf"),
                                                    "-p", str(self.dir)])
        wait_port(self.port)
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def pin(cpu):
    return [] if cpu is None else ["taskset", "-c", str(cpu)]


def wrk(url, connections, seconds, header=None, cpu=None):
    """One thread; returns requests per second and the 50th and 99th percentile in ms."""
    command = pin(cpu) + ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if header:
        command += ["-H", header]
    text = run(*command, url)
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit("wrk saw errors:\n" + text)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])

    def percentile(p):
        value, unit = re.search(rf"^\s+{p}%\s+([\d.]+)(us|ms|s)", text, re.M).groups()
        return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return rate, percentile(50), percentile(99)


def median(values):
    return statistics.median(values)


def build_raw():
    """The raw IMAP client, compiled once."""
    source, binary = ROOT / "tests" / "bench" / "imapraw.c", WORK / "imapraw"
    WORK.mkdir(parents=True, exist_ok=True)
    if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
        run("gcc", "-O2", "-D_GNU_SOURCE", source, "-o", binary, "-lssl", "-lcrypto")
    return binary


def raw_imap(dovecot, command, seconds):
    """Answers per second, p50 and p99 in ms of one connection repeating `command`."""
    out = run(build_raw(), "127.0.0.1", dovecot.imaps, USER, PASSWORD, "INBOX", seconds, command)
    count, took, _bytes, p50, p99 = (float(x) for x in out.split())
    return count / took, p50 / 1000, p99 / 1000
