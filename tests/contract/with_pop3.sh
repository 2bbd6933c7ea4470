#!/bin/bash
# with_pop3.sh SERVER clear|tls|stls PROGRAM: runs it against a POP3 server of its own: dovecot, or
# one of tests/support/servers.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
password=secret
dovecot=$here/../support/dovecot.sh
other=$here/../support/servers/server.sh
PATH=$PATH:/usr/sbin

skip() {
    echo "skipped: $*"
    exit 77
}

if [ "$1" = dovecot ]; then
    command -v dovecot >/dev/null || skip "dovecot is not installed"
    start=("$dovecot" start) stop=$dovecot where=auto
else
    reason=$("$other" can "$1" 2>&1) || skip "$reason"
    start=("$other" start "$1") stop=$other where=
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/mailbridge-contract.XXXXXX")
finish() {
    "$stop" stop "$dir"
    rm -rf "$dir"
}
trap finish EXIT
"${start[@]}" "$dir" ${where:+"$where"} --user "alice:$password"
. "$dir/env"
host=127.0.0.1 port=$POP3_PORT drop=$dir/mail/alice
if [ "$1" = dovecot ]; then
    owner=$(stat -c %u:%g "$dir/mail")
    drop+=/Maildir
    mkdir -p "$drop"/{cur,new,tmp}
    chown -R "$owner" "$dir/mail/alice"
fi
case $2 in
tls) host=localhost port=$POP3S_PORT ;;
stls) host=localhost ;;
esac
[ "$2" = clear ] || export MAILBRIDGE_POP3_CA="$dir/certs/ca.pem"
export MAILBRIDGE_POP3="$host:$port:$2:alice:$password" MAILBRIDGE_POP3_DROP="$drop"
"$3"
