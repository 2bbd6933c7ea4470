#!/usr/bin/env python3
"""The servers of support/servers serve mail, beside each other, and leave nothing behind."""

import imaplib
import pathlib
import poplib
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

SERVER = pathlib.Path(__file__).resolve().parent / "servers" / "server.sh"
USER, PASSWORD = "ada", 'p "q" \\ 1'
MESSAGE = b"Subject: hello\r\n\r\nHello\r\n"


def run_server(*arguments):
    return subprocess.run([SERVER, *arguments], capture_output=True, text=True, check=False)


def processes_of(pid):
    """The process and all its descendants."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", pid], capture_output=True, text=True, check=False
    )
    return [pid] + [each for child in found.stdout.split() for each in processes_of(child)]


def is_alive(pid):
    try:
        status = pathlib.Path("/proc", pid, "status").read_text()
    except FileNotFoundError:
        return False
    return "State:\tZ" not in status


class Servers(unittest.TestCase):
    def start(self, name, *options):
        """The folder and the ports of a new one."""
        temporary = tempfile.TemporaryDirectory(prefix="mailbridge-servers-")
        folder = pathlib.Path(temporary.name)
        self.addCleanup(temporary.cleanup)
        started = run_server("start", name, folder, "--user", f"{USER}:{PASSWORD}", *options)
        self.assertEqual(started.returncode, 0, started.stderr)
        self.addCleanup(self.stop, folder)
        lines = (folder / "env").read_text().split()
        return folder, {key: int(value) for key, value in (line.split("=") for line in lines)}

    def stop(self, folder):
        processes = processes_of((folder / "pid").read_text().strip())
        self.assertGreater(len(processes), 2)
        self.assertEqual(run_server("stop", folder).returncode, 0)
        # Those whose parent has gone take a moment on a busy machine.
        limit = time.monotonic() + 20
        while any(map(is_alive, processes)) and time.monotonic() < limit:
            time.sleep(0.05)
        self.assertEqual([pid for pid in processes if is_alive(pid)], [])

    def check_imap(self, client, namespace):
        client.login(USER, PASSWORD)
        self.assertEqual(client.namespace()[1][0].split(b")")[0].decode(), f"(({namespace}")
        self.assertEqual(client.append("INBOX", None, None, MESSAGE)[0], "OK")
        self.assertEqual(client.select("INBOX")[1], [b"1"])
        client.logout()

    def check_pop3(self, port):
        client = poplib.POP3("127.0.0.1", port, timeout=60)
        client.user(USER)
        client.pass_(PASSWORD)
        self.assertEqual(client.stat()[0], 1)
        client.quit()

    def test_imap_and_pop3(self):
        servers = {"cyrus": '"INBOX." "."', "courier": '"INBOX." "."', "mailutils": '"" "/"'}
        for name, namespace in servers.items():
            folder, ports = self.start(name)
            client = imaplib.IMAP4("127.0.0.1", ports["IMAP_PORT"], timeout=60)
            context = ssl.create_default_context(cafile=folder / "certs" / "ca.pem")
            client.host = "localhost"
            client.starttls(context)
            self.check_imap(client, namespace)
            self.check_pop3(ports["POP3_PORT"])

    def test_mboxes_over_pop3(self):
        for name in ("mailutils", "popa3d", "solid-pop3d"):
            folder, ports = self.start(name)
            with open(folder / "mail" / USER, "ab") as mbox:
                mbox.write(b"From x@example.org Thu Jan  1 00:00:00 2026\n" + MESSAGE + b"\n")
            self.check_pop3(ports["POP3_PORT"])

    def test_settings(self):
        _, ports = self.start("cyrus", "--set", "unixnames")
        self.check_imap(imaplib.IMAP4("127.0.0.1", ports["IMAP_PORT"], timeout=60), '"" "/"')

    def test_names_that_are_none(self):
        self.assertNotEqual(run_server("start", "no-such", "/tmp").returncode, 0)


def main():
    possible = run_server("can", "popa3d")
    if possible.returncode != 0:
        print(f"skipped: {possible.stderr.strip()}")
        sys.exit(77)
    unittest.main()


if __name__ == "__main__":
    main()
