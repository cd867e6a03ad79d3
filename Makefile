# `make` alone prints what there is. `make demo` needs Go; `make test` installs
# by apt what else it needs, and says so.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c

# Flags for go test, for instance GOTESTFLAGS='-v -run Wait'.
GOTESTFLAGS ?=

# Modules of their own within this one, whose tests `go test ./...` leaves out.
MODULES = $(patsubst ./%/go.mod,%,$(shell find . -mindepth 2 -name go.mod -not -path './tools/*' -not -path './testdata/*' | sort))

.PHONY: help
help: ## print this list
	@awk -F ' ## ' '/^[a-z-]+:.* ## /{ sub(/:.*/, "", $$1); printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## generate the examples' wrappers and run the quickstart (on Redis where REDIS_URL is set)
	go generate ./examples/...
	go run ./examples/quickstart

.PHONY: generate
generate: ## bring every committed generated file up to date
	go generate ./examples/...

# On a machine where nothing has been compiled, most of the tests' time is compiling. So the
# race detector, for which everything is compiled anew, watches what runs in users' processes
# and where many goroutines meet, and `make race` has it everywhere; gin does without the
# codecs that it offers to leave out; and vet is left to `make lint` where it would look at all
# that adapters import. The bench's contestants are compiled by `make bench`.
RACY_MODULES = internal/chaos runtime/nearstore
TESTED_MODULES = $(filter-out bench,$(MODULES))
TEST_MODULE = go -C $* test -vet=off -tags=nomsgpack

.PHONY: test
test: export CGO_ENABLED = 1
test: export GORACE = atexit_sleep_ms=0
test: setup ## run all tests, with -race where it counts and a real Redis, and check generated files
	go vet -vettool="$$(go tool -n idemgen)" ./examples/...
	go test $(GOTESTFLAGS) ./cmd/... ./generator/... ./examples/...
	go test -race $(GOTESTFLAGS) ./runtime/... ./internal/...
	$(MAKE) -k -j2 -Otarget $(addprefix tested/,$(TESTED_MODULES))
	go tool idemgen check ./examples/...

.PHONY: race
race: export CGO_ENABLED = 1
race: setup ## run those tests with -race that make test runs without
	go test -race $(GOTESTFLAGS) ./cmd/... ./generator/... ./examples/...
	$(MAKE) -k -j2 -Otarget $(addprefix raced/,$(filter-out $(RACY_MODULES),$(TESTED_MODULES)))

tested/%:
	$(TEST_MODULE) $(if $(filter $*,$(RACY_MODULES)),-race) $(GOTESTFLAGS) ./...

raced/%:
	$(TEST_MODULE) -race $(GOTESTFLAGS) ./...

.PHONY: bench
bench: setup ## measure speed and memory beside other libraries, into docs/performance (14 minutes)
	go -C bench test ./...
	go -C bench run . -json ../docs/performance/results.json -markdown ../docs/performance/results.md -charts ../docs/performance

.PHONY: bench-quick
bench-quick: setup ## the same in less than two minutes, without generation, and into no file: for a first look
	go -C bench run . -quick

# How long processes are tortured, for two minutes in make test.
CHAOS ?= 30m

.PHONY: chaos
chaos: export CGO_ENABLED = 1
chaos: setup ## torture real processes and a real Redis for CHAOS=30m
	CHAOS=$(CHAOS) go -C internal/chaos test -race -v -count=1 -timeout=0 -run Processes .

.PHONY: compat
compat: ## test on six releases of Redis and Valkey and two of Go, all fetched, into docs/compatibility.md (20 minutes)
	mkdir -p tools/servers
	tools/compat.sh >tools/servers/compatibility.md
	mv tools/servers/compatibility.md docs/compatibility.md

# How many rounds of each failover. ADD=1 adds them to the figures that are there.
ROUNDS ?= 200
ADD ?=

.PHONY: failovers
failovers: setup ## measure what failovers lose, over ROUNDS=200 of each, into docs/guarantees (hours)
	mkdir -p docs/guarantees
	ROUNDS=$(ROUNDS) ADD=$(ADD) FAILOVERS_TO="$(CURDIR)/docs/guarantees/failovers" go test -v -count=1 -timeout=0 -run Failovers ./internal/failover

# How long idemgen and other patterns are tortured side by side.
TORTURE ?= 5m

.PHONY: patterns
patterns: setup ## count double effects beside patterns by hand, for TORTURE=5m, into docs/guarantees
	mkdir -p docs/guarantees
	TORTURE=$(TORTURE) PATTERNS_TO="$(CURDIR)/docs/guarantees/patterns" go -C internal/chaos test -v -count=1 -timeout=0 -run Patterns .

# How long the soak lasts.
SOAK ?= 1h

.PHONY: soak
soak: setup ## let one small process work for SOAK=1h, and see that nothing grows, into docs/guarantees
	mkdir -p docs/guarantees
	SOAK=$(SOAK) SOAK_TO="$(CURDIR)/docs/guarantees/soak.md" go test -v -count=1 -timeout=0 -run NothingGrows ./internal/soak

.PHONY: setup
setup: ## install by apt what tests need and this machine lacks: redis-server, postgresql, chromium, a C compiler
	@tools/setup.sh

.PHONY: lint
lint: tools/bin/golangci-lint ## run golangci-lint, formatting included, on every module; tidiness; the list of licences
	go mod tidy -diff
	diff -u docs/licenses.md <(tools/licenses.sh)
	tools/bin/golangci-lint run ./...
	@for module in $(MODULES); do \
		echo "$$module: golangci-lint run"; \
		(cd "$$module" && go mod tidy -diff && "$(CURDIR)/tools/bin/golangci-lint" run --config "$(CURDIR)/.golangci.yml" ./...); \
	done

.PHONY: licenses
licenses: ## write docs/licenses.md: what a user's build gets, and under which licences
	tools/licenses.sh >docs/licenses.md

.PHONY: vuln
vuln: tools/bin/golangci-lint ## ask govulncheck about known vulnerabilities (needs its database)
	tools/vuln.sh

.PHONY: fmt
fmt: tools/bin/golangci-lint ## format with gofumpt, imports grouped
	tools/bin/golangci-lint fmt ./...
	@for module in $(MODULES); do \
		(cd "$$module" && "$(CURDIR)/tools/bin/golangci-lint" fmt --config "$(CURDIR)/.golangci.yml" ./...); \
	done

# The tools' versions are pinned in a module of their own, so that no user of
# idemgen inherits what they depend on.
tools/bin/golangci-lint: tools/go.mod tools/go.sum
	GOBIN="$(CURDIR)/tools/bin" go -C tools install tool
	@touch $@
