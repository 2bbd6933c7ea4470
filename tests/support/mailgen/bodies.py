"""The kinds of message bodies: each function makes one and says what a reader must find in it."""

import hashlib
import html
import time
from dataclasses import dataclass, field

from . import files, mime, words

ENCODINGS = ("quoted-printable", "base64", "8bit", "7bit")
NAME_STYLES = ("rfc2231", "rfc2231-pieces", "rfc2047")


@dataclass
class Body:
    part: mime.Part
    text: str | None = None  # of the first text/plain part; None where there is none
    html: str | None = None
    attachments: list = field(default_factory=list)
    headers: str = ""  # more message headers, each ending in LF
    is_odd: bool = False  # malformed on purpose: text and attachments say nothing


class Paper:
    """What a body is written on: the language, the words chosen, and helpers that draw lots."""

    def __init__(self, rng, code, charset, subject, owner, when, parent):
        self.rng = rng
        self.code = code
        self.language = words.LANGUAGES[code]
        self.charset = charset
        self.subject = subject
        self.owner = owner
        self.when = when
        self.parent = parent
        self.sender = None
        self.paragraphs = self._paragraphs()

    def _paragraphs(self):
        space = " " if self.language.has_spaces else ""
        count = min(12, 1 + int(self.rng.expovariate(0.6)))
        return [
            space.join(
                self.rng.choice(self.language.sentences) for _ in range(self.rng.randrange(1, 5))
            )
            for _ in range(count)
        ]

    def wrapped(self, width=72):
        if not self.language.has_spaces:
            width //= 2
        return "\n\n".join(
            "\n".join(wrap(p, width, self.language.has_spaces)) for p in self.paragraphs
        )

    def text(self):
        out = self.wrapped() + "\n"
        if self.parent:
            out += "\n" + quote(self.parent) + "\n"
        return out + f"\n-- \n{self.sender[0] or self.sender[1]}\n"

    def html(self, images=()):
        direction = ' dir="rtl"' if self.language.is_rtl else ""
        paragraphs = "".join(f"<p>{html.escape(p)}</p>\n" for p in self.paragraphs)
        pictures = "".join(
            f'<p><img src="{html.escape(src)}" alt="picture"></p>\n' for src in images
        )
        quoted = ""
        if self.parent:
            quoted = f'<blockquote type="cite">{html.escape(self.parent.excerpt)}</blockquote>\n'
        return (
            f"<!DOCTYPE html>\n<html{direction}><head><style>p {{ margin: 1em }}</style></head>\n"
            f"<body>\n{paragraphs}{pictures}{quoted}</body></html>\n"
        )

    def encoding(self):
        return self.rng.choice(ENCODINGS)

    def boundary(self):
        style = self.rng.choice(("----=_Part_{}", "=_{}", "Apple-Mail={}", "{}.b'(x)?", "{:0>40}"))
        return style.format(f"{self.rng.getrandbits(48):x}")

    def plain(self, text=None, params=""):
        return mime.text_part(
            self.text() if text is None else text, self.charset, self.encoding(), params=params
        )

    def page(self, content):
        return mime.text_part(content, self.charset, self.encoding(), "html")

    def multi(self, subtype, parts, params="", preamble=b""):
        return mime.multipart(subtype, parts, self.boundary(), params, preamble)


def wrap(text, width, has_spaces):
    if not has_spaces:
        return [text[i : i + width] for i in range(0, len(text), width)]
    lines, current = [], ""
    for word in text.split(" "):
        if current and len(current) + 1 + len(word) > width:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    return lines + [current]


def quote(parent):
    return f"{parent.sender[1]}:\n" + "\n".join(
        f"> {line}" if line else ">" for line in parent.excerpt.split("\n")
    )


