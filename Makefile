# FocusFlow. `make up` starts everything, `make test` runs everything; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# Outside the checkout, so that a fresh clone builds warm. Override with CARGO_TARGET_DIR=….
export CARGO_TARGET_DIR ?= $(HOME)/.cache/focusflow/target
# rustup's own place, which a shell opened before it was installed does not look into.
export PATH := $(HOME)/.cargo/bin:$(PATH)
# The demo's people are made up and stay among themselves: `focusflow up` keeps its data elsewhere.
DATA ?= $(or $(XDG_DATA_HOME),$(HOME)/.local/share)/focusflow-demo
LISTEN ?= 127.0.0.1:7878
# The real servers of the scale-out tests; see deploy/services.sh.
SERVICES ?= kafka clickhouse postgres
say = @printf '\n\033[1m== %s\033[0m\n' "$(1)"

.PHONY: help up test deps deps-test deps-bench services services-stop build dashboards lint test-dashboards test-rust test-browser test-deploy bench fmt clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

up: deps build ## install what is missing, build, start everything with the demo workforce
	$(call say,Starting FocusFlow with a simulated company (stop with Ctrl-C; data in $(DATA)))
	@exec $(CARGO_TARGET_DIR)/release/focusflow up --demo --data "$(DATA)" --listen $(LISTEN)

test: deps-test lint test-dashboards test-deploy test-rust test-browser ## everything, as CI runs it
	$(call say,All of it passed)

deps: ## install the build tools that are missing (Debian packages, from Debian 13 on all of them)
	@deploy/install-tools.sh build

deps-test:
	@deploy/install-tools.sh build test services deploy

deps-bench:
	@deploy/install-tools.sh build bench services

services: ## start the real servers that scale-out is tested on, without Docker; deploy/services.sh for single ones
	@deploy/install-tools.sh services
	$(call say,Real servers (stop with make services-stop; data in ~/.cache/focusflow/services))
	@deploy/services.sh start $(SERVICES)

services-stop: ## stop them again; their data stay
	@deploy/services.sh stop

build: dashboards ## the release binary, with the dashboard inside
	$(call say,Building the release binary (the first time takes many minutes on 2 cores))
# The workspace's features and one binary: nothing is compiled again when others of it are built or tested.
	@cargo build --release --locked --workspace --bin focusflow

dashboards: dashboards/dist/index.html

dashboards/dist/index.html: $(wildcard dashboards/*.json dashboards/*.ts dashboards/*.js) dashboards/index.html schemas/openapi.json \
		$(shell find dashboards/src dashboards/public dashboards/scripts -type f 2>/dev/null)
	$(call say,Building the dashboard)
	@cd dashboards && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build
	@touch $@

lint: dashboards ## formatting and lints
	$(call say,Lints)
	@cargo fmt --all --check || { echo "cure: make fmt"; exit 1; }
	@cargo clippy --workspace --all-targets --locked -- -D warnings

test-dashboards: dashboards ## the web app's own checks and unit tests
	$(call say,Dashboard: types and unit tests)
	@cd dashboards && npm run --silent check && npm test --silent

test-rust: dashboards ## unit, contract, golden, property, simulation and end-to-end tests
	$(call say,Rust tests)
	@cargo test --workspace --locked

test-browser: dashboards ## the pages in a real headless browser, on the real binary
	$(call say,Browser tests on the real binary)
	@deploy/browser-test.sh

test-deploy: ## compose file, Kubernetes manifests, alert rules and Grafana dashboards, by the real tools
	@deploy/install-tools.sh deploy
	$(call say,What is in deploy/)
	@deploy/validate.sh

bench: deps-bench build ## micro and end-to-end benchmarks; see benches/RESULTS.md
	$(call say,Benchmarks)
	@deploy/bench.sh

fmt: ## format the code
	@cargo fmt --all

clean: ## remove what was built (not the data)
	@rm -rf dashboards/dist dashboards/node_modules "$(CARGO_TARGET_DIR)"
