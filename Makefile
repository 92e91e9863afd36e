# Targets that call tools/; `make help` lists them.
#   PREFIX=/usr/local DESTDIR=   for install
#   DEMO_EXIT=1                  make demo ends after its last step
#   T='-k audit'                 make test, make integration: more options for pytest
#   SECONDS=600                  make fuzz: how long each fuzzer runs
#   MINUTES=60 RATE=2000         make soak: how long, and events per second
#   SCALE=0.1 HOURS=2 ONLY=kill  make faults: share of the long figures, start nothing after this time, only matching rows (a word, or a number)

PREFIX ?= /usr/local
DESTDIR ?=
T ?=
SCALE ?= 1
HOURS ?= 1000
ONLY ?=
SECONDS ?= 3600
MINUTES ?= 60
RATE ?= 2000

.PHONY: help build test test-kubernetes unit integration faults fuzz soak lint format demo pictures bench install clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do printf '  make %-15s %s\n' "$$name" "$$what"; done

build: ## build the optimized binary; print its path
	@tools/bootstrap build
	@tools/build release

test: ## everything that can fail: lint, unit and integration tests, with sanitizers
	@tools/bootstrap test
	@tools/test $(T)

unit: ## only the unit tests
	@tools/bootstrap test
	@tools/test --only unit

integration: ## only the integration tests; T='-k audit' selects some
	@tools/bootstrap test
	@tools/test --only integration $(T)

faults: ## the fault catalogue with its long figures; continues after an earlier run
	@tools/bootstrap test
	@tools/faults --scale $(SCALE) --hours $(HOURS) --only '$(ONLY)'

fuzz: ## the fuzzers, each for SECONDS; their findings are in build/fuzz/found
	@tools/bootstrap test
	@FUZZ_SECONDS=$(SECONDS) tools/test --only integration -k test_fuzz

soak: ## `smelt up` under a steady load for MINUTES: does memory, disk or the number of open files grow? Samples and a chart in build/soak
	@tools/bootstrap test
	@tools/build release
	@tools/soak --minutes $(MINUTES) --rate $(RATE)

test-kubernetes: ## test Smelt on the cluster of KUBECONFIG; LOAD_IMAGE='kind load docker-image %s' (see tools/test-kubernetes)
	@tools/bootstrap test
	@tools/test-kubernetes $(T)

lint: ## formatting, static checks, shell scripts, include directions
	@tools/bootstrap test
	@tools/test --only lint

format: ## rewrite the C files as .clang-format says
	@tools/lint format

demo: ## from nothing to dashboards, with a real Kafka broker, until Ctrl-C
	@tools/bootstrap demo
	@tools/demo

pictures: ## render the pictures of the dashboards in README.md and docs/ anew
	@tools/bootstrap test
	@tools/pictures

bench: ## the measurements of bench/
	@tools/bootstrap test
	@tools/build release
	@bench/run

install: build ## into $(DESTDIR)$(PREFIX)
	@meson configure build/release -Dprefix=$(PREFIX) >/dev/null
	@ninja -C build/release >/dev/null
	@DESTDIR=$(DESTDIR) meson install -C build/release --no-rebuild

clean: ## stop brokers and delete everything built; keep .deps
	@for cluster in .cache/*/cluster .cache/*/*/cluster; do [ ! -e "$$cluster" ] || tools/kafka down --delete --dir "$${cluster%/cluster}"; done
	rm -rf build .cache
