#!/bin/bash
# certs.sh DIR: a private certificate authority and what it signed, made once.
#   ca.pem          the authority; the file for ca_file=
#   server.pem/key  localhost, 127.0.0.1, ::1
#   wronghost.pem   another host's name      } with server.key, for tests that
#   expired.pem     over since yesterday     } must be refused
#   stranger.pem    localhost, but signed by itself
set -eu
umask 077
mkdir -p "$1"
cd "$1"
[ ! -e ready ] || exit 0

quiet() { "$@" 2>openssl.log || { cat openssl.log >&2; exit 1; }; }
new_key() { quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

# sign NAME ALT-NAMES START END; only `openssl ca` takes a start date.
sign() {
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' "$2" >ext
    quiet openssl ca -batch -notext -config ca.conf -extfile ext -subj "/CN=$1" \
        -in server.csr -out "$1.pem" -startdate "$3" -enddate "$4"
}

cat >ca.conf <<'CONF'
[ca]
default_ca = private
[private]
database = index.txt
new_certs_dir = .
rand_serial = yes
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
CONF
: >index.txt
new_key ca.key
new_key server.key
quiet openssl req -x509 -new -key ca.key -days 3650 -subj '/CN=mailbridge test authority' \
    -addext keyUsage=critical,keyCertSign,cRLSign -out ca.pem
quiet openssl req -new -key server.key -subj /CN=localhost -out server.csr

local_names=DNS:localhost,IP:127.0.0.1,IP:::1
sign server $local_names 20240101000000Z 20440101000000Z
sign wronghost DNS:elsewhere.example 20240101000000Z 20440101000000Z
sign expired $local_names 20230101000000Z "$(date -u -d yesterday +%Y%m%d000000Z)"
quiet openssl req -x509 -new -key server.key -days 3650 -subj /CN=localhost \
    -addext "subjectAltName=$local_names" -out stranger.pem
rm -f ext server.csr index.txt* [0-9A-F]*.pem openssl.log
touch ready
