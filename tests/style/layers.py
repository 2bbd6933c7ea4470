#!/usr/bin/env python3
"""Who may include whom.

Walks api/ and bridge/ and fails on an #include that the table below does not
allow: a folder of ours that is not listed, a path with "..", or a library's
header outside the folders that own it.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

ALLOWED = {
    "bridge/base": set(),
    "bridge/model": {"base"},
    "bridge/net": {"base"},
    "bridge/mime": {"base", "model"},
    "bridge/sasl": {"base", "net/loop.h"},  # the loop: answer.c only
    "bridge/mailstore": {"base", "model", "net/loop.h"},  # the loop: fake.c only
    "bridge/match": {"base", "model", "mime", "mailstore/query.h"},
    "bridge/imap": {"base", "net", "model", "mime", "match", "mailstore", "sasl"},
    "bridge/pop3": {"base", "net", "model", "mime", "match", "mailstore", "sasl"},
    "bridge/smtp": {"base", "net", "model"},
    "bridge/state": {"base", "net"},
    "bridge/state/redis": {"base", "net", "state"},
    "bridge/cache": {"base", "model", "mailstore/mailstore.h"},
    "bridge/account": {"base", "net/loop.h", "model", "mime", "match", "mailstore", "state", "cache"},
    "api/json": {"base", "model"},
    "api/http": {"base", "net", "json"},
    "api/auth": {"base", "state"},
    "api/endpoint": {"base", "model", "mailstore/query.h", "account", "mime", "smtp", "state",
                     "net/loop.h", "http", "json", "auth", "endpoint", "config.h"},
    "api": None,  # main.c, routes.c, config.c: wiring, sees everything
}

# Library headers and the folders that own them.
OWNERS = {
    "uv.h": {"bridge/net"},
    "curl/": {"bridge/net", "bridge/smtp"},
    "openssl/": {"bridge/base", "bridge/net", "bridge/sasl", "bridge/state", "api/auth"},
    "microhttpd.h": {"api/http"},
    "jansson.h": {"api/json", "api/endpoint", "api/http"},
    "hiredis/": {"bridge/state/redis"},
    "gmime/": {"bridge/mime"},
    "gumbo.h": {"bridge/mime"},
    "gsasl.h": {"bridge/sasl"},
    "zlib.h": {"bridge/net"},
    "ini.h": {"api"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def faults_of(path):
    rel = path.relative_to(ROOT)
    folder = str(rel.parent)
    allowed = ALLOWED.get(folder, set())
    own = rel.parent.name
    for kind, name in INCLUDE.findall(path.read_text()):
        if ".." in name:
            yield f"{rel}: #include of \"{name}\": write it from the root (base/buf.h)"
        if kind == "<":
            for lib, owners in OWNERS.items():
                if (name == lib or (lib.endswith("/") and name.startswith(lib))) \
                        and folder not in owners:
                    yield f"{rel}: <{name}> belongs to {', '.join(sorted(owners))}"
            continue
        if folder not in ALLOWED:
            yield f"{rel}: folder {folder} is not in the table of tests/style/layers.py"
            return
        target = name.split("/")[0] if "/" in name else "."
        if allowed is None or target == own or name in allowed or target in allowed:
            continue
        yield f"{rel}: {folder} may not include \"{name}\""


def main():
    faults = []
    for top in ("api", "bridge"):
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            faults.extend(faults_of(path))
    print("\n".join(faults) if faults else "layers: every include is allowed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
