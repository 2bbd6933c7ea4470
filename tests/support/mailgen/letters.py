"""Whole messages: who writes what to whom and when, and the truth that tests compare with."""

import re
import time
from dataclasses import dataclass

from . import bodies, mime, words

KEYWORD_OF_FLAG = {
    "S": "$seen",
    "R": "$answered",
    "F": "$flagged",
    "D": "$draft",
    "a": "$forwarded",
    "b": "work",
}
ZONES_MINUTES = (0, 60, 120, 180, -300, -480, 330, 540)


class Deck:
    """Draws by weight, and all before any comes again, so that a small mailbox has it all."""

    def __init__(self, rng, weights):
        self._rng = rng
        self._cards = [item for item, weight in weights.items() for _ in range(weight)]
        self._left = []

    def draw(self):
        if not self._left:
            self._left = list(self._cards)
            self._rng.shuffle(self._left)
        return self._left.pop()


@dataclass
class Letter:
    raw: bytes
    when: int  # seconds; also the server's INTERNALDATE
    sender: tuple
    subject: str  # without any "Re:"
    language: str
    message_id: str | None
    references: list
    excerpt: str  # what an answer quotes
    truth: dict


class Writer:
    def __init__(self, rng, owner, kinds):
        self.rng = rng
        self.owner = owner
        self._kinds = Deck(rng, kinds)
        self._languages = Deck(
            rng, {code: words.LANGUAGE_WEIGHTS.get(code, 1) for code in words.LANGUAGES}
        )
        self._charsets = {
            code: Deck(rng, dict.fromkeys(language.charsets, 1))
            for code, language in words.LANGUAGES.items()
        }
        self._count = 0

    def person(self, code):
        name = self.rng.choice(words.LANGUAGES[code].names)
        local = re.sub(r"[^a-z]+", ".", name.lower()).strip(".") or f"user{sum(map(ord, name))}"
        return name, f"{local}@{words.DOMAINS[len(name) % len(words.DOMAINS)]}"

    def write(self, when, sender=None, parent=None, kind=None, is_draft=False):
        """One message by `sender`, the owner if given; in answer to `parent` if there is one."""
        rng = self.rng
        self._count += 1
        code = parent.language if parent else self._languages.draw()
        charset = self._charsets[code].draw()
        subject = parent.subject if parent else rng.choice(words.LANGUAGES[code].subjects)
        kind = kind or self._kinds.draw()
        paper = bodies.Paper(rng, code, charset, subject, self.owner, when, parent)
        paper.sender = sender or self.person(code)
        body = bodies.KINDS[kind][0](paper)
        envelope = Envelope(self, paper, parent, is_outgoing=sender is not None, is_draft=is_draft)
        raw = (
            envelope.headers() + body.headers + "MIME-Version: 1.0\n" + body.part.headers
        ).encode()
        raw += b"\n" + body.part.body
        truth = {
            "kind": kind,
            "language": code,
            "isOdd": body.is_odd,
            **envelope.truth(),
            "receivedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when)),
            "size": len(raw) + raw.count(b"\n"),
            "text": body.text,
            "html": body.html,
            "attachments": body.attachments,
        }
        return Letter(
            raw,
            when,
            paper.sender,
            subject,
            code,
            envelope.message_id,
            envelope.references,
            "\n\n".join(paper.paragraphs[:3]),
            truth,
        )

    def next_message_id(self, when, email):
        return f"{when:x}.{self._count:x}.{self.rng.getrandbits(32):08x}@{email.split('@')[1]}"


class Envelope:
    """The header fields before the MIME ones, chosen once, written once and told once."""

    def __init__(self, writer, paper, parent, is_outgoing, is_draft):
        rng = writer.rng
        self.paper = paper
        self.style = rng.choice("QB")
        self.zone = rng.choice(ZONES_MINUTES)
        self.message_id = writer.next_message_id(paper.when, paper.sender[1])
        self.parent_id = parent.message_id if parent else None
        self.references = [*parent.references, parent.message_id][-12:] if parent else []
        self.subject = paper.subject
        if parent:
            self.subject = (
                rng.choice(("Re: ", "Re: ", "Re: ", "RE: ", "AW: ", "Fwd: ")) + self.subject
            )
        elif rng.random() < 0.01:
            self.subject = ""
        self.to, self.cc = self._recipients(writer, parent, is_outgoing)
        self.has_trace = not is_outgoing
        self.is_to_group = not is_outgoing and not parent and rng.random() < 0.01
        if is_draft and rng.random() < 0.3:
            self.to = []

    def _recipients(self, writer, parent, is_outgoing):
        code = self.paper.code
        others = [writer.person(code) for _ in range(int(writer.rng.expovariate(1.1)))][:6]
        if is_outgoing:
            first = parent.sender if parent else writer.person(code)
        else:
            first = writer.owner
        if others and writer.rng.random() < 0.4:
            return [first], others
        return [first, *others], []

    def _addresses(self, people):
        return ", ".join(
            mime.address(name, email, self.paper.charset, self.style) for name, email in people
        )

    def headers(self):
        paper, out = self.paper, ""
        if self.has_trace:
            out += (
                f"Return-Path: <{paper.sender[1]}>\n"
                f"Received: from mx.{paper.sender[1].split('@')[1]} (mx.example.com [192.0.2.25])\n"
                f"\tby mail.example.org with ESMTPS; {mime.date_text(paper.when, 0)}\n"
            )
        out += mime.fold("From", self._addresses([paper.sender]))
        if self.is_to_group:
            out += "To: undisclosed-recipients:;\n"
        elif self.to:
            out += mime.fold("To", self._addresses(self.to))
        if self.cc:
            out += mime.fold("Cc", self._addresses(self.cc))
        out += mime.fold("Subject", mime.header_text(self.subject, paper.charset, self.style))
        out += f"Date: {mime.date_text(paper.when, self.zone)}\nMessage-ID: <{self.message_id}>\n"
        if self.parent_id:
            references = "\n ".join(f"<{reference}>" for reference in self.references)
            out += f"In-Reply-To: <{self.parent_id}>\nReferences: {references}\n"
        return out

    def truth(self):
        def people(pairs):
            return [{"name": name or None, "email": email} for name, email in pairs]

        local = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.paper.when + self.zone * 60))
        sign, zone = "-" if self.zone < 0 else "+", abs(self.zone)
        return {
            "messageId": [self.message_id],
            "subject": self.subject,
            "from": people([self.paper.sender]),
            "to": [] if self.is_to_group else people(self.to),
            "cc": people(self.cc),
            "inReplyTo": [self.parent_id] if self.parent_id else [],
            "references": self.references,
            "sentAt": f"{local}{sign}{zone // 60:02}:{zone % 60:02}",
        }
