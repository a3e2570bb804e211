# Everything that a developer or a build machine runs. `make help` lists it.

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# What `make run` hands to `cardproof demo`, such as ARGS="--listen 192.168.1.20:8080".
ARGS ?=
# The race detector watches all code but the inside of SQLite and of Go's cryptography and compression: none is ours, and to watch them took more
# than half of the time of `cardproof init`. What our code and database/sql do around a call is watched; so are all locks.
RACE := -race '-gcflags=modernc.org/...=-race=0 -d=checkptr=0' '-gcflags=crypto/internal/fips140/...=-race=0' '-gcflags=golang.org/x/crypto/...=-race=0' '-gcflags=compress/...=-race=0'
# How long `make fuzz` stays with each target: a count of runs, or a time such as 10m.
FUZZTIME ?= 6000x

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run build test race e2e lint fuzz bench deps

help: ## list the targets
	@awk -F ': .*## ' '/^[a-z0-9]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' Makefile

run: build ## issue the demo roster and serve its cards
	bin/cardproof demo $(ARGS)

build: ## build both programs into bin/
	go build -trimpath -o bin/ ./cmd/...

test: deps lint race e2e fuzz ## everything that has to be green, with what it needs installed first
	@echo "make test: all green (format, vet, staticcheck, shellcheck, modules, race, e2e, fuzz)"

race: ## the tests, with the race detector
	@# A program under the detector sleeps for a second when it ends, lest it miss a last race: here hundreds end.
	@# One package more than there are processors, and two tests more of a package that may run together: some wait, for a server or a retry.
	GORACE=atexit_sleep_ms=50 go test -p $$(($$(nproc) + 1)) -parallel $$(($$(nproc) + 2)) $(RACE) -timeout 40m ./...

e2e: deps ## the tests with a browser, QR readers, databases and kill -9, and the long ones of one goroutine
	scripts/e2e -timeout 40m -parallel $$(($$(nproc) + 2))

lint: deps ## format, vet, staticcheck, shellcheck, tidy modules
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "run gofmt -w on:" $$unformatted >&2; exit 1; fi
	go vet -tags e2e ./...
	go run $(STATICCHECK) -tags e2e ./...
	shellcheck scripts/* .ci/run
	go mod tidy -diff

fuzz: ## every fuzz target for FUZZTIME (6000x)
	scripts/fuzz $(FUZZTIME)

bench: ## the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

deps: ## install what the tests need beside Go
	@scripts/test-deps
