#!/usr/bin/env bash
# How well burnout risk can be told, where the truth is known: simulated companies, through the whole product, into docs/evaluation.md.
# Takes some ten minutes and 10 GB of disk on two cores. Usage: evaluate.sh [PEOPLE [DAYS]]
set -euo pipefail
cd "$(dirname "$0")/.."
people=${1:-3000} days=${2:-70}
target=${CARGO_TARGET_DIR:-$HOME/.cache/focusflow/target}
# A binary that is there already: BIN=…
ff=${BIN:-$target/release/focusflow}
[ -n "${BIN:-}" ] || cargo build --release --locked -q --workspace --bin focusflow
work=$(mktemp -d)
server=""
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
# A Thursday's end, whenever it is run.
until=2026-11-20

for auc in 0.65 0.80; do
    dir=$work/$auc
    mkdir -p "$dir"
    "$ff" simulate --people "$people" --days "$days" --density 0.02 --seed 7 --truth "$auc" --until "$until" \
        --out "$dir/events" --directory "$dir/directory.json" --truth-out "$dir/truth" >&2
    "$ff" up --data "$dir/data" --listen 127.0.0.1:0 >"$dir/log" 2>&1 &
    server=$!
    for _ in $(seq 200); do
        ! grep -q ready "$dir/log" || break
        kill -0 "$server" || { cat "$dir/log" >&2; exit 1; }
        sleep 0.1
    done
    "$ff" directory put "$dir/directory.json" --data "$dir/data" >&2
    "$ff" import "$dir/events" --data "$dir/data" --quiet >&2
    # The rest is large, and not needed any more.
    grep '"burnout":' "$dir/events" >"$dir/answers"
    rm "$dir/events"
    # Days settle a little after their last event is there.
    for _ in $(seq 600); do
        open=$("$ff" sql --data "$dir/data" --format csv "SELECT count(*) FROM user_daily WHERE NOT final AND day < DATE '$until' - INTERVAL '2' DAY" | tail -1)
        [ "$open" != 0 ] || break
        sleep 1
    done
    kill "$server"
    wait "$server" || true
    server=""
    began=$(date +%s%N)
    "$ff" train --data "$dir/data" --out "$dir/models" >"$dir/card.md" 2>"$dir/said"
    cat "$dir/said" >&2
    echo $((($(date +%s%N) - began) / 1000000)) >"$dir/took"
done
python3 deploy/evaluate/report.py "$people" "$days" "$(git rev-parse --short HEAD)" "$work"/0.65 "$work"/0.80 >docs/evaluation.md
echo "written to docs/evaluation.md" >&2
