#!/bin/bash
# with_redis.sh PROGRAM [argument...]: runs it against a Redis of its own. The program finds it in
# MAILBRIDGE_REDIS_SOCKET and MAILBRIDGE_REDIS_PORT, may stop, pause and restart it through
# MAILBRIDGE_REDIS_PID, MAILBRIDGE_REDIS_SH and MAILBRIDGE_REDIS_DIR.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
redis=$here/../support/redis.sh
if ! reason=$("$redis" can 2>&1); then
    echo "skipped: $reason"
    exit 77
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/mailbridge-redis.XXXXXX")
finish() {
    "$redis" stop "$dir"
    rm -rf "$dir"
}
trap finish EXIT
"$redis" start "$dir" >/dev/null
. "$dir/redis.env"
export MAILBRIDGE_REDIS_SOCKET=$REDIS_SOCKET MAILBRIDGE_REDIS_PORT=$REDIS_PORT
export MAILBRIDGE_REDIS_PID=$REDIS_PID MAILBRIDGE_REDIS_SH=$redis MAILBRIDGE_REDIS_DIR=$dir
"$@"
