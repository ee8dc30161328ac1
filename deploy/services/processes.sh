# What services.sh does with the processes of one service: the part that knows of pids, locks and waiting. Sourced.
# shellcheck shell=bash disable=SC2154  # service, dir and chosen are the caller's

fail() {
    echo "services.sh: ${service:+$service: }$*" >&2
    exit 1
}

# One starter or stopper at a time. The lock is the open file: it ends with this shell, whatever happens.
locked() {
    exec 9>"$dir/lock"
    flock -w 300 9 || fail "another call has worked on it for 5 minutes. Cure: end that call (fuser $dir/lock)"
    "$@"
}

# When a process began, in ticks since boot: with its pid a name that is not given twice.
birth() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    # A zombie runs no more.
    [ "${stat%% *}" != Z ] || return 1
    echo "$stat" | cut -d' ' -f20
}

pid_of() { # prints the pid when that process runs
    local pid born
    read -r pid born 2>/dev/null <"$dir/$1.pid" || return 1
    [ "$(birth "$pid")" = "$born" ] && echo "$pid"
}

show() {
    local name pid state answers=0
    for name in "${chosen[@]}"; do
        state="does not run"
        if pid=$(pid_of "$name"); then
            if ready "$name" 2>/dev/null; then state="answers, pid $pid"; else state="runs as pid $pid, but does not answer; see $dir/$name.log"; answers=1; fi
        else
            answers=1
        fi
        echo "$service/$name: $state"
    done
    [ $answers -ne 0 ] || address | sed 's/^/    /'
    return $answers
}

start_all() {
    local name started=() began=$SECONDS
    for name in "${chosen[@]}"; do pid_of "$name" >/dev/null || started+=("$name"); done
    if [ ${#started[@]} -gt 0 ]; then
        for name in "${started[@]}"; do free_ports "$name"; done
        prepare
        for name in "${started[@]}"; do launch "$name"; done
    fi
    for name in "${chosen[@]}"; do wait_ready "$name"; done
    echo "$service: answers$([ ${#started[@]} -eq 0 ] || echo ", started ${started[*]} in $((SECONDS - began)) s"): $(address | tr '\n' ' ')"
}

free_ports() {
    local port
    for port in $(ports "$1"); do
        # Somebody answers there, and it is none of ours.
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || continue
        fail "port $port on 127.0.0.1 is taken. Cure: stop what listens there (ss -ltnp 'sport = :$port'), or choose another with ${service^^}_PORT"
    done
}

launch() {
    local name=$1 command=()
    invocation "$name"
    echo "$service: starts $name (log: $dir/$name.log)"
    # In a session of its own, so that an interrupt of the caller does not reach it, and without the lock.
    [ ! -e "$dir/$name.log" ] || mv "$dir/$name.log" "$dir/$name.log.before"
    (cd "$dir" && exec setsid "${command[@]}" >"$name.log" 2>&1 </dev/null 9>&-) &
    echo "$! $(birth $!)" >"$dir/$name.pid"
}

wait_ready() {
    local name=$1 until=$((SECONDS + ${ready_seconds:-60}))
    until ready "$name" 2>/dev/null; do
        pid_of "$name" >/dev/null || died "$name" "ended before it answered"
        [ $SECONDS -lt $until ] || died "$name" "does not answer after ${ready_seconds:-60} s"
        sleep 0.1
    done
}

died() {
    echo "services.sh: $service/$1 $2. The end of $dir/$1.log:" >&2
    tail -n 20 "$dir/$1.log" >&2
    fail "Cure: what the log says; if its data are of another version or damaged: $0 stop $service, delete $dir, start again"
}

stop_all() {
    local name pid pids=() names=()
    for name in "${chosen[@]}"; do
        if pid=$(pid_of "$name"); then kill -s "${stop_signal:-TERM}" "$pid" && pids+=("$pid") names+=("$name"); fi
    done
    local until=$((SECONDS + 30))
    for i in "${!pids[@]}"; do
        while [ "$(pid_of "${names[i]}")" = "${pids[i]}" ] && [ $SECONDS -lt $until ]; do sleep 0.1; done
        if pid=$(pid_of "${names[i]}"); then
            echo "$service: ${names[i]} did not end within 30 s of being asked; killed"
            kill -9 "$pid"
        fi
        rm -f "$dir/${names[i]}.pid"
    done
    [ ${#names[@]} -eq 0 ] || echo "$service: stopped ${names[*]}"
}
