# shellcheck shell=bash disable=SC1090,SC2034,SC2154
# Courier with Debian's configuration and the mechanisms that are commented out there.
packages="courier-imap courier-pop courier-authlib-userdb"
ports="imap imaps pop3"

# The same for all who have the same password.
declare -A secrets
secrets_of() {
    local kind
    [ -z "${secrets[$1]:-}" ] || return 0
    hash_of "$1"
    secrets[$1]="systempw=$hash"
    for kind in hmac-md5 hmac-sha1 hmac-sha256; do
        secrets[$1]+="|${kind}pw=$(printf '%s\n' "$1" "$1" | userdbpw -$kind | tail -1)"
    done
}

add_user() {
    secrets_of "$3"
    printf '%s\tuid=%s|gid=5000|home=/var/home/%s|mail=/var/mail/%s|%s\n' \
        "$1" "$2" "$1" "$1" "${secrets[$3]}" >>/etc/courier/userdb
    mkdir -p "/var/mail/$1"/{cur,new,tmp}
    chown -R "$2:5000" "/var/mail/$1"
}

configure() {
    mkdir -p /run/courier/authdaemon /var/lib/courier
    install_pem courier /etc/courier/imapd.pem
    (umask 077 && : >/etc/courier/userdb)
    for_users add_user
    makeuserdb
    sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' /etc/courier/authdaemonrc
}

# tcpd PROTOCOL PORT program...: Courier's own super-server, with the variables that its start script
# would give it.
tcpd() (
    set -a +u
    prefix=/usr exec_prefix=/usr sbindir=/usr/sbin bindir=/usr/bin libexecdir=/usr/lib/courier
    . "/etc/courier/$1"
    . "/etc/courier/$1-ssl"
    TLS_CERTFILE=/etc/courier/imapd.pem TLS_CACHEFILE=
    unset TLS_TRUSTCERTS
    IMAP_CAPABILITY=$IMAP_CAPABILITY_ORIG IMAP_CAPABILITY_TLS="$IMAP_CAPABILITY_ORIG AUTH=PLAIN"
    POP3AUTH=$POP3AUTH_ORIG POP3AUTH_TLS=$POP3AUTH_TLS_ORIG
    IMAP_STARTTLS=YES POP3_STARTTLS=YES IMAP_ULIMITD=""
    IMAP_IDLE_TIMEOUT=1 # it looks once a minute otherwise
    cd /
    exec couriertcpd -address=127.0.0.1 -maxprocs=400 -maxperip=400 -nodnslookup -noidentlookup \
        "${@:2}"
)

launch() {
    local libexec=/usr/lib/courier
    (set -a && . /etc/courier/authdaemonrc && exec $libexec/courier-authlib/authdaemond) &
    until [ -S /run/courier/authdaemon/socket ]; do sleep 0.02; done
    chmod 755 /run/courier/authdaemon
    tcpd imapd "$IMAP_PORT" $libexec/courier/imaplogin /usr/bin/imapd . &
    IMAP_TLS=1 tcpd imapd "$IMAPS_PORT" /usr/bin/couriertls -server -tcpd $libexec/courier/imaplogin \
        /usr/bin/imapd . &
    tcpd pop3d "$POP3_PORT" $libexec/courier/courierpop3login $libexec/courier/courierpop3d . &
}
