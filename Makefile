# Thin front of Meson. `make` leaves the program at build/reflash.
BUILD ?= build
SAN ?= build-asan

.PHONY: all build demo test test-long bench clean setup-build setup-demo setup-test format

all: setup-build build

setup-build setup-demo setup-test: setup-%:
	@tools/setup $*

$(BUILD)/build.ninja:
	@meson setup $(BUILD) $(MESON_ARGS) >/dev/null || { meson setup $(BUILD) $(MESON_ARGS); exit 1; }

build: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

demo: setup-demo build
	@tools/demo $(BUILD)/reflash

test: setup-test build
	@tests/run $(BUILD)

test-long: setup-test build
	@tests/run-long $(BUILD) $(SAN)

bench: setup-test build
	@tests/bench/run $(BUILD)

format:
	@clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	@rm -rf $(BUILD) $(SAN)