def describe(content, media_type, name, disposition, cid=None):
    return {
        "name": name,
        "type": media_type,
        "size": len(content),
        "disposition": disposition,
        "cid": cid,
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def attach(paper, name=None, media_type=None, content=None, disposition="attachment", cid=None):
    """-> the part and its description"""
    if name is None:
        name, media_type = paper.rng.choice(words.FILE_NAMES)
    if content is None:
        content = files.MAKERS[media_type](paper.rng)
    part = mime.attachment(
        content, media_type, name, paper.rng.choice(NAME_STYLES), disposition, cid
    )
    return part, describe(content, media_type, name, disposition, cid)


def plain(paper):
    text = paper.text()
    return Body(paper.plain(text), text)


def empty(paper):
    return Body(mime.Part("Content-Type: text/plain; charset=us-ascii\n", b""), "")


def long_text(paper):
    text = paper.text() * paper.rng.randrange(20, 80)
    return Body(paper.plain(text), text)


def flowed(paper):
    """RFC 3676: a space before the line end says that the paragraph goes on."""
    text = (
        "\n\n".join(" \n".join(wrap(p, 66, paper.language.has_spaces)) for p in paper.paragraphs)
        + "\n"
    )
    delete_space = "" if paper.language.has_spaces else "; delsp=yes"
    return Body(paper.plain(text, f"; format=flowed{delete_space}"), text)


def html_only(paper):
    page = paper.html()
    return Body(paper.page(page), None, page)


def alternative(paper, images=()):
    text, page = paper.text(), paper.html(images)
    return Body(paper.multi("alternative", [paper.plain(text), paper.page(page)]), text, page)


def attachments(paper):
    inner = alternative(paper) if paper.rng.random() < 0.5 else plain(paper)
    pairs = [attach(paper) for _ in range(1 + min(6, int(paper.rng.expovariate(0.8))))]
    preamble = (
        b"This is a multi-part message in MIME format.\n" if paper.rng.random() < 0.3 else b""
    )
    return Body(
        paper.multi("mixed", [inner.part] + [p for p, _ in pairs], preamble=preamble),
        inner.text,
        inner.html,
        [d for _, d in pairs],
    )


def only_attachment(paper):
    part, description = attach(paper)
    return Body(part, None, None, [description])


def inline_images(paper):
    cids = [
        f"image{n}.{paper.rng.getrandbits(32):x}@example.com"
        for n in range(paper.rng.randrange(1, 3))
    ]
    pairs = [
        attach(paper, f"image{n:03}.png", "image/png", None, "inline", cid)
        for n, cid in enumerate(cids)
    ]
    text, page = paper.text(), paper.html([f"cid:{cid}" for cid in cids])
    related = paper.multi(
        "related", [paper.page(page)] + [p for p, _ in pairs], '; type="text/html"'
    )
    return Body(
        paper.multi("alternative", [paper.plain(text), related]), text, page, [d for _, d in pairs]
    )


def newsletter(paper):
    number = paper.rng.randrange(1, 1 << 20)
    body = alternative(
        paper,
        [
            f"https://images.example.com/head/{number}.png",
            f"https://track.example.com/open.gif?u={number}",
        ],
    )
    body.headers = (
        "List-Id: Harbour news <news.harbour.example>\n"
        f"List-Unsubscribe: <https://harbour.example/leave?u={number}>,\n"
        f" <mailto:leave@harbour.example?subject={number}>\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\nPrecedence: bulk\n"
    )
    return body


def unsafe_html(paper):
    page = paper.html().replace(
        "</body>",
        "<script>document.title = 'x'</script>\n"
        '<a href="javascript:alert(1)" onclick="alert(2)">prize</a>\n'
        '<form action="https://phish.example/"><input name="pin"></form>\n</body>',
    )
    return Body(paper.page(page), None, page)


def forwarded(paper):
    """A whole message attached, with an attachment of its own."""
    inner_body = attachments(paper)
    inner = (
        (
            mime.fold("From", mime.address("Inner Sender", "inner@example.net", "utf-8", "Q"))
            + mime.fold("Subject", mime.header_text(paper.subject, paper.charset, "B"))
            + f"Date: {mime.date_text(paper.when - 86400, 60)}\n"
            + f"Message-ID: <inner.{paper.rng.getrandbits(40):x}@example.net>\nMIME-Version: 1.0\n"
            + inner_body.part.headers
        ).encode()
        + b"\n"
        + inner_body.part.body
    )
    text = paper.text()
    part = mime.Part(
        'Content-Type: message/rfc822\nContent-Disposition: attachment; filename="forwarded.eml"\n',
        inner,
    )
    description = describe(
        inner.replace(b"\n", b"\r\n"), "message/rfc822", "forwarded.eml", "attachment"
    )
    return Body(paper.multi("mixed", [paper.plain(text), part]), text, None, [description])


def invitation(paper):
    def stamp(seconds):
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))

    event = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//example//demo//EN\nMETHOD:REQUEST\nBEGIN:VEVENT\n"
        f"UID:{paper.rng.getrandbits(40):x}@example.com\nDTSTAMP:{stamp(paper.when)}\n"
        f"DTSTART:{stamp(paper.when + 172800)}\nDURATION:PT45M\nSUMMARY:{paper.subject}\n"
        f"ORGANIZER:mailto:{paper.sender[1]}\nATTENDEE:mailto:{paper.owner[1]}\n"
        "END:VEVENT\nEND:VCALENDAR\n"
    )
    text, page = paper.text(), paper.html()
    calendar = mime.text_part(event, "utf-8", "quoted-printable", "calendar", "; method=REQUEST")
    return Body(
        paper.multi("alternative", [paper.plain(text), paper.page(page), calendar]), text, page
    )


