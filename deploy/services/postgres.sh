# PostgreSQL from Debian's packages (13 or newer will do), on a cluster of its own in $dir/data.
# shellcheck shell=bash disable=SC2034,SC2154  # read by, and given by, services.sh

at=${POSTGRES_PORT:-15432}
user=focusflow
secret=focusflow-secret
# TERM would wait until every client has gone by itself.
stop_signal=INT

processes() { echo server; }
ports() { echo "$at"; }
address() {
    echo "TEST_POSTGRES=postgres://$user:$secret@127.0.0.1:$at/postgres"
    echo "TEST_POSTGRES_CA=$dir/ca.pem"
}

# Debian keeps the server's programs out of the path, one folder for each version; the newest it is.
program() {
    local found
    found=$(type -P "$1" || ls -d /usr/lib/postgresql/*/bin/"$1" 2>/dev/null | sort -V | tail -n 1)
    [ -n "$found" ] || fail "needs PostgreSQL's $1. Cure: deploy/install-tools.sh services"
    echo "$found"
}

# The server refuses to be root. Root runs it in a namespace where it is somebody else: files stay root's, and nobody
# else needs to reach $dir.
unprivileged() {
    command=("$@")
    [ "$(id -u)" -eq 0 ] || return 0
    command=(unshare --user --map-user=1000 --map-group=1000 -- "$@")
    unshare --user --map-user=1000 --map-group=1000 -- true 2>/dev/null ||
        fail "PostgreSQL does not run as root, and this system allows no user namespaces. Cure: run as an ordinary user"
}

# Its own authority, which clients can be told to trust.
certify() {
    [ ! -s "$dir/ca.pem" ] || return 0
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=localhost \
        -addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout "$dir/key.pem" -out "$dir/ca.new" 2>"$dir/openssl.log" ||
        fail "openssl could not make a certificate. Cure: see $dir/openssl.log"
    chmod 600 "$dir/key.pem"
    mv "$dir/ca.new" "$dir/ca.pem"
}

prepare() {
    certify
    [ ! -s "$dir/data/PG_VERSION" ] || return 0
    local command=() initdb
    initdb=$(program initdb)
    rm -rf "$dir/data.new" && printf '%s\n' "$secret" >"$dir/secret"
    unprivileged "$initdb" -D "$dir/data.new" -U "$user" --pwfile="$dir/secret" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
    "${command[@]}" >"$dir/initdb.log" 2>&1 || {
        tail -n 5 "$dir/initdb.log" >&2
        fail "initdb could not make a cluster in $dir/data. Cure: see $dir/initdb.log"
    }
    mv "$dir/data.new" "$dir/data"
}

invocation() {
    local postgres
    postgres=$(program postgres)
    # No socket files: they would have to be on a short path.
    unprivileged "$postgres" -D "$dir/data" -p "$at" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 \
        -c ssl=on -c ssl_cert_file="$dir/ca.pem" -c ssl_key_file="$dir/key.pem"
}

ready() {
    [ "$(PGPASSWORD=$secret PGCONNECT_TIMEOUT=2 "$(program psql)" -h 127.0.0.1 -p "$at" -U "$user" -d postgres -Atc 'SELECT 6*7')" = 42 ]
}
