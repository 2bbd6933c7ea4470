#!/bin/bash
# A private Dovecot on 127.0.0.1 for the demo and the tests.
#
#   dovecot.sh start DIR BASEPORT|auto [option...]   returns when it answers
#   dovecot.sh stop DIR
#
# options: --minimal        announce IMAP4rev1 and nothing else, separator "."
#          --capability "WORDS"   announce these and nothing else
#          --sharing        folders of others: "Users/NAME/..." where NAME lets one, by ACL, and
#                           the public "Public/..." in DIR/public
#          --quota N        N messages per user, in all folders together
#          --cert NAME      server (default), wronghost, expired or stranger (see certs.sh)
#          --user NAME:PASSWORD   may be given many times; more users may be added to DIR/users
#                           at any time, a line "NAME:{PLAIN}PASSWORD::::::" each
#
# Besides passwords it takes JWTs as OAuth 2.0 access tokens: HS256 with TOKEN_KEY of DIR/env, the
# user in "sub".
#
# Ports are BASEPORT + 43 imap (STARTTLS), 93 imaps, 10 pop3 (STLS, APOP), 95 pop3s, 24 lmtp;
# "auto" takes a free base and keeps it for this DIR. DIR/env says them in shell's terms.
# The mail of NAME lies in DIR/mail/NAME/Maildir, DIR/certs holds the authority.
# Written for Dovecot 2.3 (Debian 12); 2.4 wants another configuration.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin
token_key=known-to-all-tests-and-worth-nothing

die() { echo "dovecot.sh: $*" >&2; exit 1; }
is_running() { [ -s "$dir/run/master.pid" ] && kill -0 "$(cat "$dir/run/master.pid")" 2>/dev/null; }
is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# It greets early with "Waiting for authentication process": that is not yet an answer.
answers() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1" && read -r -t 2 line <&3 && [[ $line == *CAPABILITY* ]]) \
        2>/dev/null
}

# The ports that DIR had before if they are free, else the first free block of a hundred.
choose_base() {
    local base offset
    local candidates
    candidates=$(seq $((20000 + $$ % 80 * 100)) 100 31900)
    [ ! -s "$dir/env" ] || candidates="$(. "$dir/env"; echo $((IMAP_PORT - 43))) $candidates"
    for base in $candidates; do
        for offset in 10 24 43 93 95; do
            is_open $((base + offset)) && continue 2
        done
        echo "$base"
        return
    done
    die "no free ports between 20000 and 32000"
}

limiting() {
    [ -n "$quota" ] || return 0
    cat <<CONF
mail_plugins = \$mail_plugins quota
plugin {
  quota = count:all
  quota_rule = *:messages=$quota
  quota_vsizes = yes
}
CONF
}

# Dovecot as an ordinary user needs no privileges at all if it is told its own name everywhere.
# As root it becomes "mail", which keeps only the right to reach files below a closed home.
sharing() {
    $is_sharing || return 0
    cat <<CONF
protocol imap {
  mail_plugins = \$mail_plugins acl imap_acl
}
protocol lmtp {
  mail_plugins = \$mail_plugins acl
}
plugin {
  acl = vfile
  acl_shared_dict = file:$dir/shared-mailboxes
}
namespace others {
  type = shared
  separator = /
  prefix = Users/%%n/
  location = maildir:$dir/mail/%%u/Maildir:INDEXPVT=~/shared/%%u
  subscriptions = no
  list = children
}
namespace public {
  type = public
  separator = /
  prefix = Public/
  location = maildir:$dir/public:INDEXPVT=~/public
  subscriptions = no
  list = children
}
CONF
}

