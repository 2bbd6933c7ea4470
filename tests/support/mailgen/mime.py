"""Writing MIME: header values, text parts, attachments, multiparts. Lines end in LF."""

import base64
import binascii
import functools
import quopri
import re
import time
from typing import NamedTuple
from urllib.parse import quote

ASCII_TEXT = re.compile(r"[\x20-\x7e]*\Z")
ATOM_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")
WORD_MAX = 75  # RFC 2047 §2


class Part(NamedTuple):
    """One MIME entity: header lines without the blank one, and the encoded body."""

    headers: str
    body: bytes

    def to_bytes(self):
        return self.headers.encode() + b"\n" + self.body


@functools.lru_cache(4096)
def charset_for(text, charset):
    """The charset itself if it carries the text unharmed, else UTF-8."""
    try:
        return charset if text.encode(charset).decode(charset) == text else "utf-8"
    except UnicodeError:
        return "utf-8"


def _encoded_word(text, charset, style):
    data = text.encode(charset)
    if style == "B":
        return f"=?{charset}?B?{base64.b64encode(data).decode()}?="
    safe = "".join(
        chr(c) if chr(c).isalnum() and c < 128 else "_" if c == 32 else f"={c:02X}" for c in data
    )
    return f"=?{charset}?Q?{safe}?="


@functools.lru_cache(4096)
def header_text(text, charset, style):
    """Text for a header: as it is if ASCII, else RFC 2047 words of whole characters, a line each."""
    if ASCII_TEXT.match(text):
        return text
    charset = charset_for(text, charset)
    words, current = [], ""
    for char in text:
        if current and len(_encoded_word(current + char, charset, style)) > WORD_MAX:
            words.append(_encoded_word(current, charset, style))
            current = ""
        current += char
    words.append(_encoded_word(current, charset, style))
    return "\n ".join(words)


@functools.lru_cache(4096)
def address(name, email, charset, style):
    if not name:
        return email
    if not ASCII_TEXT.match(name):
        return f"{header_text(name, charset, style)} <{email}>"
    if ATOM_WORDS.match(name):
        return f"{name} <{email}>"
    return f"{quoted(name)} <{email}>"


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def fold(name, value):
    """A header line folded at spaces near 76 columns; what is folded already stays so."""
    if len(name) + len(value) <= 74 or "\n" in value:
        return f"{name}: {value}\n"
    lines, current = [], f"{name}:"
    for word in value.split(" "):
        if len(current) + 1 + len(word) > 76 and current != f"{name}:":
            lines.append(current)
            current = ""
        current += " " + word
    return "\n".join(lines + [current]) + "\n"


def date_text(seconds, zone_minutes):
    """RFC 5322 date-time; not strftime, whose names follow the locale."""
    t = time.gmtime(seconds + zone_minutes * 60)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[t.tm_wday]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[
        t.tm_mon - 1
    ]
    sign, zone = "-" if zone_minutes < 0 else "+", abs(zone_minutes)
    return (
        f"{day}, {t.tm_mday} {month} {t.tm_year} {t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} "
        f"{sign}{zone // 60:02}{zone % 60:02}"
    )


def text_part(text, charset, encoding, subtype="plain", params=""):
    """A text part. Where the encoding cannot carry the text, another takes its place."""
    charset = charset_for(text, charset)
    data = text.encode(charset)
    if charset.startswith("iso-2022") or (data.isascii() and encoding == "8bit"):
        encoding = "7bit"
    elif encoding == "7bit" and not data.isascii():
        encoding = "quoted-printable"
    if encoding == "base64":
        body = binary_lines(data.replace(b"\n", b"\r\n"))
    elif encoding == "quoted-printable":
        body = quopri.encodestring(data)
    else:
        body = data
    return Part(
        f"Content-Type: text/{subtype}; charset={charset}{params}\n"
        f"Content-Transfer-Encoding: {encoding}\n",
        body,
    )


def binary_lines(data):
    """Base64 in lines of 76 characters."""
    encoded = binascii.b2a_base64(data, newline=False)
    return b"".join(encoded[i : i + 76] + b"\n" for i in range(0, len(encoded), 76))


def _name_params(key, name, style):
    """A file name as programs write it: quoted, RFC 2231 (whole or in pieces), or in RFC 2047's way."""
    if ASCII_TEXT.match(name):
        return f";\n {key}={quoted(name)}"
    if style == "rfc2047":
        return f';\n {key}="{header_text(name, "utf-8", "B")}"'
    escaped = quote(name, safe="")
    if style == "rfc2231" and len(escaped) < 60:
        return f";\n {key}*=utf-8''{escaped}"
    pieces = re.findall(r"(?:%..|[^%]){1,18}", escaped)
    return "".join(
        f";\n {key}*{i}*={utf8}{piece}"
        for i, (utf8, piece) in enumerate(zip(["utf-8''"] + [""] * len(pieces), pieces))
    )


def attachment(content, media_type, name, style="rfc2231", disposition="attachment", cid=None):
    headers = f"Content-Type: {media_type}"
    if style == "rfc2047" or ASCII_TEXT.match(name):
        headers += _name_params("name", name, style)
    headers += f"\nContent-Transfer-Encoding: base64\nContent-Disposition: {disposition}"
    headers += _name_params("filename", name, style) + "\n"
    if cid:
        headers += f"Content-ID: <{cid}>\n"
    return Part(headers, binary_lines(content))


def multipart(subtype, parts, boundary, params="", preamble=b""):
    """The newline before a boundary is the boundary's (RFC 2046 §5.1.1): parts keep their own."""
    mark = b"--" + boundary.encode()
    body = (
        preamble
        + b"".join(mark + b"\n" + part.to_bytes() + b"\n" for part in parts)
        + mark
        + b"--\n"
    )
    return Part(f'Content-Type: multipart/{subtype}; boundary="{boundary}"{params}\n', body)
