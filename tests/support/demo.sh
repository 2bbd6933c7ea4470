# shellcheck shell=bash
# Sourced by ./dev: starts mailbridge, and the demo mail server where no configuration is given.
# With --redis its state is in a Redis of its own, and --bridges N starts N of them on it.

demo_folder=build/demo
demo_password=demo
demo_user=demo@example.org
demo_pop3_user=pop@pop.example.org

run_mailbridge() {
    local argument
    for argument in "$@"; do
        [[ $argument != --config && $argument != --config=* ]] ||
            exec build/release/api/mailbridge "$@"
    done
    run_demo "$@"
}

# make_mailbox USER [genmail options]: once, and whole or not at all.
make_mailbox() {
    local folder=$demo_folder/dovecot/mail/$1
    [ ! -d "$folder/Maildir" ] || return 0
    rm -rf "$folder.new"
    mkdir -p "$folder.new"
    python3 tests/support/genmail.py --now --owner "$1" --maildir "$folder.new/Maildir" \
        --manifest "$demo_folder/$1.jsonl" "${@:2}"
    mv "$folder.new" "$folder"
}

start_demo_server() {
    mkdir -p $demo_folder
    make_mailbox $demo_user
    make_mailbox $demo_pop3_user -n 40 --seed 2 --inbox-only
    tests/support/dovecot.sh start $demo_folder/dovecot auto \
        --user $demo_user:$demo_password --user $demo_pop3_user:$demo_password
}

write_demo_config() {
    . $demo_folder/dovecot/env
    cat >$demo_folder/mailbridge.ini <<INI
# Written by ./dev run at each start.
[server example.org]
domains = example.org
imap = imaps://localhost:$IMAPS_PORT
ca_file = $PWD/$demo_folder/dovecot/certs/ca.pem

[server pop.example.org]
domains = pop.example.org
pop3 = pop3s://localhost:$POP3S_PORT
ca_file = $PWD/$demo_folder/dovecot/certs/ca.pem
INI
}

is_port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Several processes open each other's sessions with the same key.
write_demo_key() {
    [ -s $demo_folder/key ] || (umask 077 && head -c 32 /dev/urandom >$demo_folder/key)
}

start_demo_redis() {
    tests/support/redis.sh stop $demo_folder/redis
    tests/support/redis.sh start $demo_folder/redis >/dev/null
    write_demo_key
    sed -i "1a state = $PWD/$demo_folder/redis/redis.sock\nkey_file = $PWD/$demo_folder/key" \
        $demo_folder/mailbridge.ini
}

# The first free port from 8080 on, but for those that are given.
choose_listen_address() {
    local port
    for port in $(seq 8080 8099); do
        [[ " $* " != *":$port "* ]] || continue
        is_port_open "$port" || { echo "127.0.0.1:$port"; return; }
    done
    die "ports 8080 to 8099 are all taken; choose one with --listen 127.0.0.1:PORT"
}

# Waits for $1, which process $2 serves.
wait_until_ready() {
    local tries=600
    until curl -sf -o /dev/null "$1/health/ready"; do
        kill -0 "$2" 2>/dev/null || die "mailbridge ended before it was ready"
        tries=$((tries - 1))
        [ $tries -gt 0 ] || die "mailbridge is not ready after 30 seconds; see $1/health/ready"
        sleep 0.05
    done
}

# The id of the newest message in several parts that has an attachment.
find_multipart_message() {
    curl -sf -u $demo_user:$demo_password "$1/v1/folders/inbox/messages?limit=200" | python3 -c '
import json, sys
print(next(m["id"] for m in json.load(sys.stdin)["messages"] if m["hasAttachment"]))'
}

print_tour() {
    local url=$1 message
    message=$(find_multipart_message "$url") || die "the inbox cannot be listed: see the lines above"
    cat <<TOUR

mailbridge is ready: $url  (reference of the API: $url/docs)

The folders, the newest messages of the inbox, and one in several parts, decoded:

curl -u $demo_user:$demo_password $url/v1/folders
curl -u $demo_user:$demo_password $url/v1/folders/inbox/messages
curl -u $demo_user:$demo_password $url/v1/messages/$message
$(print_others "${@:2}")
Users: $demo_user over IMAP, $demo_pop3_user over POP3; the password is $demo_password.
Ctrl-C stops mailbridge and the demo mail server.
TOUR
}

print_others() {
    local address=${1:-}
    [ -n "$address" ] || return 0
    cat <<OTHERS

More of them on the same Redis: $(printf 'http://%s ' "$@")
A session of one is good at all; what one does, the others tell:

TOKEN=\$(curl -s -d '{"username":"$demo_user","password":"$demo_password"}' -H 'Content-Type: application/json' $url/v1/sessions | jq -r .token)
curl -N -H "Authorization: Bearer \$TOKEN" -H 'Accept: text/event-stream' http://$address/v1/events
OTHERS
}

stop_demo() {
    local pid
    trap - EXIT INT TERM HUP
    for pid in ${mailbridge_pids:-}; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in ${mailbridge_pids:-}; do wait "$pid" 2>/dev/null || true; done
    tests/support/redis.sh stop $demo_folder/redis
    tests/support/dovecot.sh stop $demo_folder/dovecot
}

# start_bridge ADDRESS [options of mailbridge]
start_bridge() {
    build/release/api/mailbridge --config $demo_folder/mailbridge.ini --listen "$@" 8>&- &
    mailbridge_pids="${mailbridge_pids:-} $!"
    wait_until_ready "http://$1" $!
}

# Takes what is not for mailbridge out of its arguments.
read_demo_arguments() {
    demo_has_redis='' demo_bridges=1 demo_address='' demo_options=()
    while [ $# -gt 0 ]; do
        case $1 in
        --redis) demo_has_redis=1 ;;
        --bridges) demo_bridges=${2:-} demo_has_redis=1; shift ;;
        --bridges=*) demo_bridges=${1#*=} demo_has_redis=1 ;;
        --listen) demo_address=${2:-}; shift ;;
        --listen=*) demo_address=${1#*=} ;;
        *) demo_options+=("$1") ;;
        esac
        shift || die "a value is missing"
    done
    [[ $demo_bridges =~ ^[1-9]$ ]] || die "--bridges wants a number from 1 to 9"
}

run_demo() {
    local addresses result=0
    read_demo_arguments "$@"
    # shellcheck disable=SC2154 # ./dev has them
    install_packages "${packages_run[@]}" ${demo_has_redis:+redis-server}
    mkdir -p $demo_folder
    exec 8>$demo_folder/lock
    flock -n 8 || die "./dev run is running already in this checkout; stop it first"
    trap stop_demo EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    start_demo_server 8>&-
    write_demo_config
    [ -z "$demo_has_redis" ] || start_demo_redis 8>&-
    addresses=("${demo_address:-$(choose_listen_address)}")
    while [ ${#addresses[@]} -lt "$demo_bridges" ]; do
        addresses+=("$(choose_listen_address "${addresses[@]}")")
    done
    for demo_address in "${addresses[@]}"; do
        start_bridge "$demo_address" "${demo_options[@]}"
    done
    print_tour "http://${addresses[0]}" "${addresses[@]:1}"
    # shellcheck disable=SC2086 # one word each
    wait -n $mailbridge_pids || result=$?
    exit $result
}