configure() {
    local base=$1 user group separator=/ extra=
    user=$(id -un) group=$(id -gn)
    [ "$(id -u)" != 0 ] || { user=mail group=mail; }
    if $is_minimal; then
        separator=.
        extra='imap_capability = IMAP4rev1'
    fi
    [ -z "$capability" ] || extra="imap_capability = $capability"
    cat >"$dir/dovecot.conf" <<CONF
base_dir = $(readlink -f "$dir/run")
state_dir = $(readlink -f "$dir/run")
instance_name = mailbridge-$base
log_path = $dir/dovecot.log
protocols = imap pop3 lmtp
listen = 127.0.0.1
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
first_valid_uid = 1
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 apop oauthbearer xoauth2
auth_failure_delay = 0
mail_max_userip_connections = 5000
mail_fsync = never
lmtp_save_to_detail_mailbox = no
pop3_uidl_format = %08Xu%08Xv
ssl = yes
ssl_cert = <$dir/certs/$certificate.pem
ssl_key = <$dir/certs/server.key
$extra
passdb {
  driver = passwd-file
  mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 apop
  args = scheme=PLAIN username_format=%u $dir/users
}
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = $dir/oauth2.conf
}
userdb {
  driver = passwd-file
  args = username_format=%u $dir/users
  default_fields = uid=$user gid=$group home=$dir/mail/%u
}
mail_location = maildir:~/Maildir
namespace inbox {
  inbox = yes
  separator = $separator
  mailbox Drafts {
    special_use = \\Drafts
    auto = subscribe
  }
  mailbox Sent {
    special_use = \\Sent
    auto = subscribe
  }
  mailbox Trash {
    special_use = \\Trash
    auto = subscribe
  }
  mailbox Junk {
    special_use = \\Junk
    auto = subscribe
  }
  mailbox Archive {
    special_use = \\Archive
    auto = subscribe
  }
}
service anvil {
  chroot =
  client_limit = 6000
  # No growing delay after failed logins: all of them come from 127.0.0.1.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  client_limit = 6000
}
service stats {
  chroot =
  client_limit = 6000
}
service imap-login {
  chroot =
  service_count = 0
  client_limit = 4000
  inet_listener imap {
    port = $((base + 43))
  }
  inet_listener imaps {
    port = $((base + 93))
    ssl = yes
  }
}
service imap {
  process_limit = 4000
}
service pop3-login {
  chroot =
  service_count = 0
  client_limit = 1000
  inet_listener pop3 {
    port = $((base + 10))
  }
  inet_listener pop3s {
    port = $((base + 95))
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    port = $((base + 24))
  }
}
$(limiting)
$(sharing)
CONF
    configure_tokens
    cat >"$dir/env" <<ENV
IMAP_PORT=$((base + 43))
IMAPS_PORT=$((base + 93))
POP3_PORT=$((base + 10))
POP3S_PORT=$((base + 95))
LMTP_PORT=$((base + 24))
TOKEN_KEY=$token_key
ENV
}

# Access tokens are JWTs that the server checks by itself; whoever knows the key issues them.
configure_tokens() {
    mkdir -p "$dir/keys/default/HS256"
    printf %s "$token_key" | base64 -w0 >"$dir/keys/default/HS256/default"
    cat >"$dir/oauth2.conf" <<CONF
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=$dir/keys/
username_attribute = sub
active_attribute =
active_value =
CONF
}

# A socket's path has 107 bytes at most, so a deep checkout lends its sockets to /tmp.
make_run_directory() {
    rm -rf "$(readlink -f "$dir/run")" "$dir/run"
    if [ ${#dir} -le 60 ]; then
        mkdir "$dir/run"
    else
        ln -s "$(mktemp -d /tmp/mailbridge-dovecot.XXXXXX)" "$dir/run"
        [ "$(id -u)" != 0 ] || chown mail:mail "$dir/run/"
    fi
}

launch() {
    local as=()
    if [ "$(id -u)" = 0 ]; then
        chown -R mail:mail "$dir"
        as=(setpriv --reuid mail --regid mail --clear-groups
            --inh-caps +dac_override --ambient-caps +dac_override
            --securebits +no_setuid_fixup)
    fi
    # Its log process keeps stderr open, so a pipe there would never end.
    "${as[@]}" dovecot -c "$dir/dovecot.conf" </dev/null >>"$dir/dovecot.log" 2>&1 ||
        { tail -5 "$dir/dovecot.log" >&2; die "dovecot did not start"; }
}

start() {
    local base=$1 tries=200
    shift
    local is_minimal=false is_sharing=false certificate=server capability='' quota='' user
    mkdir -p "$dir/mail"
    touch "$dir/users"
    while [ $# -gt 0 ]; do
        case $1 in
        --minimal) is_minimal=true ;;
        --sharing) is_sharing=true ;;
        --capability) capability=$2; shift ;;
        --quota) quota=$2; shift ;;
        --cert) certificate=$2; shift ;;
        --user)
            user="${2%%:*}:{PLAIN}${2#*:}::::::"
            grep -qxF -- "$user" "$dir/users" || echo "$user" >>"$dir/users"
            shift ;;
        *) die "unknown option $1" ;;
        esac
        shift
    done
    is_running && return
    command -v dovecot >/dev/null || die "dovecot is not installed"
    [[ $(dovecot --version) == 2.3.* ]] || die "needs Dovecot 2.3, this is $(dovecot --version)"
    [ "$base" != auto ] || base=$(choose_base)
    "$here/certs.sh" "$dir/certs"
    make_run_directory
    configure "$base"
    launch
    until answers $((base + 43)) && is_open $((base + 95)) && is_open $((base + 24)); do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || die "it does not answer; see $dir/dovecot.log"
        sleep 0.05
    done
}

stop() {
    local pid tries=100
    is_running || return 0
    pid=$(cat "$dir/run/master.pid")
    kill -TERM "$pid"
    while kill -0 "$pid" 2>/dev/null; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { kill -KILL "$pid"; break; }
        sleep 0.05
    done
}

[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | grep -v ^set; exit 2; }
command=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
shift 2
case $command in
start) start "${1:-auto}" "${@:2}" ;;
stop) stop ;;
*) die "unknown command $command" ;;
esac
