#!/bin/bash
# inside.sh NAME ROOT DIR [setting...]: the first process of the namespaces that server.sh makes, in
# which the packages of ROOT look installed. /usr and /etc are theirs over the machine's, /var and
# /run are empty; what is written there lives in memory and goes with this process.
# shellcheck disable=SC2317  # NAME.sh calls what seems not to be called
set -eu
name=$1 root=$2 dir=$3
settings=" ${*:4} "
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=/dev/null
. "$tools/$name.sh"
# shellcheck source=/dev/null
. "$dir/env"

has_setting() { [[ $settings == *" $1 "* ]]; }

mount_all() {
    # All of it below /mnt first: what is to be hidden may hold ROOT or DIR.
    mount -t tmpfs -o mode=755 tmpfs /mnt
    mkdir /mnt/{root,dir,tools,etc,work,var,run}
    mount --bind "$root" /mnt/root
    mount --bind "$dir" /mnt/dir
    mount --bind "$tools" /mnt/tools
    mount -t overlay -o lowerdir=/mnt/root/usr:/usr overlay /usr
    mount -t overlay -o lowerdir=/mnt/root/etc:/etc,upperdir=/mnt/etc,workdir=/mnt/work overlay /etc
    mount --bind /mnt/var /var
    mount --bind /mnt/run /run
    mkdir -p /var/{cache,empty,home,lib,log,mail,spool,tmp} /run/lock
    ln -s /run /var/run
    ln -s /mnt/dir/mail /var/spool/mail
    mount --bind /mnt/dir/mail /var/mail
    chmod 1777 /var/tmp /var/mail
    hash -r
}

# Of the first in DIR/users; the others follow.
first_uid=5001

# A hash that crypt(3) knows of each password in DIR/users; most are the same.
declare -A hashes
hash_of() {
    [ -n "${hashes[$1]:-}" ] || hashes[$1]=$(openssl passwd -6 -stdin <<<"$1")
    hash=${hashes[$1]}
}

# The users, and those whom the packages' own scripts would have made.
make_accounts() {
    local user password uid=$first_uid system=4901 hash
    echo "mailusers:x:5000:" >>/etc/group
    for user in cyrus courier popa3d spop3d; do
        getent passwd $user >/dev/null || {
            echo "$user:x:$system:$system::/var/empty:/usr/sbin/nologin" >>/etc/passwd
            echo "$user:x:$system:" >>/etc/group
        }
        system=$((system + 1))
    done
    while IFS=: read -r user password; do
        hash_of "$password"
        echo "$user:x:$uid:5000::/var/home/$user:/bin/sh" >>/etc/passwd
        echo "$user:$hash:19000:0:99999:7:::" >>/etc/shadow
        mkdir -p "/var/home/$user"
        chown $uid:5000 "/var/home/$user"
        uid=$((uid + 1))
    done </mnt/dir/users
}

# for_users COMMAND: calls it with name, uid, password of each.
for_users() {
    local user password uid=$first_uid
    while IFS=: read -r user password <&7; do
        "$1" "$user" "$uid" "$password"
        uid=$((uid + 1))
    done 7</mnt/dir/users
}

# install_pem OWNER FILE: the certificate and its key in one file.
install_pem() {
    cat /mnt/dir/server.pem /mnt/dir/certs/server.key | install -m 600 -o "$1" /dev/stdin "$2"
}

mount_all
make_accounts
configure
launch
# If one of the server's processes ends, all do.
wait -n
exit 1
