#!/usr/bin/env bash
# The real servers that tests and developers use, without Docker, on loopback alone.
#
#   deploy/services.sh start  [--data DIR] SERVICE[/PROCESS]...    returns when they answer; quick when they run already
#   deploy/services.sh stop   [--data DIR] [SERVICE[/PROCESS]]...  all of them when none is named; the data stay
#   deploy/services.sh status [--data DIR] [SERVICE]...            fails when one does not answer
#   deploy/services.sh env    [--data DIR] SERVICE...              lines for `eval`: where clients find them
#
# DIR holds data, logs and process ids (default ~/.cache/focusflow/services). Another DIR with other ports is another, independent set.
#
# A service is one file, services/SERVICE.sh, read with $dir (its own folder), $cache (shared downloads) and $here (this folder) set:
#   processes           prints the names of its processes, one a line
#   ports PROCESS       prints the ports that process listens on, one a line; SERVICE_PORT in the environment chooses the first
#   address             prints VARIABLE=VALUE lines for clients
#   prepare             installs and formats what is missing; quick when nothing is
#   invocation PROCESS  sets the array `command` to what is to run, in $dir and in the foreground
#   ready PROCESS       succeeds once it answers a real request; is asked again and again, so it must be cheap
#   ready_seconds=N     how long that may take (60)
#   stop_signal=NAME    what asks a process to end (TERM)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/services" && pwd)
# shellcheck source=services/processes.sh
. "$here/processes.sh"

usage() {
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

known() { # every service there is
    for file in "$here"/*.sh; do
        file=${file##*/}
        [ "$file" = processes.sh ] || echo "${file%.sh}"
    done
}

cache=${FOCUSFLOW_CACHE:-$HOME/.cache/focusflow}
data=$cache/services
verb=${1:-}
[ $# -gt 0 ] && shift
services=()
while [ $# -gt 0 ]; do
    case $1 in
    --data) [ $# -ge 2 ] || usage; data=$2; shift 2 ;;
    -*) usage ;;
    *) services+=("$1"); shift ;;
    esac
done
case $verb in start | env) [ ${#services[@]} -gt 0 ] || usage ;; stop | status) ;; *) usage ;; esac
for service in "${services[@]}"; do
    grep -qxF "${service%%/*}" <<<"$(known)" || fail "there is no service '${service%%/*}', but: $(known | tr '\n' ' ')"
done
mkdir -p "$data" || fail "cannot make $data. Cure: --data with a folder that you may write to"
data=$(cd "$data" && pwd)
[ ${#services[@]} -gt 0 ] || mapfile -t services < <(known)

outcome=0
for service in "${services[@]}"; do
    # Each service in a shell of its own, so that none sees another's functions. (Not `( … ) || outcome=1`: that would
    # have the shell pass over every error inside.)
    set +e
    (
        set -e
        only=${service#*/}
        [ "$only" != "$service" ] || only=
        service=${service%%/*}
        dir=$data/$service
        # shellcheck source=/dev/null
        . "$here/$service.sh"
        mapfile -t chosen < <(processes)
        if [ -n "$only" ]; then
            grep -qxF "$only" <<<"$(processes)" || fail "has no process '$only', but: ${chosen[*]}"
            chosen=("$only")
        fi
        case $verb in
        env) address | sed 's/^/export /' ;;
        status) show ;;
        stop) if [ -d "$dir" ]; then locked stop_all; fi ;;
        start) mkdir -p "$dir"; locked start_all ;;
        esac
    )
    [ $? -eq 0 ] || outcome=1
    set -e
done
exit $outcome
