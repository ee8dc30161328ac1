# shellcheck shell=bash disable=SC2154  # read by bench.sh, which sets ff, measure and work
# The roles of a cluster on real servers on this machine: Apache Kafka, the ClickHouse engine, PostgreSQL. They share the cores with
# us, so figures are per CPU-second of our own processes.

of_service() { # service: where it is
    deploy/services.sh env "$1" | sed -n "1s/^[^=]*=//p"
}

cpu_ms() { # pid
    awk -v tick="$(getconf CLK_TCK)" '{sub(/.*\) /, ""); print ($12 + $13) * 1000 / tick}' "/proc/$1/stat"
}

role() { # name: sets $pid and $addr, once ready
    started "$work/$1-$((++roles))" "$ff" "$1" --config "$work/cluster.toml" --listen 127.0.0.1:0
    pid=$server
    running+=("$pid")
    server=""
    for _ in $(seq 1200); do
        if curl -fsS -o /dev/null "http://$addr/readyz" 2>/dev/null; then return; fi
        sleep 0.05
    done
    echo "not ready: $(cat "$work/$1-$roles.log")" >&2
    exit 1
}

counted() { # addr name: a figure of a process, over all labels
    curl -fsS "http://$1/metrics" | awk -v name="^$2[{ ]" '$0 ~ name {n += $2} END {printf "%.3f", n}'
}

outcomes() { # addr: events a processor has taken
    counted "$1" focusflow_processors_events_total | cut -d. -f1
}

taken() { # addr count: waits until a processor has taken so many events
    for _ in $(seq 6000); do
        if [ "$(outcomes "$1")" -ge "$2" ]; then return; fi
        sleep 0.1
    done
    echo "only $(outcomes "$1") of $2 events were taken" >&2
    exit 1
}

of_process() { # service/process: its pid
    cut -d' ' -f1 "${FOCUSFLOW_CACHE:-$HOME/.cache/focusflow}/services/$1.pid"
}

ask() { # statement: ClickHouse's answer
    curl -fsS "$(of_service clickhouse)" --data-binary "$1"
}

ended() { # pid signal
    kill "-$2" "$1"
    while kill -0 "$1" 2>/dev/null; do sleep 0.02; done
}

