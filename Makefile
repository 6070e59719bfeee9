# The front door. The build itself is meson's; the checks are files in tools/check.d.
RELEASE = -Dbuildtype=release -Db_lto=true -Db_pie=true

.PHONY: all run build check bench bench-again fuzz soak format lint deps clean
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

format:                 # what git says has changed
	@tools/format

lint:                   # clang-tidy, cppcheck, layers; warnings are errors
	@tools/deps check
	@tools/lint

deps:
	@tools/deps build

clean:
	rm -rf build build-*
