# shellcheck shell=bash disable=SC2034
# popa3d over mboxes: no CAPA, no TLS.
packages=popa3d
ports=pop3

add_user() {
    touch "/var/mail/$1"
    chown "$2:5000" "/var/mail/$1"
}

configure() {
    mkdir -p /var/lib/popa3d
    for_users add_user
}

launch() { /mnt/tools/inetd.py "$POP3_PORT" popa3d & }
