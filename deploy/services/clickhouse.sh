# ClickHouse: its real engine (chDB) behind its HTTP interface, as no package registry has the server itself. What that
# leaves out (users, quotas, row policies, Replicated tables, Keeper) only a real server shows.
# shellcheck shell=bash disable=SC2034,SC2154  # read by, and given by, services.sh

at=${CLICKHOUSE_PORT:-18123}
packages=(chdb-core==26.9.0 lz4==4.4.5 zstandard==0.25.0)
venv=$cache/clickhouse-$(printf '%s\n' "${packages[@]}" | cksum | cut -d' ' -f1)

processes() { echo engine; }
ports() { echo "$at"; }
address() { echo "TEST_CLICKHOUSE=http://127.0.0.1:$at"; }

prepare() {
    [ ! -d "$venv" ] || return 0
    type -P python3 >/dev/null || fail "needs python3. Cure: deploy/install-tools.sh services"
    grep -qm1 '\bavx2\b' /proc/cpuinfo || fail "the engine needs a processor with AVX2, this one has none. Cure: another machine, or a real server: TEST_CLICKHOUSE=http://…"
    echo "$service: fetches the engine with pip (182 MB, once)"
    local part=$venv.part$$ log=$dir/install.log
    # Without their dependencies: chdb-core asks for pandas and pyarrow, which nothing here uses.
    { python3 -m venv "$part" && "$part/bin/pip" install --no-input --disable-pip-version-check --no-deps "${packages[@]}"; } >"$log" 2>&1 || {
        rm -rf "$part"
        tail -n 5 "$log" >&2
        fail "pip could not install ${packages[*]}. Cure: see $log; it needs python3-venv and a Python package index that has these versions"
    }
    # Another call may have been quicker. (A venv may be moved as long as it is run by its python alone.)
    mv -T "$part" "$venv" 2>/dev/null || rm -rf "$part"
}

invocation() {
    # Unbuffered and without byte code beside the sources.
    command=("$venv/bin/python" -uB "$here/clickhouse/front.py" "$dir/data" "$at")
}

ready() {
    [ "$(answer 'SELECT 6*7')" = 42 ]
}

# bash alone, so that nothing but bash is needed.
answer() {
    exec 8<>"/dev/tcp/127.0.0.1/$at" || return 1
    printf 'POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' "${#1}" "$1" >&8
    timeout 5 cat <&8 | tail -n 1
    exec 8>&- 8<&-
}
