#!/usr/bin/env bash
# Makes the passwords of a compose installation, each of its own, in a file that its owner alone can read. What is there stays as it is.
#
#   deploy/secrets.sh [FILE]      default: deploy/.env, which compose reads by itself
set -euo pipefail
umask 077
file=${1:-$(dirname "${BASH_SOURCE[0]}")/.env}

random() { # bytes: in hex, which needs no quotes anywhere, nor in an address
    od -An -v -tx1 -N"$1" /dev/urandom | tr -d ' \n'
}
keep() { # name value
    grep -q "^$1=" "$file" 2>/dev/null || echo "$1=$2" >>"$file"
}

keep POSTGRES_PASSWORD "$(random 24)"
keep CLICKHOUSE_PASSWORD "$(random 24)"
keep CLICKHOUSE_READER_PASSWORD "$(random 24)"
keep FOCUSFLOW_ADMIN_TOKEN "ff_$(random 24)"
keep GRAFANA_PASSWORD "$(random 12)"
# Sixteen bytes, as Kafka writes them: names the cluster, no secret.
keep KAFKA_CLUSTER_ID "$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')"
chmod 600 "$file"
echo "$file: passwords and the administrator's token. Keep a copy where you keep secrets."