cluster() { # people partitions: what one processor does with a day of theirs, and how long another takes to go on
    local people=$1 partitions=$2 file=$work/cluster-$1.ndjson name=bench$RANDOM$RANDOM events posted before cpu began
    roles=0 running=()
    simulate "$people" 1 1 "$file"
    events=$(wc -l <"$file")
    cat >"$work/cluster.toml" <<TOML
[kafka]
brokers = "$(of_service kafka)"
topic_prefix = "$name."
replication = 1
min_insync = 1
[eventlog]
partitions = $partitions
[clickhouse]
url = "$(of_service clickhouse)"
database = "$name"
[control]
url = "$(of_service postgres)"
TOML
    role query
    local query=$pid query_at=$addr
    curl -fsS -o /dev/null -X PUT -H "Authorization: Bearer $FOCUSFLOW_ADMIN_TOKEN" -H 'Content-Type: application/json' \
        --data-binary "@$file.directory.json" "http://$addr/v1/directory"
    role ingest
    local ingest=$pid
    local ingest_at=$addr kafka engine
    kafka=$(of_process kafka/1) engine=$(of_process clickhouse/engine)
    before=$(cpu_ms "$ingest") began=$(date +%s%N)
    FOCUSFLOW_TOKEN=$FOCUSFLOW_ADMIN_TOKEN "$ff" import "$file" --url "http://$addr" --quiet >/dev/null
    posted=$((($(date +%s%N) - began) / 1000000)) cpu=$(($(cpu_ms "$ingest") - before))
    echo "cluster_ingest = $((events * 1000 / cpu)) events per CPU-second of ingest, durable in Kafka ($((events * 1000 / posted))/s beside Kafka and the sender)"
    echo "cluster_kafka_disk = $(($(cat "${FOCUSFLOW_CACHE:-$HOME/.cache/focusflow}"/services/kafka/1/"$name".events-*/*.log | wc -c) / events)) bytes per event in Kafka, one copy"
    local brokers servers
    brokers=$(cpu_ms "$kafka") servers=$(cpu_ms "$engine") began=$(date +%s%N)
    role process
    local process=$pid at=$addr
    taken "$at" "$events"
    posted=$((($(date +%s%N) - began) / 1000000)) cpu=$(cpu_ms "$process")
    echo "cluster_process = $((events * 1000 / cpu)) events per CPU-second of the processor, Kafka to metrics to ClickHouse ($((events * 1000 / posted))/s beside both servers)"
    local rows
    rows=$(counted "$at" focusflow_store_committed_rows_total)
    echo "cluster_rows = $(awk "BEGIN {printf \"%.2f\", $rows / $events}") rows an event, in $(counted "$at" focusflow_store_commits_total) commits"
    echo "cluster_process_memory = $(awk '/VmHWM/ {print int($2 / 1024)}' "/proc/$process/status") MB at most"
    echo "cluster_servers = $((($(cpu_ms "$engine") - servers) * 1000 / (events / 1000))) CPU-ms a million events of ClickHouse, $((($(cpu_ms "$kafka") - brokers) * 1000 / (events / 1000))) of Kafka"
    sleep 20
    echo "cluster_disk = $(ask "SELECT round(sum(bytes_on_disk) / $events, 1) FROM system.parts WHERE active AND database = '${name}_rows'") bytes per event in ClickHouse, of them raw $(ask "SELECT round(sum(bytes_on_disk) / $events, 1) FROM system.parts WHERE active AND database = '${name}_rows' AND table LIKE '%_events'")"
    ended "$process" KILL
    role process
    process=$pid
    # Of the group: its former member has to be missed first.
    sleep 15
    echo "cluster_takeover = $(counted "$addr" focusflow_processors_acquire_seconds_sum) s for $(counted "$addr" focusflow_processors_owned_partitions) partitions of $people people, one after another's time added up"
    # It knows nobody's day yet: every 90th event once more, of everyone, are duplicates that it finds only in the store.
    awk 'NR % 90 == 0' "$file" >"$work/again.ndjson"
    began=$(date +%s%N)
    FOCUSFLOW_TOKEN=$FOCUSFLOW_ADMIN_TOKEN "$ff" import "$work/again.ndjson" --url "http://$ingest_at" --quiet >/dev/null
    taken "$addr" "$(wc -l <"$work/again.ndjson")"
    echo "cluster_first_commits = $((($(date +%s%N) - began) / 1000000)) ms for $(wc -l <"$work/again.ndjson") events of all of them, whose day is read again from ClickHouse"
    if [ "$people" = 2000 ]; then
        local looked seen
        looked=$(cpu_ms "$query") seen=$(counted "$query_at" focusflow_query_live_updates_total)
        events=$(outcomes "$addr") cpu=$(cpu_ms "$process") servers=$(cpu_ms "$engine") rows=$(counted "$addr" focusflow_store_committed_rows_total)
        "$measure" freshness "$ingest_at,$query_at" "$FOCUSFLOW_ADMIN_TOKEN" "$people" 5000 15 || echo "freshness_p99 = not sustained"
        seen=$(awk "BEGIN {printf \"%d\", $(counted "$query_at" focusflow_query_live_updates_total) - $seen}")
        events=$(($(outcomes "$addr") - events)) cpu=$(($(cpu_ms "$process") - cpu)) servers=$(($(cpu_ms "$engine") - servers))
        rows=$(awk "BEGIN {printf \"%.2f\", ($(counted "$addr" focusflow_store_committed_rows_total) - $rows) / $events}")
        echo "cluster_live = $((events * 1000 / cpu)) events per CPU-second of the processor as they come, $((events * 1000 / servers)) of ClickHouse, $rows rows an event"
        echo "cluster_query_updates = $(awk "BEGIN {printf \"%d\", $seen / ($(cpu_ms "$query") - $looked) * 1000}") updates per CPU-second of query ($seen updates)"
    fi
    for pid in "$process" "$ingest" "$query"; do ended "$pid" TERM; done
    running=()
}

deploy/services.sh start kafka clickhouse postgres >&2
for size in "2000 4" "10000 1"; do
    head2 "a cluster's day of ${size% *} people, ${size#* } partitions"
    # shellcheck disable=SC2086  # two words
    cluster $size
done
