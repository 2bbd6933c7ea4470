#!/usr/bin/env python3
"""embed.py OUT.C: the pages of static/ as the program serves them.

Every file is embedded compressed; those that are small also as they are, for
clients that do not take gzip. Vendored files are checked against their
SHA256SUMS first.
"""
import gzip
import hashlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
VENDOR = HERE / "vendor/swagger-ui"
PLAIN_MAX_BYTES = 16 * 1024

FILES = [
    HERE / "index.html",
    HERE / "page.css",
    HERE / "page.js",
    HERE / "events.js",
    HERE / "icon.svg",
    HERE / "docs.html",
    HERE / "docs.css",
    HERE / "docs.js",
    VENDOR / "swagger-ui.css",
    VENDOR / "swagger-ui-bundle.js",
]
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def check_vendored():
    for line in (VENDOR / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        if hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() != digest:
            sys.exit(f"{VENDOR / name} is not the file whose SHA-256 is in SHA256SUMS")


def c_array(name, data):
    rows = (data[i:i + 24] for i in range(0, len(data), 24))
    body = "\n".join("\t" + ",".join(str(byte) for byte in row) + "," for row in rows)
    return f"static const uint8_t {name}[] = {{\n{body}\n}};\n"


def entry(number, path, data):
    small = len(data) <= PLAIN_MAX_BYTES
    plain = f"{{ plain_{number}, sizeof plain_{number} }}" if small else "{ NULL, 0 }"
    return (f'\t{{ "{path.name}", {{ "{TYPES[path.suffix]}", {plain},\n'
            f"\t\t{{ gzip_{number}, sizeof gzip_{number} }},\n"
            f'\t\t"{hashlib.sha256(data).hexdigest()[:20]}" }} }},\n')


def main(target):
    check_vendored()
    arrays, entries = [], []
    for number, path in enumerate(FILES):
        data = path.read_bytes()
        if len(data) <= PLAIN_MAX_BYTES:
            arrays.append(c_array(f"plain_{number}", data))
        arrays.append(c_array(f"gzip_{number}", gzip.compress(data, 9, mtime=0)))
        entries.append(entry(number, path, data))
    pathlib.Path(target).write_text(
        "/* Made by static/embed.py. */\n"
        '#include "endpoint/static_files.h"\n\n'
        + "".join(arrays)
        + "const struct static_file static_files[] = {\n" + "".join(entries)
        + "\t{ NULL },\n};\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
