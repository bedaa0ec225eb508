# The verbs people and CI use. Each installs what it needs and is quick when nothing changed.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help build sdk demo example test lint bench fmt docs wheel lock clean

BIN := .venv/bin
export PYO3_PYTHON := $(CURDIR)/.venv/bin/python
WITH_RUST = rust="$$(tools/rust $(1))"; export PATH="$$rust:$$PATH";
RUST_SOURCES := Cargo.toml Cargo.lock $(shell find engine -name target -prune -o \( -name '*.rs' -o -name Cargo.toml \) -print)

# The SDKs that are built have a Makefile; the one for Python is part of the package.
SDKS := $(patsubst sdk/%/Makefile,%,$(wildcard sdk/*/Makefile))
SDK_SOURCES := $(shell find sdk -type f -not -name '*.md')

help:
	@echo "make build   install what is missing, build engine, native module and SDKs: .venv/bin/weft"
	@echo "make demo    install what is missing, show three functions on real traffic, measure one (root)"
	@echo "make example install what is missing and run one of examples/ (root): EXAMPLE=nsh-chain or l7-firewall"
	@echo "make test    install what is missing and run every test"
	@echo "make lint    formatters, clippy, ruff and mypy, all as errors"
	@echo "make bench   the figures of SPECIFICATION.md"
	@echo "make sdk     the SDKs for components in C, Java and JavaScript, into target/sdk"
	@echo "make fmt     format Rust and Python"
	@echo "make docs    write docs/reference from the code"
	@echo "make wheel   weft (engine, native module, Python) and weft-component, into dist/"
	@echo "make clean   remove everything that was built"

build: .venv/.built sdk

sdk: target/sdk/.built

.venv/.deps: requirements.lock tools/venv
	@tools/venv
	@touch $@

# The folder is installed in place; only the Rust parts and the metadata make it stale.
.venv/.built: .venv/.deps pyproject.toml setup.py $(RUST_SOURCES)
	@echo "make: building engine and native module; the first time takes minutes" >&2
	@$(call WITH_RUST) $(BIN)/pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	@touch $@

# Each SDK sees for itself what is stale in it.
target/sdk/.built: $(SDK_SOURCES)
	@tools/packages cc c++ java javac make node node_api.h
	@for sdk in $(SDKS); do $(MAKE) --silent -C sdk/$$sdk OUT=$(CURDIR)/target/sdk/$$sdk; done
	@touch $@

demo: .venv/.built sdk
	@tools/packages curl ip ping nsenter cc javac node
	@$(BIN)/python -m demo

EXAMPLE := nsh-chain
EXAMPLES := $(patsubst examples/%/__main__.py,%,$(wildcard examples/*/__main__.py))

example: .venv/.built sdk
	$(if $(filter $(EXAMPLE),$(EXAMPLES)),,$(error there is no example '$(EXAMPLE)'; there are: $(EXAMPLES)))
	@tools/packages curl ip ping nsenter cc
	@$(BIN)/python examples/$(EXAMPLE)

test: .venv/.built sdk
	@tools/packages busybox curl dnsmasq ip iperf3 mvn npm nsenter openssl ovs-vswitchd ping traceroute tshark
	@$(call WITH_RUST) cargo test --workspace --locked --quiet
	@$(BIN)/python -m pytest

lint: .venv/.built sdk
	@$(call WITH_RUST,lint) cargo fmt --all --check
	@$(call WITH_RUST,lint) cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@echo "lint: clean"

bench: .venv/.built sdk
	@tools/packages dpdk-testpmd cc ip ovs-vswitchd
	@$(call WITH_RUST) $(BIN)/python -m bench

fmt: .venv/.deps
	@$(call WITH_RUST,lint) cargo fmt --all
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

docs: .venv/.built
	@$(BIN)/python tools/reference.py

wheel: .venv/.deps sdk
	@$(call WITH_RUST) $(BIN)/python -m build --wheel --no-isolation --outdir dist .
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist sdk/python

lock: .venv/.deps
	@$(BIN)/pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev \
		--no-annotate --custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean:
	@rm -rf target dist build .venv src/*.egg-info sdk/python/build sdk/python/*.egg-info .pytest_cache .mypy_cache .ruff_cache
	@find src tests functions examples demo tools bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
	@rm -f src/weft/_engine*.so
