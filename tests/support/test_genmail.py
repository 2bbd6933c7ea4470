#!/usr/bin/env python3
"""The generator keeps its promises: same bytes every time, and a manifest that is true."""

import email
import email.header
import email.policy
import email.utils
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def generate(folder, *options):
    manifest = folder / "manifest.jsonl"
    subprocess.run(
        [sys.executable, HERE / "genmail.py", "--manifest", manifest, *options], check=True
    )
    return [json.loads(line) for line in manifest.read_text().splitlines()]


def content_of(part):
    if part.get_content_type() == "message/rfc822":
        return part.get_payload(0).as_bytes(policy=email.policy.compat32.clone(linesep="\r\n"))
    return part.get_payload(decode=True)


def addresses_of(raw, name):
    """Not by the newer policy, which leaves the space between two encoded words of a phrase."""
    values = email.message_from_bytes(raw).get_all(name)
    return [
        (str(email.header.make_header(email.header.decode_header(display))), address)
        for display, address in email.utils.getaddresses(values)
    ]


class Genmail(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.truths = generate(cls.folder, "--eml", cls.folder / "eml", "-n", "400")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def parsed(self):
        for truth in self.truths:
            raw = (self.folder / "eml" / truth["file"]).read_bytes()
            yield truth, raw, email.message_from_bytes(raw, policy=email.policy.default)

    def test_the_same_arguments_give_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as again:
            again = pathlib.Path(again)
            truths = generate(again, "--eml", again / "eml", "-n", "400")
            self.assertEqual(truths, self.truths)
            for truth in truths:
                self.assertEqual(
                    (again / "eml" / truth["file"]).read_bytes(),
                    (self.folder / "eml" / truth["file"]).read_bytes(),
                )

    def test_a_small_mailbox_has_every_kind_and_every_language(self):
        sys.path.insert(0, str(HERE))
        from mailgen import bodies, words

        self.assertEqual({truth["kind"] for truth in self.truths}, set(bodies.KINDS))
        self.assertEqual({truth["language"] for truth in self.truths}, set(words.LANGUAGES))

    def test_headers_are_what_the_manifest_says(self):
        for truth, raw, message in self.parsed():
            with self.subTest(truth["file"]):
                self.assertEqual(truth["size"], len(raw))
                self.assertEqual(truth["messageId"], [message["Message-ID"].strip("<>")])
                self.assertEqual(truth["subject"], str(message["Subject"]).replace("\n", ""))
                self.assertEqual(
                    [(a["name"] or "", a["email"]) for a in truth["from"]],
                    addresses_of(raw, "From"),
                )
                self.assertEqual(truth["sentAt"], message["Date"].datetime.isoformat())

    def test_bodies_are_what_the_manifest_says(self):
        for truth, _, message in self.parsed():
            if truth["isOdd"]:
                continue
            with self.subTest(truth["file"]):
                parts = [p for p in message.walk() if not p.is_multipart()]
                texts = [
                    p
                    for p in parts
                    if p.get_content_type() == "text/plain" and p.get_content_disposition() is None
                ]
                if truth["text"] is not None:
                    data = texts[0].get_payload(decode=True)
                    self.assertEqual(
                        truth["text"],
                        data.decode(texts[0].get_content_charset("ascii")).replace("\r\n", "\n"),
                    )

    def test_attachments_are_what_the_manifest_says(self):
        for truth, _, message in self.parsed():
            if truth["isOdd"] or truth["kind"] in ("forwarded", "signed"):
                continue
            with self.subTest(truth["file"]):
                found = [
                    (p.get_content_type(), hashlib.sha256(content_of(p)).hexdigest())
                    for p in message.walk()
                    if p.get_content_disposition()
                ]
                self.assertEqual([(a["type"], a["sha256"]) for a in truth["attachments"]], found)


if __name__ == "__main__":
    unittest.main()
