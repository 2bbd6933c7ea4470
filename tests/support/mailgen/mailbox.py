"""Mailboxes: which folders there are, what lies in them, and how a Maildir++ holds them."""

import base64
import os
import random
import time

from . import bodies, letters

KEYWORDS = ("$Forwarded", "work")  # Maildir's flag letters a, b
EPOCH = 1768478400  # 2026-01-15T12:00:00Z: the newest message, unless told that it is now
DAY = 86400


class Store:
    """Writes messages into a Maildir++ and into the manifest, or as numbered .eml files."""

    def __init__(self, maildir=None, eml=None, manifest=None):
        self._maildir, self._eml, self._manifest = maildir, eml, manifest
        self._made, self._count = set(), 0
        if eml:
            os.makedirs(eml, exist_ok=True)

    def add(self, folder, letter, flags):
        self._count += 1
        flags = "".join(sorted(flags))
        if self._maildir:
            name = self._add_to_maildir(folder, letter, flags)
        else:
            name = f"{self._count:06}.eml"
            with open(os.path.join(self._eml, name), "wb") as out:
                out.write(letter.raw.replace(b"\n", b"\r\n"))
        if self._manifest:
            keywords = {letters.KEYWORD_OF_FLAG[flag]: True for flag in flags}
            self._manifest({"folder": folder, "file": name, "keywords": keywords, **letter.truth})

    def add_folder(self, folder):
        """The Maildir++ directory of a folder, made on first use."""
        path = self._maildir
        if folder != "INBOX":
            path = os.path.join(path, "." + utf7(folder).replace("/", "."))
        if folder not in self._made:
            self._made.add(folder)
            for sub in ("cur", "new", "tmp"):
                os.makedirs(os.path.join(path, sub), exist_ok=True)
            with open(os.path.join(path, "dovecot-keywords"), "w", encoding="ascii") as out:
                out.writelines(f"{number} {keyword}\n" for number, keyword in enumerate(KEYWORDS))
            if folder != "INBOX":
                open(os.path.join(path, "maildirfolder"), "w", encoding="ascii").close()
        return path

    def subscribe(self, folders):
        if not self._maildir:
            return
        os.makedirs(self._maildir, exist_ok=True)
        with open(os.path.join(self._maildir, "subscriptions"), "w", encoding="ascii") as out:
            out.write(
                "V\t2\n\n" + "".join(utf7(folder).replace("/", "\t") + "\n" for folder in folders)
            )

    def _add_to_maildir(self, folder, letter, flags):
        sizes = f"S={len(letter.raw)},W={letter.truth['size']}"
        name = f"{letter.when}.M{self._count:06}P1.generated,{sizes}:2,{flags}"
        path = os.path.join(self.add_folder(folder), "cur", name)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, letter.raw)
            os.utime(handle, (letter.when, letter.when))
        finally:
            os.close(handle)
        return name


def utf7(name):
    """Modified UTF-7 of IMAP (RFC 3501 §5.1.3), as Maildir++ names its folders."""
    out, run = "", ""

    def flush():
        encoded = base64.b64encode(run.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
        return f"&{encoded}-" if run else ""

    for char in name:
        if " " <= char <= "~":
            out += flush() + ("&-" if char == "&" else char)
            run = ""
        else:
            run += char
    return out + flush()


# folder of the demo -> share of the messages that do not answer others
DEMO_FOLDERS = {
    "INBOX": 46,
    "Sent": 6,
    "Drafts": 3,
    "Trash": 5,
    "Junk": 6,
    "Archive": 14,
    "Projects/Lighthouse": 6,
    "Projects/Lighthouse/Invoices": 3,
    "Projects/Harbour & Quay": 2,
    "Newsletters": 5,
    "Família": 2,
    "Путешествия": 1,
    "旅行": 1,
}
KIND_OF_FOLDER = {
    "Newsletters": "newsletter",
    "Junk": "unsafe-html",
    "Projects/Lighthouse/Invoices": "attachments",
}
SHARE_OF_ANSWERS = 0.4


def write_demo(store, count, seed, owner, newest, is_inbox_only=False):
    """A person's mailbox: conversations between INBOX and Sent, and folders with special uses."""
    rng = random.Random(seed)
    writer = letters.Writer(
        rng, owner, {kind: weight for kind, (_, weight, _) in bodies.KINDS.items() if weight}
    )
    folders = letters.Deck(rng, {"INBOX": 1} if is_inbox_only else DEMO_FOLDERS)
    written, answered = [], set()
    for number in range(count):
        # More of them the nearer to now, one at most each second.
        when = newest - int(400 * DAY * (1 - (number + 1) / count) ** 2) - (count - number - 1)
        parent = rng.choice(written[-40:]) if written and rng.random() < SHARE_OF_ANSWERS else None
        if parent and parent[0] in ("INBOX", "Sent"):
            is_mine = parent[0] == "INBOX" and not is_inbox_only and rng.random() < 0.6
            folder = "Sent" if is_mine else "INBOX"
            letter = writer.write(when, owner if is_mine else None, parent[1])
            if is_mine:
                answered.add(id(parent[1]))
        else:
            folder = folders.draw()
            sender = owner if folder in ("Sent", "Drafts") else None
            letter = writer.write(
                when, sender, None, KIND_OF_FOLDER.get(folder), folder == "Drafts"
            )
        written.append((folder, letter))
    if not is_inbox_only:
        store.subscribe(DEMO_FOLDERS)
    for place, (folder, letter) in enumerate(written):
        store.add(folder, letter, _flags(rng, folder, place / count, id(letter) in answered))


def _flags(rng, folder, age, is_answered):
    flags = "R" if is_answered else ""
    if folder in ("Sent", "Drafts") or is_answered or rng.random() > age**4:
        flags += "S"
    if folder == "Drafts":
        flags += "D"
    if rng.random() < 0.05:
        flags += "F"
    if rng.random() < 0.06:
        flags += rng.choice("ab")
    return flags


def write_bulk(store, count, seed, owner, newest):
    """Very many messages in INBOX, spread evenly over three years."""
    rng = random.Random(seed)
    writer = letters.Writer(
        rng, owner, {kind: weight for kind, (*_, weight) in bodies.KINDS.items() if weight}
    )
    first, recent = newest - 3 * 365 * DAY, []
    for number in range(count):
        when = first + (newest - first) * (number + 1) // count
        parent = rng.choice(recent) if recent and rng.random() < SHARE_OF_ANSWERS else None
        letter = writer.write(when, None, parent)
        recent = [letter, *recent[:30]]
        store.add("INBOX", letter, _flags(rng, "INBOX", number / count, False))


PROFILES = {"demo": write_demo, "bulk": write_bulk}


def newest_time(is_now):
    return int(time.time()) - 60 if is_now else EPOCH
