# shellcheck shell=bash disable=SC2034
# Cyrus with Debian's own configuration: folders "INBOX.name". --set unixnames gives "name/name";
# --set tls12 takes TLS 1.2 only, where it can bind a login to the connection (SCRAM-...-PLUS).
packages="cyrus-imapd cyrus-pop3d sasl2-bin libsasl2-modules libsasl2-modules-db"
ports="imap imaps pop3"

# Debian's file without what stands below.
configure_imapd() {
    cat >/etc/imapd.conf.own <<CONF
servername: localhost
popminpoll: 0
autocreate_inbox_folders: Drafts|Sent|Trash|Junk|Archive
autocreate_subscribe_folders: Drafts|Sent|Trash|Junk|Archive
xlist-Drafts: Drafts
xlist-Sent: Sent
xlist-Trash: Trash
xlist-Junk: Junk
xlist-Archive: Archive
maxlogins_per_host: 0
tls_server_cert: /etc/cyrus.pem
tls_server_key: /etc/cyrus.pem
CONF
    ! has_setting unixnames ||
        printf 'altnamespace: yes\nunixhierarchysep: yes\n' >>/etc/imapd.conf.own
    ! has_setting tls12 || echo 'tls_versions: tls1_2' >>/etc/imapd.conf.own
    grep -vE "^($(cut -d: -f1 /etc/imapd.conf.own | tr '\n' '|')#)" /etc/imapd.conf |
        cat - /etc/imapd.conf.own >/etc/imapd.conf.new
    mv /etc/imapd.conf.new /etc/imapd.conf
}

# Tickets are of use to the one process that gave them, which seldom meets them again; without them
# sessions are kept in a database and resumed.
configure_openssl() {
    cat >/etc/openssl.cnf.own <<CONF
openssl_conf = own
[own]
ssl_conf = ssl
[ssl]
system_default = all
[all]
Options = -SessionTicket
CONF
    export OPENSSL_CONF=/etc/openssl.cnf.own
}

add_user() { saslpasswd2 -p -c -u localhost "$1" <<<"$3"; }

configure() {
    configure_imapd
    ! has_setting tls12 || configure_openssl
    cat >/etc/cyrus.conf <<CONF
START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
  idled cmd="idled"
}
SERVICES {
  imap cmd="imapd -U 30" listen="127.0.0.1:$IMAP_PORT" prefork=1
  imaps cmd="imapd -s -U 30" listen="127.0.0.1:$IMAPS_PORT"
  pop3 cmd="pop3d -U 30" listen="127.0.0.1:$POP3_PORT"
}
EVENTS {
}
CONF
    install_pem cyrus /etc/cyrus.pem
    mkdir -p /var/lib/cyrus/{db,socket,log,msg,quota,sieve,user} /var/spool/cyrus/mail \
        /var/spool/sieve /run/cyrus/{proc,lock,socket}
    for_users add_user
    chown -R cyrus:mail /var/lib/cyrus /var/spool/cyrus /var/spool/sieve /run/cyrus /etc/sasldb2
}

launch() { /usr/lib/cyrus/bin/master & }
