#!/usr/bin/env bash
# Installs what building and testing need and this machine lacks, from Debian's packages. Quick when nothing is missing.
# Usage: install-tools.sh build [test] [services]
set -euo pipefail

missing=()
need() { # command package
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}
need_file() { # file package
    [ -e "$1" ] || missing+=("$2")
}

for what in "$@"; do
    case $what in
    build)
        need cc gcc
        need mold mold
        need make make
        need git git
        need node nodejs
        need npm npm
        # librdkafka is built with them.
        need pkg-config pkg-config
        need_file /usr/include/openssl/ssl.h libssl-dev
        command -v cargo >/dev/null 2>&1 || [ -x "$HOME/.cargo/bin/cargo" ] || missing+=(rustup)
        ;;
    test)
        need chromium chromium
        need curl curl
        ;;
    services)
        need java default-jre-headless
        need mvn maven
        python3 -c 'import ensurepip' >/dev/null 2>&1 || missing+=(python3-venv)
        # The server's programs are not in the path.
        [ -n "$(type -P initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || missing+=(postgresql)
        ;;
    *)
        echo "install-tools.sh: unknown set '$what' (build, test, services)" >&2
        exit 2
        ;;
    esac
done

if [ ${#missing[@]} -gt 0 ]; then
    echo "Installing from Debian's packages: ${missing[*]}"
    root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "These packages are missing: ${missing[*]}. Cure: run as root: apt-get install ${missing[*]}" >&2; exit 1; }
        root=(sudo)
    fi
    command -v apt-get >/dev/null || { echo "This is not a Debian system. Cure: install ${missing[*]} with its package manager." >&2; exit 1; }
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || {
        echo "apt-get could not install ${missing[*]}." >&2
        echo "Cure: 'apt-get update' and try again; on Debian 12 Rust comes from rustup (needs Rust 1.95 or newer)." >&2
        exit 1
    }
fi

export PATH="$HOME/.cargo/bin:$PATH"
if command -v rustup >/dev/null 2>&1 && ! cargo --version >/dev/null 2>&1; then
    echo "Installing the Rust toolchain with rustup"
    rustup toolchain install stable --profile minimal --component clippy --component rustfmt
fi

at_least() { # have want
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -1)" = "$2" ]
}
rust=$(cargo --version | awk '{print $2}')
at_least "$rust" 1.95 || { echo "Rust $rust is too old, 1.95 is needed. Cure: rustup update stable" >&2; exit 1; }
node=$(node --version | tr -d v)
at_least "$node" 20.19 || { echo "Node.js $node is too old, 20.19 is needed to build the dashboard. Cure: install nodejs 20 or newer." >&2; exit 1; }
