"""Contents of attached files: small, valid where a viewer opens them, the same everywhere."""

import io
import struct
import zipfile
import zlib


def png(rng, width=96, height=64):
    """A palette picture with a gradient. Stored: what zlib deflates differs between versions."""
    base = [rng.randrange(40, 200) for _ in range(3)]
    palette = b"".join(bytes(min(255, c + i) for c in base) for i in range(64))
    rows = b"".join(
        b"\0" + bytes((x + y) * 63 // (width + height) for x in range(width)) for y in range(height)
    )

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", palette)
        + chunk(b"IDAT", zlib.compress(rows, 0))
        + chunk(b"IEND", b"")
    )


def pdf(rng):
    """One page with one line of text and a right cross-reference table."""
    text = f"Drawing {rng.randrange(1000, 9999)}"
    stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (table, len(out))
    )


def csv(rng):
    rows = "".join(
        f"{n},pièce {n},{rng.randrange(100, 9999) / 100:.2f}\r\n"
        for n in range(1, rng.randrange(5, 40))
    )
    return ("number,item,price\r\n" + rows).encode()


def archive(rng):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as zipped:
        for n in range(3):
            zipped.writestr(
                zipfile.ZipInfo(f"sample-{n}.dat", (2025, 1, 1, 0, 0, 0)), rng.randbytes(700)
            )
    return out.getvalue()


def note(rng):
    return "".join(
        f"line {n}: {rng.randrange(1 << 30):x}\n" for n in range(rng.randrange(1, 30))
    ).encode()


def blob(rng):
    return rng.randbytes(rng.choice((1, 57, 3000, 20000, 180000)))


MAKERS = {
    "application/pdf": pdf,
    "text/csv": csv,
    "image/png": png,
    "application/zip": archive,
    "text/plain": note,
    "application/octet-stream": blob,
}
