#!/bin/bash
# with_dovecot.sh clear|tls|compressed|condstore|minimal PROGRAM: runs it against a Dovecot of its
# own. "condstore" has IDLE and no QRESYNC, as Gmail.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/mailbridge-contract.XXXXXX")
options=(--user "alice:p\\ss \"quoted\" wörd")
[ "$1" != minimal ] || options+=(--minimal)
[ "$1" != condstore ] || options+=(--capability "IMAP4rev1 IDLE ENABLE CONDSTORE UIDPLUS MOVE")
if ! command -v dovecot >/dev/null && [ ! -x /usr/sbin/dovecot ]; then
    echo "skipped: dovecot is not installed"
    exit 77
fi
finish() {
    "$here/../support/dovecot.sh" stop "$dir"
    rm -rf "$dir"
}
trap finish EXIT
"$here/../support/dovecot.sh" start "$dir" auto "${options[@]}"
. "$dir/env"
export MAILBRIDGE_IMAP_THROWAWAY=1
export MAILBRIDGE_IMAP="127.0.0.1:$IMAP_PORT:alice:p\\ss \"quoted\" wörd"
if [ "$1" = tls ]; then
    export MAILBRIDGE_IMAP="localhost:$IMAPS_PORT:alice:p\\ss \"quoted\" wörd"
    export MAILBRIDGE_IMAP_CA="$dir/certs/ca.pem"
fi
[ "$1" != compressed ] || export MAILBRIDGE_IMAP_COMPRESS=1
"$2"
