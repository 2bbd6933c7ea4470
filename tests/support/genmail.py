#!/usr/bin/env python3
"""Write deterministic, realistic mail, and on request the truth about it.

The same arguments give the same bytes on every run and machine, except with --now.
The manifest has one JSON object per message, in the vocabulary of the API: messageId, subject,
from, to, cc, sentAt, receivedAt, size, keywords, and text, html and attachments (decoded; names,
sizes and SHA-256). Where isOdd is true the body is malformed on purpose and they say nothing.
"""

import argparse
import json
import sys

from mailgen import mailbox


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--maildir", metavar="DIR", help="write a Maildir++ as Dovecot reads it")
    where.add_argument(
        "--eml", metavar="DIR", help="write DIR/000001.eml and so on, lines ending in CRLF"
    )
    parser.add_argument(
        "--profile",
        choices=mailbox.PROFILES,
        default="demo",
        help="demo: a person's folders and conversations; bulk: very many in INBOX",
    )
    parser.add_argument("-n", "--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--owner", metavar="ADDRESS", default="demo@example.org")
    parser.add_argument("--owner-name", metavar="NAME", default="Demo User")
    parser.add_argument(
        "--inbox-only", action="store_true", help="demo without other folders, as POP3 shows it"
    )
    parser.add_argument("--now", action="store_true", help="date the newest message a minute ago")
    parser.add_argument(
        "--manifest", metavar="FILE", help="write the truth, one JSON object per line"
    )
    args = parser.parse_args()

    manifest = open(args.manifest, "w", encoding="utf-8") if args.manifest else None

    def tell(truth):
        manifest.write(json.dumps(truth, ensure_ascii=False) + "\n")

    store = mailbox.Store(args.maildir, args.eml, tell if manifest else None)
    options = {"is_inbox_only": True} if args.inbox_only and args.profile == "demo" else {}
    mailbox.PROFILES[args.profile](
        store,
        args.count,
        args.seed,
        (args.owner_name, args.owner),
        mailbox.newest_time(args.now),
        **options
    )
    if manifest:
        manifest.close()


if __name__ == "__main__":
    sys.exit(main())
