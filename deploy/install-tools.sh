#!/usr/bin/env bash
# Installs what building and testing need and this machine lacks, from Debian's packages. Quick when nothing is missing.
# Debian 13 and newer have all of it; where Rust or Node.js are missing or too old there, the way to them is printed.
# Usage: install-tools.sh build [test] [bench] [services] [deploy]
set -euo pipefail

RUST=1.95
NODE=20.19
rust_cure="install Rust $RUST or newer with rustup, as https://rustup.rs says, with clippy and rustfmt"
node_cure="$([ "$(id -u)" -eq 0 ] || echo 'sudo ')npm install --global node@22, where Debian's npm is there; else Node.js from https://nodejs.org"
export PATH="$HOME/.cargo/bin:$PATH"

missing=()
problems=()
build='' lint='' promtool=''
export PATH="$PATH:${FOCUSFLOW_CACHE:-$HOME/.cache/focusflow}/bin"
problem() { # what cure
    problems+=("$1"$'\n'"  Cure: $2")
}
has() { command -v "$1" >/dev/null 2>&1; }
need() { # command package
    has "$1" || missing+=("$2")
}
need_file() { # file package
    [ -e "$1" ] || missing+=("$2")
}
at_least() { # have want
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -1)" = "$2" ]
}

for what in "$@"; do
    case $what in
    build)
        build=yes
        need cc gcc
        need mold mold
        need make make
        need git git
        need node nodejs
        need npm npm
        # librdkafka is built with them.
        need pkg-config pkg-config
        need_file /usr/include/openssl/ssl.h libssl-dev
        has cargo || has rustup || missing+=(rustup)
        ;;
    test)
        lint=yes
        need chromium chromium
        need curl curl
        ;;
    bench)
        need curl curl
        need python3 python3
        ;;
    services)
        need java default-jre-headless
        need mvn maven
        need openssl openssl
        python3 -c 'import ensurepip' >/dev/null 2>&1 || missing+=(python3-venv)
        # The server's programs are not in the path.
        [ -n "$(type -P initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || missing+=(postgresql)
        ;;
    deploy)
        # As a plugin of Docker, or by itself.
        docker compose version >/dev/null 2>&1 || need docker-compose docker-compose
        need kubectl kubernetes-client
        python3 -c 'import ensurepip' >/dev/null 2>&1 || missing+=(python3-venv)
        promtool=yes
        ;;
    *)
        echo "install-tools.sh: unknown set '$what' (build, test, bench, services, deploy)" >&2
        exit 2
        ;;
    esac
done

candidate() { # package: the version apt would install, if any
    apt-cache policy "$1" | awk '/Candidate:/ && $2 != "(none)" {print $2}'
}
# What Debian has of it is installed; one package it has not would keep apt from installing any.
apt_install() {
    local root=() package found=()
    if [ "$(id -u)" -ne 0 ]; then
        has sudo || { problem "These packages are missing: $*." "as root: apt-get install $*"; return; }
        root=(sudo)
    fi
    has apt-get || { problem "This is not a Debian system, and lacks: $*." "install them with its package manager"; return; }
    "${root[@]}" apt-get update -qq || true
    for package in "$@"; do
        case $package in
        # Checked below, where another way to them is said.
        rustup) [ -n "$(candidate rustup)" ] || continue ;;
        nodejs | npm) at_least "$(candidate nodejs)" $NODE || continue ;;
        esac
        found+=("$package")
    done
    [ ${#found[@]} -gt 0 ] || return 0
    echo "Installing from Debian's packages: ${found[*]}"
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${found[@]}" >/dev/null ||
        problem "apt-get could not install ${found[*]}." "run it by hand and see what it says: apt-get install ${found[*]}"
}
# Debian 13 has it by itself. Before, it comes with Prometheus, which would be started: only the program is taken, into the cache.
get_promtool() {
    local bin=${FOCUSFLOW_CACHE:-$HOME/.cache/focusflow}/bin part
    has apt-get || { problem "promtool is missing, and this is not a Debian system." "install Prometheus' promtool"; return; }
    [ -n "$(candidate prometheus)" ] || apt-get update -qq || true
    [ -z "$(candidate promtool)" ] || { missing+=(promtool); return; }
    echo "Taking promtool out of Debian's package prometheus, into $bin"
    part=$(mktemp -d)
    if (cd "$part" && chmod 755 . && apt-get download -qq prometheus >/dev/null 2>&1 && dpkg-deb --extract prometheus_*.deb .); then
        mkdir -p "$bin" && mv -T "$part/usr/bin/promtool" "$bin/promtool"
    else
        problem "promtool could not be taken out of Debian's package prometheus." "run it by hand and see what it says: apt-get download prometheus"
    fi
    rm -rf "$part"
}
[ -z "$promtool" ] || has promtool || get_promtool
[ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"

if [ -n "$build" ]; then
    if has rustup && ! cargo --version >/dev/null 2>&1; then
        echo "Installing the Rust toolchain with rustup"
        rustup toolchain install stable --profile minimal --component clippy --component rustfmt && rustup default stable
    fi
    rust=$(cargo --version 2>/dev/null | awk '{print $2}' || true)
    if [ -z "$rust" ]; then
        problem "Rust is missing, and this system has no package of rustup." "$rust_cure"
    elif ! at_least "$rust" $RUST; then
        # Debian's own cargo is older than that, whatever its release.
        cure="$rust_cure"
        if has rustup; then cure="rustup update stable && rustup default stable"; fi
        problem "Rust $rust ($(command -v cargo)) is too old, $RUST is needed." "$cure"
    fi
    node=$(node --version 2>/dev/null | tr -d v || true)
    if [ -z "$node" ]; then
        problem "Node.js is missing, and this system has no package of $NODE or newer." "$node_cure"
    elif ! at_least "$node" $NODE; then
        problem "Node.js $node ($(command -v node)) is too old, $NODE is needed to build the dashboard." "$node_cure"
    elif ! has npm; then
        problem "npm, which comes with Node.js, is missing." "$node_cure"
    fi
fi
if [ -n "$lint" ] && has cargo; then
    lacking=()
    cargo clippy --version >/dev/null 2>&1 || lacking+=(clippy)
    cargo fmt --version >/dev/null 2>&1 || lacking+=(rustfmt)
    if [ ${#lacking[@]} -gt 0 ]; then
        if ! has rustup; then
            problem "Rust lacks ${lacking[*]}, which the lints need." "$rust_cure"
        elif ! rustup component add "${lacking[@]}"; then
            problem "Rust lacks ${lacking[*]}, which the lints need." "rustup component add ${lacking[*]}"
        fi
    fi
fi

if [ ${#problems[@]} -gt 0 ]; then
    printf '\n%s\n' "${problems[@]}" >&2
    printf '\nThen run the same command again. Debian 13 and newer have all of it in their own packages.\n' >&2
    exit 1
fi
