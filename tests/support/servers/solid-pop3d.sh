# shellcheck shell=bash disable=SC2034
# solid-pop3d over mboxes: no CAPA, no TLS.
packages=solid-pop3d
ports=pop3

add_user() {
    touch "/var/mail/$1"
    chown "$2:5000" "/var/mail/$1"
}

configure() {
    mkdir -p /var/lib/solid-pop3d/bulletins
    for_users add_user
}

launch() { /mnt/tools/inetd.py "$POP3_PORT" solid-pop3d & }
