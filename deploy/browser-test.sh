#!/usr/bin/env bash
# Starts the real binary with a small simulated company and runs the browser tests of the dashboard against it.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$HOME/.cache/focusflow/target}
# The binary the tests were built with: the same features, so nothing is compiled twice.
cargo test --workspace --locked --no-run -q
data=$(mktemp -d)
log=$data/focusflow.log
export FOCUSFLOW_ADMIN_TOKEN="ff_$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')"
"$target/debug/focusflow" up --demo --data "$data/data" --listen 127.0.0.1:0 >"$log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -rf "$data"' EXIT

for _ in $(seq 240); do
    url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$log" | head -1 || true)
    if [ -n "$url" ] && curl -fsS -o /dev/null "$url/readyz" 2>/dev/null; then break; fi
    kill -0 "$pid" 2>/dev/null || { echo "focusflow ended before it was ready:" >&2; cat "$log" >&2; exit 1; }
    sleep 0.5
done
curl -fsS -o /dev/null "$url/readyz" || { echo "focusflow was not ready after two minutes:" >&2; cat "$log" >&2; exit 1; }
cd dashboards
FOCUSFLOW_URL=$url FOCUSFLOW_TOKEN=$FOCUSFLOW_ADMIN_TOKEN npm run --silent test:browser
