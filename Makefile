# Skein. `make help` lists the verbs.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# cgo is used where a C compiler works and left out where none does: the grammar
# then comes from WebAssembly. A compiler without its headers counts as none.
ifndef CGO_ENABLED
hash := \#
CGO_ENABLED := $(shell printf '$(hash)include <stdlib.h>\nint main(void){return 0;}\n' | \
	$$(go env CC) -x c - -o /dev/null >/dev/null 2>&1 && echo 1 || echo 0)
endif
export CGO_ENABLED

# x86 machines of the last ten years have the instructions of v3; one that has not gets
# the baseline.
ifeq ($(shell go env GOARCH),amd64)
ifndef GOAMD64
GOAMD64 := $(shell [ -r /proc/cpuinfo ] && ! grep -qw avx2 /proc/cpuinfo && echo v1 || echo v3)
endif
export GOAMD64
endif

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
PYTHON  ?= python3
PKG     ?= ./...
RUN     ?= .
TIMEOUT ?= 15m

# The S3 server of s3-check: a program of its own, in no go.mod of ours. Module and
# checksums are those of Go's checksum database.
MINIO_VERSION := v0.0.0-20260212201848-7aac2a2c5b7c

# What runs concurrently; the rest is pure, and ten times slower under the
# detector for nothing.
RACE ?= ./exec ./exec/key ./exec/memory ./exec/vector ./storage/... ./flight/... ./coordinator/... ./worker/... \
	./internal/client/... ./internal/cluster/...

# Packages with kernels in assembly, and those that rest on them.
SIMD ?= ./internal/simd ./storage/parquet/... ./exec/kernel ./exec/eval

packages_with = $$(grep -rlE --include='*_test.go' $(1) . | xargs -r -n1 dirname | sort -u)

.PHONY: help build test cluster chaos test-scalar race slt rewrite bench bench-peers bench-shapes bench-latency lint fuzz demo clean slt-expectations tpch-sf1-check \
	tpch-answers minio s3-check s3-bench console-check substrait-check substrait-compliance substrait-plans clients-check load deploy-check

help: ## Show the verbs
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build bin/skein
	go build -trimpath -buildvcs=false -ldflags '-X main.version=$(VERSION)' -o bin/skein ./cmd/skein

test: ## Run vet and all tests (PKG=./exec/... RUN=Name narrow them)
	@[ -n "$${SKEIN_MINIO:-}" ] || echo 'skipped: the tests against a MinIO server; make s3-check runs them'
	@echo 'skipped: what DataFusion, DuckDB, Acero and the validator say to our Substrait plans; make substrait-check asks them'
	@[ -n "$${SKEIN_BROWSER:-}" ] || echo 'skipped: the web console in a browser; make console-check looks at it'
	go vet $(PKG)
	$(if $(filter ./...,$(PKG)),GODEBUG=cpu.avx2=off go test -count=1 -timeout $(TIMEOUT) -run '$(RUN)' ./exec/kernel ./exec/eval)
	go test -timeout $(TIMEOUT) -run '$(RUN)' $(PKG)

cluster: build minio ## MinIO, two coordinators and three workers on this machine: TPC-H from a bucket, a worker killed on the way (SF=1 KEEP=1)
	scripts/cluster.sh

chaos: ## Kill, pause and cut off processes of a cluster under TPC-H, break its bucket, fill its disks (ROUNDS=200 SEED=1)
	SKEIN_CHAOS_ROUNDS=$(or $(ROUNDS),200) SKEIN_CHAOS_SEED=$(or $(SEED),1) go test -count=1 -timeout 4h -run TestChaos -v ./cmd/skein

test-scalar: ## Run the tests of what has vector kernels with AVX2 only, and without vectors
	GODEBUG=cpu.avx512bw=off go test -count=1 -timeout $(TIMEOUT) -run '$(RUN)' $(SIMD)
	GODEBUG=cpu.avx2=off go test -count=1 -timeout $(TIMEOUT) -run '$(RUN)' $(SIMD)

race: ## Run the tests of what is concurrent under the race detector (needs a C compiler)
	@[ "$(CGO_ENABLED)" = 1 ] || { echo 'the race detector needs cgo, and no C compiler works here' >&2; exit 1; }
	go test -race -timeout $(TIMEOUT) -run '$(RUN)' $(RACE)

slt: ## Run the .slt corpus under every cluster configuration (RUN=TestName/file narrows it)
	go test -timeout $(TIMEOUT) -run '$(RUN)' $(call packages_with,'skein/internal/logictest"|^package logictest')

rewrite: ## Write golden files anew; the diff is the review
	go test -timeout $(TIMEOUT) -run '$(RUN)' $(call packages_with,'cockroachdb/datadriven"|flag.Bool."rewrite"') -rewrite

bench: ## Run the micro benchmarks (RUN=Name narrows them)
	go test -run '^$$' -bench '$(RUN)' -benchmem -timeout $(TIMEOUT) $(call packages_with,'^func Benchmark')

bench-peers: build ## Compare with DuckDB, Polars and DataFusion on TPC-H (SF=1 RUNS=5 THREADS=2)
	@$(PYTHON) -B bench/peers/environment.py data/venv
	@data/venv/bin/python -B bench/peers --sf $${SF:-1} --runs $${RUNS:-5} --threads $${THREADS:-2} $(ARGS)

