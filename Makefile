# make test    every test; the whole-system suite on Ferropost and on Debian's postfix
# make run     a private mail system under ./run, SMTP on 127.0.0.1:2525, until Ctrl-C
# make install DESTDIR=... PREFIX=...
# make release MONGODB=yes (also build, install)    with the driver of mongodb: tables, whose library takes minutes to compile

CARGO ?= cargo
PREFIX ?= /usr
DESTDIR ?=
ROUNDS ?= 200
MONGODB ?=

# nextest runs each whole-system case in a process of its own; cargo test does for a machine without it.
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)
RUN_TESTS = $(if $(NEXTEST),$(CARGO) nextest run --locked,$(CARGO) test --locked --no-fail-fast)

# What has a feature of its own is built and tested by itself, so that the rest is compiled once, with or without it.
WITH_MONGODB = -p mongodb_table --features client

.PHONY: all build release mongodb test unit suite run install fmt lint bench kill-rounds reload-rounds fuzz clean

all: build

build:
	tests/prepare build
	$(CARGO) build --locked --workspace
	$(if $(MONGODB),$(CARGO) build --locked $(WITH_MONGODB))

release:
	tests/prepare build
	$(CARGO) build --locked --workspace --release
	$(if $(MONGODB),$(CARGO) build --locked --release $(WITH_MONGODB))

mongodb:
	tests/prepare build
	$(CARGO) build --locked $(WITH_MONGODB)

test: build mongodb
	tests/prepare test
	$(RUN_TESTS) $(WITH_MONGODB)
	$(RUN_TESTS) --workspace

unit: build
	$(RUN_TESTS) --workspace --exclude suite

suite: build mongodb
	tests/prepare test
	$(RUN_TESTS) -p suite

run: release
	etc/run

install: release
	DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" etc/install.sh target/release

fmt:
	$(CARGO) fmt --all

lint:
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked $(WITH_MONGODB) --all-targets -- -D warnings

bench: release
	tests/prepare test
	$(CARGO) run --locked --release -p bench

# Sudden death of daemons under load, as many rounds as wanted.
kill-rounds: build
	tests/prepare test
	SUITE_KILL_ROUNDS=$(ROUNDS) $(CARGO) test --locked -p suite --test kill -- --nocapture --test-threads 1

# Reloads under load, as many as wanted: nobody is refused, nothing is lost, no process stays.
reload-rounds: build
	tests/prepare test
	SUITE_RELOADS=$(ROUNDS) $(CARGO) test --locked -p suite --test reload -- --nocapture reload_under_load

# One target per parser, each for a minute.
fuzz:
	fuzz/run 60

clean:
	$(CARGO) clean
