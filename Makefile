# The front door. The build itself is meson's; the checks are files in tools/check.d.
RELEASE = -Dbuildtype=release -Db_lto=true -Db_pie=true

.PHONY: all run build check bench fuzz soak deb format lint deps clean
all: build

run: build              # a server on this machine, under ./run or $JACKDAW_RUN
	@tools/run

build: deps             # build/jackdaw
	@test -f build/build.ninja || meson setup build $(RELEASE)
	@ninja -C build server

check:                  # everything that can be checked in half an hour; the last line counts
	@tools/deps check
	@tools/check $(PARTS)

bench: build            # figures of ours against bench/budgets.tsv
	@ninja -C build bench/load/load
	@bench/measure

fuzz:                   # FUZZ_TIME seconds for each parser (60)
	@tools/deps check
	@tools/fuzz

soak: build             # SOAK_TIME for each part (10min)
	@tools/deps check
	@tools/soak

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
