# shellcheck shell=bash disable=SC2034
# GNU mailutils: imap4d and pop3d over the same mboxes.
packages="mailutils-imap4d mailutils-pop3d"
ports="imap pop3"

add_user() {
    mkdir -p "/var/home/$1/folders" "/var/home/$1/INBOX"/{cur,new,tmp}
    touch "/var/mail/$1"
    chown -R "$2:5000" "/var/home/$1" "/var/mail/$1"
}

configure() {
    local common='mode daemon; foreground yes; logging { syslog no; };
auth { authentication generic:system; authorization system; };
tls { ssl-certificate-file /etc/server.pem; ssl-key-file /etc/server.pem; };'
    cat >/etc/imap4d.conf <<CONF
$common
pidfile /run/imap4d.pid;
mailbox { mailbox-type mbox; mail-spool /var/mail; };
namespace personal {
  prefix "" { directory "/var/home/\$user/folders"; delimiter "/"; mailbox-type mbox; };
};
server 127.0.0.1:$IMAP_PORT { tls-mode ondemand; };
CONF
    cat >/etc/pop3d.conf <<CONF
$common
pidfile /run/pop3d.pid;
mailbox { mailbox-type mbox; mail-spool /var/mail; };
server 127.0.0.1:$POP3_PORT { tls-mode ondemand; };
CONF
    install_pem root /etc/server.pem
    for_users add_user
}

launch() {
    imap4d --config-file=/etc/imap4d.conf --foreground --daemon &
    pop3d --config-file=/etc/pop3d.conf --foreground --daemon &
}
