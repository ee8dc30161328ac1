#!/usr/bin/env bash
# End-to-end measurements on the release binary: what benches/RESULTS.md reports. Takes some minutes; loopback only.
# Usage: bench.sh [micro|import|http|freshness|queries|start|cluster …]   (default: all)
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$HOME/.cache/focusflow/target}
work=${BENCH_DIR:-$(mktemp -d)}
parts=${*:-micro import http freshness queries start cluster}
# With the benches, whose crates switch on other features: apart, nearly all would be compiled twice.
cargo build --release --locked -q --workspace --bins --bench stages --bench risks
ff=$target/release/focusflow
measure=$target/release/focusflow-benches
export FOCUSFLOW_ADMIN_TOKEN="ff_$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')"
server="" running=()
trap 'kill $server "${running[@]}" 2>/dev/null || true; [ -n "${BENCH_DIR:-}" ] || rm -rf "$work"' EXIT

wanted() { [[ " $parts " == *" $1 "* ]]; }
head2() { printf '\n-- %s\n' "$*"; }

# A Thursday's end, whenever it is run: a day at a weekend has a third fewer events.
until=2026-11-20T00:00:00Z

simulate() { # people days density file
    [ -s "$4" ] || "$ff" simulate --people "$1" --days "$2" --density "$3" --seed 7 --until "$until" --out "$4" --directory "$4.directory.json" >/dev/null
}

started() { # log-name command…: sets $server and $addr once the command has said where it listens
    local log=$1.log
    shift
    "$@" >"$log" 2>&1 &
    server=$!
    for _ in $(seq 400); do
        addr=$(grep -oE '127\.0\.0\.1:[0-9]+' "$log" | head -1 || true)
        [ -z "$addr" ] || return 0
        kill -0 "$server" 2>/dev/null || { cat "$log" >&2; exit 1; }
        sleep 0.05
    done
    echo "does not listen: $(cat "$log")" >&2
    exit 1
}

up() { # data-dir: sets $server and $addr, once ready
    started "$1" "$ff" up --data "$1" --listen 127.0.0.1:0
    for _ in $(seq 400); do
        if curl -fsS -o /dev/null "http://$addr/readyz" 2>/dev/null; then return; fi
        kill -0 "$server" 2>/dev/null || { cat "$1.log" >&2; exit 1; }
        sleep 0.05
    done
    echo "not ready: $(cat "$1.log")" >&2
    exit 1
}

down() {
    kill "$server"
    wait "$server" || true
    server=""
}

bytes_on_disk() { du -sb "$1" | cut -f1; }

timed_import() { # data-dir file: prints wall, CPU, peak memory
    /usr/bin/env python3 - "$ff" "$1" "$2" <<'PY'
import os, resource, subprocess, sys, time
ff, data, file = sys.argv[1:]
start = time.time()
subprocess.run([ff, "import", file, "--data", data], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
wall, use = time.time() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
events = sum(chunk.count(b"\n") for chunk in iter(lambda f=open(file, "rb"): f.read(1 << 24), b""))
print(f"import_events = {events} events")
print(f"import_rate = {events / wall:.0f} events/s ({wall:.2f} s from start of the process to all of it durable)")
print(f"import_cpu = {(use.ru_utime + use.ru_stime) / events * 1e6:.2f} CPU-s per million events")
print(f"import_peak_memory = {use.ru_maxrss / 1024:.0f} MB")
PY
}

if wanted micro; then
    head2 "micro benchmarks (criterion), and the burnout risk of everybody"
    # Of the workspace, so that it is compiled with the features of everything else.
    cargo bench --locked -q --workspace --bench stages --bench risks -- --quick
fi
if wanted import; then
    head2 "import: a day of 2,000 people"
    simulate 2000 1 1 "$work/day.ndjson"
    "$measure" floors "$work/day.ndjson" "$work"
    rm -rf "$work/import"
    "$ff" directory put "$work/day.ndjson.directory.json" --data "$work/import" >/dev/null
    timed_import "$work/import" "$work/day.ndjson"
    events=$(wc -l <"$work/day.ndjson")
    echo "disk_log = $(($(bytes_on_disk "$work/import/eventlog") / events)) bytes per event"
    echo "disk_store = $(($(bytes_on_disk "$work/import/store") / events)) bytes per event"
    head2 "import: a day of 10,000 people, for the memory"
    simulate 10000 1 1 "$work/big.ndjson"
    rm -rf "$work/big"
    timed_import "$work/big" "$work/big.ndjson"
    rm -rf "$work/big" "$work/big.ndjson"
fi
if wanted http; then
    head2 "HTTP ingest of 100-event batches"
    simulate 2000 1 1 "$work/day.ndjson"
    rm -rf "$work/http"
    up "$work/http"
    "$measure" load "$addr" "$FOCUSFLOW_ADMIN_TOKEN" "$work/day.ndjson" "$server" 10
    down
    head2 "the same with ingest alone in the server (no processing behind the log)"
    rm -rf "$work/ingest"
    started "$work/ingest" "$measure" ingest "$work/ingest" "$FOCUSFLOW_ADMIN_TOKEN"
    "$measure" load "$addr" "$FOCUSFLOW_ADMIN_TOKEN" "$work/day.ndjson" "$server" 10
    down
fi
if wanted freshness; then
    for rate in 1000 10000 20000 50000; do
        head2 "freshness at $rate events/s"
        rm -rf "$work/fresh"
        up "$work/fresh"
        "$measure" freshness "$addr" "$FOCUSFLOW_ADMIN_TOKEN" 2000 $rate 15 || echo "freshness_p99 = not sustained"
        down
    done
fi
if wanted queries; then
    head2 "the dashboard's queries over 30 days of 2,000 people"
    simulate 2000 30 0.1 "$work/month.ndjson"
    if [ ! -d "$work/month" ]; then
        "$ff" directory put "$work/month.ndjson.directory.json" --data "$work/month" >/dev/null
        timed_import "$work/month" "$work/month.ndjson"
    fi
    up "$work/month"
    "$measure" queries "$addr" "$FOCUSFLOW_ADMIN_TOKEN" 200
    down
fi
if wanted start; then
    head2 "start to ready"
    rm -rf "$work/idle"
    up "$work/idle"
    sleep 5
    echo "idle_memory = $(awk '/VmRSS/ {print int($2 / 1024)}' "/proc/$server/status") MB"
    down
    began=$(date +%s%N)
    up "$work/idle"
    echo "ready_after_clean_stop = $((($(date +%s%N) - began) / 1000000)) ms"
    down
    simulate 2000 1 1 "$work/day.ndjson"
    head -n 1000000 "$work/day.ndjson" >"$work/million.ndjson"
    rm -rf "$work/kill"
    up "$work/kill"
    "$measure" load "$addr" "$FOCUSFLOW_ADMIN_TOKEN" "$work/million.ndjson" "$server" 60 >/dev/null
    kill -9 "$server"
    wait "$server" 2>/dev/null || true
    server=""
    began=$(date +%s%N)
    up "$work/kill"
    echo "ready_after_sigkill = $((($(date +%s%N) - began) / 1000000)) ms (a million events, what was not flushed is replayed)"
    down
fi
if wanted cluster; then
    # shellcheck source=bench-cluster.sh
    . deploy/bench-cluster.sh
fi
