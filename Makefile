# The front door. The build itself is meson's; the checks are files in tools/check.d.
RELEASE = -Dbuildtype=release -Db_lto=true -Db_pie=true

.PHONY: all run build check bench bench-again micro profile growth fuzz soak deb format lint deps clean
all: build

run: build              # a server on this machine, under ./run or $JACKDAW_RUN
	@tools/run

build: deps             # build/jackdaw
	@test -f build/build.ninja || meson setup build $(RELEASE)
	@ninja -C build server

check:                  # everything that can be checked in half an hour; the last line counts
	@tools/deps check
	@tools/check $(PARTS)

bench: build            # us, others and a floor, into bench/results.md; RUNS=1 SECONDS=3 ROWS='chat*' for parts
	@tools/deps bench
	@ninja -C build bench/load/load bench/floor/floor
	@bench/run $(if $(RUNS),--runs $(RUNS)) $(if $(SECONDS),--seconds $(SECONDS)) $(foreach row,$(ROWS),'$(row)')

bench-again: build      # three rows, chosen by the date, against bench/results.md
	@tools/deps bench
	@ninja -C build bench/load/load bench/floor/floor
	@bench/again $(if $(RUNS),--runs $(RUNS))

micro: build            # what single operations cost: docs/profile.md
	@ninja -C build micro
	@bench/micro/run

profile:                # where a message's time goes, into build-profile: ROWS (chat-1 chat-16 chat-tls-1)
	@tools/deps profile
	@bench/profile $(ROWS)

growth: build           # costs by sessions, contacts, accounts, loops: docs/growth.md; half an hour
	@ninja -C build bench/load/load
	@bench/growth
	@bench/growth --page

fuzz:                   # FUZZ_TIME seconds for each parser (60)
	@tools/deps check
	@tools/fuzz

soak: build             # SOAK_TIME for each part (10min); with HOURS=1 a mixed day of that length and a verdict on memory
ifdef HOURS
	@ninja -C build bench/load/load
	@bench/soak --hours $(HOURS)
else
	@tools/deps check
	@tools/soak
endif

deb:                    # build-deb/jackdaw_VERSION_ARCH.deb
	@tools/deps deb
	@tools/deb

format:                 # what git says has changed
	@tools/format

lint:                   # clang-tidy, cppcheck, layers; warnings are errors
	@tools/deps check
	@tools/lint

deps:
	@tools/deps build

clean:
	rm -rf build build-*