bench-shapes: build ## Compare on group-bys, joins, web events, file layouts (SUITES="groupby join events layouts" ROWS= SF= RUNS=5)
	@$(PYTHON) -B bench/peers/environment.py data/venv
	@failed=; for suite in $${SUITES:-groupby join events layouts}; do \
		data/venv/bin/python -B bench/peers --suite $$suite $${ROWS:+--rows $$ROWS} $${SF:+--sf $$SF} \
			--runs $${RUNS:-5} --threads $${THREADS:-2} $(ARGS) || failed=1; \
	done; [ -z "$$failed" ]

bench-latency: build ## Latency and rate of small statements through Flight SQL, from Python and from 64 Go clients
	@$(PYTHON) -B bench/peers/environment.py data/venv
	@tables=data/peers/sf1; [ -d $$tables ] || tables=data/tpch/sf1; \
		[ -d $$tables ] || bin/skein tpch generate --sf 1 --out $$tables; \
		go run ./bench/latency --tables $$tables $(ARGS)

lint: ## Check format, vet, staticcheck and the rules of internal/lint
	@files=$$(gofmt -l .); [ -z "$$files" ] || { printf 'not gofmt-clean:\n%s\n' "$$files" >&2; exit 1; }
	go vet ./...
	CGO_ENABLED=0 GOARCH=arm64 GOAMD64= go vet ./...
	go tool staticcheck ./...
	go test -timeout $(TIMEOUT) ./internal/lint

fuzz: ## Run every fuzz target for FUZZTIME (30s)
	scripts/fuzz.sh

demo: build ## TPC-H at SF 1, from generated files to checked answers, on an embedded cluster
	@scripts/demo.sh

slt-expectations: ## Write the answers of .slt files with PostgreSQL 15 (FILES="a.slt b.slt", default all)
	$(PYTHON) internal/logictest/generate $(FILES)

minio: ## Build the MinIO server for s3-check, once, into data/bin (about 5 minutes)
	@go version -m data/bin/minio 2>/dev/null | grep -qF '$(MINIO_VERSION)' || { \
		echo 'building MinIO $(MINIO_VERSION)'; \
		GOBIN='$(CURDIR)/data/bin' nice go install -trimpath github.com/minio/minio@$(MINIO_VERSION); }

s3-check: minio ## Run the tests against a MinIO server: object store, 22 TPC-H queries, errors
	SKEIN_MINIO='$(CURDIR)/data/bin/minio' go test -count=1 -timeout $(TIMEOUT) -run MinIO ./storage/object ./internal/node

s3-bench: minio ## TPC-H from MinIO beside the same files on disk (SF=1)
	SKEIN_MINIO='$(CURDIR)/data/bin/minio' SKEIN_S3_SF=$${SF:-1} go test -count=1 -timeout 60m -v -run MinIOBesideLocal ./internal/node

clients-check: build ## Run the suites of clients against a server (CLIENTS="python pyarrow superset go jdbc node conformance validation", WRITE=1 for docs/clients)
	@$(PYTHON) -B clients/check.py $(if $(WRITE),--write) $(CLIENTS)

load: ## Load and abuse the Flight SQL layer: as many streams abandoned, clients killed, random messages as N says (N=10000)
	SKEIN_LOAD=$(or $(N),10000) go test -count=1 -timeout 60m -v -run 'Test(TwoHundred|Abandoned|Slow|ClientsKilled|RandomBytes|LargeHeaders)' ./flight

deploy-check: ## Check what deploy/ has: the Helm chart, and the unit where systemd is
	go run helm.sh/helm/v3/cmd/helm@v3.22.0 lint --strict deploy/helm/skein
	go run helm.sh/helm/v3/cmd/helm@v3.22.0 template skein deploy/helm/skein --set worker.autoscaling.enabled=true >/dev/null
	if command -v systemd-analyze >/dev/null; then sed 's#/usr/local/bin/skein#/bin/true#' deploy/systemd/skein.service >"$${TMPDIR:-/tmp}/skein.service"; \
		systemd-analyze verify "$${TMPDIR:-/tmp}/skein.service"; fi

BROWSER ?= chromium

console-check: ## Look at the web console in a headless Chromium, which Debian's packages have (BROWSER=chromium)
	@command -v $(BROWSER) >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends $(BROWSER); } || \
		{ echo '$(BROWSER) is not installed, and apt-get has not installed it' >&2; exit 1; }
	SKEIN_BROWSER="$$(command -v $(BROWSER))" go test -count=1 -timeout 5m -run TestTheConsoleInABrowser -v ./internal/node

substrait-check: build ## Ask DataFusion, DuckDB, Acero and the official validator about our Substrait plans (loads Python packages)
	scripts/substrait-check.sh bin/skein

substrait-compliance: build ## Run IBM's compliance suite (SUBSTRAIT_COMPLIANCE=a checkout of github.com/IBM/substrait-compliance)
	scripts/substrait-compliance.sh bin/skein

substrait-plans: build ## Make the stored plans of other producers (loads Python and Maven packages)
	planner/substrait/standard/generate/generate.sh bin/skein

tpch-sf1-check: ## Check the generator against the reference's hashes at SF 1 too
	go test -timeout $(TIMEOUT) ./bench/tpch -sf1

tpch-answers: build ## Make the stored answers of SF (default 0.01) with PostgreSQL and DuckDB
	@sf=$${SF:-0.01}; \
		bin/skein tpch generate --sf $$sf --out data/tpch/sf$$sf; \
		$(PYTHON) bench/tpch/answers/make.py $$sf data/tpch/sf$$sf

clean: ## Remove what make made: bin/ and data/
	rm -rf bin data
