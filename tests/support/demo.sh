# shellcheck shell=bash
# Sourced by ./dev: starts mailbridge, and the demo mail server where no configuration is given.

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

# The first free port from 8080 on.
choose_listen_address() {
    local port
    for port in $(seq 8080 8099); do
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

Users: $demo_user over IMAP, $demo_pop3_user over POP3; the password is $demo_password.
Ctrl-C stops mailbridge and the demo mail server.
TOUR
}

stop_demo() {
    trap - EXIT INT TERM HUP
    if [ -n "${mailbridge_pid:-}" ]; then
        kill -TERM "$mailbridge_pid" 2>/dev/null || true
        wait "$mailbridge_pid" 2>/dev/null || true
    fi
    tests/support/dovecot.sh stop $demo_folder/dovecot
}

run_demo() {
    local address='' argument previous='' result=0
    # shellcheck disable=SC2154 # ./dev has them
    install_packages "${packages_run[@]}"
    for argument in "$@"; do
        [ "$previous" != --listen ] || address=$argument
        [[ $argument != --listen=* ]] || address=${argument#--listen=}
        previous=$argument
    done
    mkdir -p $demo_folder
    exec 8>$demo_folder/lock
    flock -n 8 || die "./dev run is running already in this checkout; stop it first"
    trap stop_demo EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    start_demo_server 8>&-
    write_demo_config
    [ -n "$address" ] || { address=$(choose_listen_address); set -- --listen "$address" "$@"; }
    build/release/api/mailbridge --config $demo_folder/mailbridge.ini "$@" 8>&- &
    mailbridge_pid=$!
    wait_until_ready "http://$address" "$mailbridge_pid"
    print_tour "http://$address"
    wait "$mailbridge_pid" || result=$?
    exit $result
}
