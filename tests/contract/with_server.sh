#!/bin/bash
# with_server.sh NAME clear|tls|compressed PROGRAM [setting]: runs it against a server of its own,
# one of tests/support/servers.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
server=$here/../support/servers/server.sh
password='secret "quoted"'
if ! reason=$("$server" can "$1" 2>&1); then
    echo "skipped: $reason"
    exit 77
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/mailbridge-contract.XXXXXX")
finish() {
    "$server" stop "$dir"
    rm -rf "$dir"
}
trap finish EXIT
"$server" start "$1" "$dir" --user "alice:$password" ${4:+--set "$4"}
. "$dir/env"
export MAILBRIDGE_IMAP_THROWAWAY=1
export MAILBRIDGE_IMAP="127.0.0.1:$IMAP_PORT:alice:$password"
if [ "$2" = tls ]; then
    export MAILBRIDGE_IMAP="localhost:$IMAPS_PORT:alice:$password"
    export MAILBRIDGE_IMAP_CA="$dir/certs/ca.pem"
fi
[ "$2" != compressed ] || export MAILBRIDGE_IMAP_COMPRESS=1
"$3"