def bounce(paper):
    text = "The message could not be delivered to one of its recipients.\n"
    status = (
        f"Reporting-MTA: dns; mx.example.net\nArrival-Date: {mime.date_text(paper.when, 0)}\n\n"
        "Final-Recipient: rfc822; nobody@example.net\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\n"
    ).encode()
    returned = f"From: {paper.owner[1]}\nTo: nobody@example.net\nSubject: lost\n".encode()
    part = paper.multi(
        "report",
        [
            mime.text_part(text, "us-ascii", "7bit"),
            mime.Part("Content-Type: message/delivery-status\n", status),
            mime.Part("Content-Type: text/rfc822-headers\n", returned),
        ],
        "; report-type=delivery-status",
    )
    return Body(part, text, headers="Auto-Submitted: auto-replied\n")


def signed(paper):
    text = paper.text()
    signature = (
        b"-----BEGIN PGP SIGNATURE-----\n\niHUEARYKAB0WIQTdemodemodemodemodemodemodemo=\n"
        b"-----END PGP SIGNATURE-----\n"
    )
    part = mime.Part('Content-Type: application/pgp-signature; name="signature.asc"\n', signature)
    description = {
        "name": "signature.asc",
        "type": "application/pgp-signature",
        "disposition": None,
        "cid": None,
        "size": None,
        "sha256": None,
    }
    return Body(
        paper.multi(
            "signed",
            [paper.plain(text), part],
            ';\n protocol="application/pgp-signature"; micalg=pgp-sha512',
        ),
        text,
        None,
        [description],
    )


def nested(paper):
    inner = alternative(paper)
    part = inner.part
    for _ in range(paper.rng.randrange(2, 7)):
        part = paper.multi("mixed", [part])
    return Body(part, inner.text, inner.html)


def many_parts(paper):
    text = paper.text()
    pairs = [
        attach(paper, f"page-{n:02}.txt", "text/plain") for n in range(paper.rng.randrange(10, 25))
    ]
    return Body(
        paper.multi("mixed", [paper.plain(text)] + [p for p, _ in pairs]),
        text,
        None,
        [d for _, d in pairs],
    )


def unknown_charset(paper):
    return Body(
        mime.Part(
            "Content-Type: text/plain; charset=x-nobody-knows\nContent-Transfer-Encoding: 8bit\n",
            paper.text().encode(),
        ),
        is_odd=True,
    )


def undeclared_bytes(paper):
    return Body(mime.Part("Content-Type: text/plain\n", paper.text().encode()), is_odd=True)


def broken_base64(paper):
    return Body(
        mime.Part(
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n",
            b"QnJva2VuIG9u*IHB1cn!Bvc2U\n=\nx\n",
        ),
        is_odd=True,
    )


def unclosed(paper):
    part = attachments(paper).part
    cut = part.body[: part.body.rindex(b"--", 0, len(part.body) - 4)]
    return Body(mime.Part(part.headers, cut), is_odd=True)


def no_boundary(paper):
    return Body(mime.Part("Content-Type: multipart/mixed\n", b"--x\n\nlost\n--x--\n"), is_odd=True)


# kind -> (function, how often it is drawn in a mailbox like a person's, in bulk mail)
KINDS = {
    "plain": (plain, 20, 40),
    "alternative": (alternative, 16, 40),
    "attachments": (attachments, 14, 6),
    "html-only": (html_only, 6, 6),
    "flowed": (flowed, 6, 4),
    "inline-images": (inline_images, 5, 2),
    "invitation": (invitation, 3, 1),
    "forwarded": (forwarded, 3, 1),
    "only-attachment": (only_attachment, 1, 0),
    "signed": (signed, 2, 1),
    "long-text": (long_text, 1, 0),
    "empty": (empty, 1, 1),
    "bounce": (bounce, 1, 1),
    "nested": (nested, 1, 0),
    "many-parts": (many_parts, 1, 0),
    "unknown-charset": (unknown_charset, 1, 0),
    "undeclared-bytes": (undeclared_bytes, 1, 0),
    "broken-base64": (broken_base64, 1, 0),
    "unclosed": (unclosed, 1, 0),
    "no-boundary": (no_boundary, 1, 0),
    "newsletter": (newsletter, 0, 4),
    "unsafe-html": (unsafe_html, 0, 0),
}
