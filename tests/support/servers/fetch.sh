#!/bin/bash
# fetch.sh [NAME...]: brings the packages of the odd mail servers and unpacks them below
# build/roots/NAME, once. They conflict with each other and with Dovecot, so nothing is installed;
# server.sh makes one look installed to itself alone.
#
# Needs apt with its lists, no privileges. Exits with 1 and a reason if packages are not to be had.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
roots=$(cd "$here/../../.." && pwd)/build/roots

# What apt would bring along but no server needs to serve mail.
unneeded='^(exim4|guile-|mysql-|mariadb-|update-inetd|db-util|db5|gawk|libsigsegv|libclamav|libmspack|gnutls-bin)|-dev$'

die() { echo "fetch.sh: $*" >&2; exit 1; }

# What NAME.sh wants.
packages_of() {
    # shellcheck source=/dev/null
    (. "$here/$1.sh" && echo "$packages")
}

# The same and those of their dependencies that this machine lacks.
complete() {
    apt-get install -s -qq --no-install-recommends --reinstall "$@" |
        awk '$1 == "Inst" { print $2 }' | grep -vE "$unneeded"
}

fetch() {
    local name=$1 root=$roots/$1 new=$roots/$1.new directory
    local -a packages
    rm -rf "$root" "$new"
    mkdir -p "$new/debs"
    cd "$new/debs"
    # shellcheck disable=SC2046
    mapfile -t packages < <(complete $(packages_of "$name"))
    [ ${#packages[@]} -gt 0 ] || return
    apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}" || return
    for file in *.deb; do
        dpkg-deb -x "$file" .. || return
    done
    cd ..
    for directory in bin sbin lib lib64; do
        [ ! -d $directory ] || { mkdir -p usr/$directory && cp -a $directory/. usr/$directory/; }
    done
    rm -rf debs bin sbin lib lib64 usr/share/{doc,man,locale,info}
    mkdir -p usr etc
    mv "$new" "$root"
}

[ $# -gt 0 ] || set -- cyrus courier mailutils popa3d solid-pop3d
command -v apt-get >/dev/null || die "there is no apt-get here"
mkdir -p "$roots"
for name; do
    (
        exec 9>"$roots/$name.lock"
        flock 9
        [ "$(cat "$roots/$name/made-of" 2>/dev/null)" != "$(packages_of "$name")" ] || exit 0
        fetch "$name" >"$roots/$name.log" 2>&1 ||
            die "no packages of $name: $(grep -m1 ^E: "$roots/$name.log" || tail -1 "$roots/$name.log")"
        packages_of "$name" >"$roots/$name/made-of"
    ) &
done
result=0
for job in $(jobs -p); do
    wait "$job" || result=1
done
exit $result
