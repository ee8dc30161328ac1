#!/usr/bin/env bash
# Checks everything in deploy/ that is not run by other tests, with the real tools: compose file, Kubernetes manifests, Prometheus' rules and
# their tests, Grafana's dashboards, and the names of settings and metrics in all of them. Starts nothing and needs no Docker.
#
#   deploy/validate.sh          install what it needs with: deploy/install-tools.sh deploy
#
# FOCUSFLOW_DEFAULT_TOML names another file than focusflow/default.toml for the settings there are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
cache=${FOCUSFLOW_CACHE:-$HOME/.cache/focusflow}
# What install-tools.sh takes out of a package without installing it.
PATH=$PATH:$cache/bin
packages=(kubernetes-validate==1.37.0 PyYAML==6.0.4)
venv=$cache/validate-$(printf '%s\n' "${packages[@]}" | cksum | cut -d' ' -f1)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

fail() {
    echo "validate.sh: $*" >&2
    exit 1
}
# Docker's own packages bring it as a plugin, Debian's as a program.
if docker compose version >/dev/null 2>&1; then docker_compose=(docker compose); else docker_compose=(docker-compose); fi
for tool in promtool "${docker_compose[0]}" kubectl python3; do
    command -v "$tool" >/dev/null || fail "$tool is missing. Cure: deploy/install-tools.sh deploy"
done

python() { # script argument...
    PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" "validate/$1.py" "${@:2}"
}
check() { # what command...: what the command says is shown when it fails
    local log=$scratch/log
    if "${@:2}" >"$log" 2>&1; then
        echo "ok      $1"
        grep '^  [^ ]' "$log" || true
    else
        echo "FAILED  $1" >&2
        cat "$log" >&2
        failed=1
    fi
}

if [ ! -d "$venv" ]; then
    echo "fetches ${packages[*]} with pip (4 MB, once)"
    part=$venv.part$$
    mkdir -p "$cache"
    { python3 -m venv "$part" && "$part/bin/pip" install --no-input --disable-pip-version-check "${packages[@]}"; } >"$scratch/pip" 2>&1 || {
        rm -rf "$part"
        tail -n 5 "$scratch/pip" >&2
        fail "pip could not install ${packages[*]}. Cure: python3-venv, and a Python package index that has them"
    }
    # Another call may have been quicker.
    mv -T "$part" "$venv" 2>/dev/null || rm -rf "$part"
fi

compose() { "${docker_compose[@]}" -f compose.yaml "$@"; }
compose_file() {
    ./secrets.sh "$scratch/env" &&
        compose --env-file "$scratch/env" --profile monitoring config >"$scratch/compose.yaml" &&
        # Every password is its installation's own: without them nothing starts.
        if compose --env-file /dev/null config >/dev/null 2>&1; then
            echo "the compose file can be used without deploy/secrets.sh"
            return 1
        fi
}
secrets() {
    ./secrets.sh "$scratch/one" && cp "$scratch/one" "$scratch/before" && ./secrets.sh "$scratch/one" && cmp "$scratch/one" "$scratch/before" || return 1
    [ "$(stat -c %a "$scratch/one")" = 600 ] || { echo "others can read the file"; return 1; }
    ./secrets.sh "$scratch/two" || return 1
    [ -z "$(comm -12 <(sort "$scratch/one") <(sort "$scratch/two"))" ] || { echo "two installations share a secret"; return 1; }
}
scrape_config() { # file: Debian's promtool knows no Kubernetes, so that part is left out for it
    ln -sfn "$PWD/prometheus/rules" "$scratch/rules" &&
        sed '/kubernetes_sd_configs/,/namespaces/d' "prometheus/$1" >"$scratch/$1" &&
        promtool check config "$scratch/$1"
}

check "secrets.sh: each installation its own, kept when run again" secrets
check "compose.yaml: $("${docker_compose[@]}" version | head -1)" compose_file
[ ! -s "$scratch/compose.yaml" ] || check "compose.yaml: settings, users, image" python compose <"$scratch/compose.yaml"
check "kubernetes: kustomization" kubectl kustomize kubernetes --output "$scratch/kubernetes.yaml"
[ ! -s "$scratch/kubernetes.yaml" ] || check "kubernetes: schemas, settings, security" python kubernetes <"$scratch/kubernetes.yaml"
for file in prometheus/*.yml; do
    check "$file and its rules: $(promtool --version 2>&1 | awk 'NR == 1 {print $1, $3}')" scrape_config "${file##*/}"
done
check "prometheus: unit tests of the rules" promtool test rules prometheus/tests/*.yml
check "metrics, alerts, dashboards" python metrics "$scratch/queries.yml"
[ ! -s "$scratch/queries.yml" ] || check "dashboards: PromQL" promtool check rules "$scratch/queries.yml"

[ $failed = 0 ] || fail "not all of it holds"
