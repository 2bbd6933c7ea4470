#!/bin/bash
# The odd mail servers of Debian as private instances on 127.0.0.1, beside each other and beside
# the Dovecot of dovecot.sh.
#
#   server.sh can NAME           is it possible here? Fetches what it needs; else says why not
#   server.sh start NAME DIR [option...]   returns when it answers
#   server.sh stop DIR           nothing is left behind but the logs in DIR
#
# NAME: cyrus courier mailutils (IMAP and POP3), popa3d solid-pop3d (POP3 only)
# options: --user NAME:PASSWORD   may be given many times
#          --cert NAME            server (default) or another of certs.sh
#          --set WORD             passed on, see NAME.sh
#
# DIR/env says the ports in shell's terms, DIR/certs holds the authority; POP3 servers take new mail
# from the mbox DIR/mail/USER, or Courier from the maildir DIR/mail/USER.
#
# The packages are unpacked, not installed (fetch.sh). A mount namespace makes them look installed
# (inside.sh), a process namespace ends all with one signal: therefore root only.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
roots=$(cd "$here/../../.." && pwd)/build/roots

die() { echo "server.sh: $*" >&2; exit 1; }
is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
greets() { (exec 3<>"/dev/tcp/127.0.0.1/$1" && read -r -t 5 -n 1 <&3) 2>/dev/null; }
# A process that has ended may stay a zombie for long; its locks go at once.
is_running() { [ -s "$dir/pid" ] && ! flock -n "$dir/lock" true; }

can() {
    [ "$(id -u)" = 0 ] || die "$1 needs root, for a mount namespace of its own"
    unshare --mount --pid --fork true 2>/dev/null || die "$1 needs namespaces, which are forbidden here"
    "$here/fetch.sh" "$1"
}

# Ten ports that nobody has. Who starts another server at the same time is kept off by a lock that
# the server's processes hold as long as they live, descriptor 8.
choose_base() {
    local locks=/tmp/mailbridge-ports
    mkdir -p $locks
    for base in $(seq $((12000 + $$ % 690 * 10)) 10 18990) $(seq 12000 10 18990); do
        exec 8>"$locks/$base"
        flock -n 8 || continue
        is_open $((base + 1)) || is_open $((base + 2)) || is_open $((base + 3)) || break
    done
    [ "$base" != 18990 ] || die "no free ports between 12000 and 19000"
    ln -sf "$locks/$base" "$dir/lock"
}

launch() {
    local name=$1
    cat >"$dir/env" <<ENV
IMAP_PORT=$((base + 1))
IMAPS_PORT=$((base + 2))
POP3_PORT=$((base + 3))
ENV
    setsid unshare --mount --pid --fork --kill-child=KILL --mount-proc --propagation private \
        "$here/inside.sh" "$name" "$roots/$name" "$dir" "${@:2}" </dev/null >>"$dir/log" 2>&1 &
    echo $! >"$dir/pid"
    exec 8>&-
}

start() {
    local name=$1 certificate=server tries=600 settings=() ports port
    shift
    [ -e "$here/$name.sh" ] || die "there is no server $name"
    is_running && die "a server runs in $dir already"
    mkdir -p "$dir/mail"
    : >"$dir/users"
    while [ $# -gt 0 ]; do
        case $1 in
        --user) echo "$2" >>"$dir/users" ;;
        --cert) certificate=$2 ;;
        --set) settings+=("$2") ;;
        *) die "unknown option $1" ;;
        esac
        shift 2
    done
    can "$name"
    "$here/../certs.sh" "$dir/certs"
    cp "$dir/certs/$certificate.pem" "$dir/server.pem"
    choose_base
    launch "$name" "${settings[@]}"
    # shellcheck source=/dev/null
    ports=$(. "$here/$name.sh" && echo "$ports")
    for port in $ports; do
        until greets_as "$port"; do
            is_running || die "$name ended: $(tail -3 "$dir/log")"
            tries=$((tries - 1))
            [ $tries -gt 0 ] || die "$name does not answer; see $dir/log"
            sleep 0.05
        done
    done
}

# The port of one protocol; one that speaks TLS from the first byte says nothing by itself.
greets_as() {
    case $1 in
    imap) greets $((base + 1)) ;;
    imaps) is_open $((base + 2)) ;;
    pop3) greets $((base + 3)) ;;
    esac
}

stop() {
    is_running || return 0
    kill -KILL "$(cat "$dir/pid")"
    flock -w 20 "$dir/lock" true || die "it does not end"
    rm "$dir/pid"
}

[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | grep -v ^set; exit 2; }
case $1 in
can) can "$2" ;;
start)
    [ $# -ge 3 ] || die "start NAME DIR"
    mkdir -p "$3"
    dir=$(cd "$3" && pwd)
    start "$2" "${@:4}" ;;
stop)
    dir=$(cd "$2" && pwd)
    stop ;;
*) die "unknown command $1" ;;
esac
