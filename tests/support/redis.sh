#!/bin/bash
# A private Redis for the tests: a unix socket in DIR and a free port on 127.0.0.1, nothing
# kept on disk.
#
#   redis.sh can             is there one? Says why not
#   redis.sh start DIR [argument of redis-server...]   returns when it answers
#   redis.sh stop DIR
#
# "start" prints REDIS_SOCKET=, REDIS_PORT=, REDIS_PID=, which are in DIR/redis.env, too. A port
# that DIR had before is taken again, so that a restart is one for its clients.
set -eu
PATH=$PATH:/usr/sbin

die() { echo "redis.sh: $*" >&2; exit 1; }
can() { command -v redis-server >/dev/null || die "redis-server is not installed"; }
is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

choose_port() {
    local port
    if [ -s "$dir/redis.env" ]; then
        port=$(sed -n 's/^REDIS_PORT=//p' "$dir/redis.env")
        is_open "$port" || { echo "$port"; return; }
    fi
    for port in $(shuf -i 20000-31999 -n 50); do
        is_open "$port" || { echo "$port"; return; }
    done
    die "no free port between 20000 and 32000"
}

# With a password or an ACL it answers, too: that it wants one.
answers() { [ -S "$dir/redis.sock" ] && redis-cli -s "$dir/redis.sock" ping >/dev/null 2>&1; }

start() {
    local port pid
    can
    mkdir -p "$dir"
    dir=$(readlink -f "$dir")
    ! is_running || die "one runs in $dir already"
    port=$(choose_port)
    rm -f "$dir/redis.sock"
    redis-server --port "$port" --bind 127.0.0.1 --unixsocket "$dir/redis.sock" \
        --unixsocketperm 700 --dir "$dir" --save '' --appendonly no --daemonize no \
        --logfile "$dir/redis.log" "$@" </dev/null >/dev/null 2>&1 &
    pid=$!
    printf 'REDIS_SOCKET=%s\nREDIS_PORT=%s\nREDIS_PID=%s\n' "$dir/redis.sock" "$port" "$pid" \
        >"$dir/redis.env"
    until answers; do
        kill -0 "$pid" 2>/dev/null || die "it does not start: $(tail -3 "$dir/redis.log")"
        sleep 0.02
    done
    cat "$dir/redis.env"
}

is_running() {
    local pid
    [ -s "$dir/redis.env" ] || return 1
    pid=$(sed -n 's/^REDIS_PID=//p' "$dir/redis.env")
    kill -0 "$pid" 2>/dev/null
}

# One that is paused (SIGSTOP) dies, too.
stop() {
    local pid
    is_running || return 0
    pid=$(sed -n 's/^REDIS_PID=//p' "$dir/redis.env")
    kill -KILL "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    rm -f "$dir/redis.sock"
}

command=${1:-}
[ $# -eq 0 ] || shift
dir=${1:-}
[ $# -eq 0 ] || shift
case $command in
can) can ;;
start | stop)
    [ -n "$dir" ] || die "which directory?"
    "$command" "$@"
    ;;
*) die "usage: can | start DIR [argument...] | stop DIR" ;;
esac
