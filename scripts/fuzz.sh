#!/usr/bin/env bash
# Builds the fuzz targets of tests/fuzz with clang-16, libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer into
# build-fuzz/ and runs each for some time.
#
#   scripts/fuzz.sh                        every target, ten minutes each
#   scripts/fuzz.sh 60 readers tokenizer   these, a minute each
#
# An input of 64 KiB may take 10 seconds, 256 MiB in one allocation and 2 GiB in all. What is found lies in
# build-fuzz/found/<target>/; once mended, its input belongs into tests/fuzz/corpus/<target>/, which the ordinary tests
# replay. What a target learned stays in build-fuzz/corpus/<target>/. At the end a line per target: runs, coverage, findings.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
if [[ ${1:-} == --help || ${1:-} == -h ]]; then show_help "$0" && exit 0; fi
seconds=600
if [[ ${1:-} =~ ^[0-9]+$ ]]; then seconds=$1 && shift; fi
targets=("$@")
if ((${#targets[@]} == 0)); then
  mapfile -t targets < <(sed -nE 's/^infomtl_fuzz\(([a-z_]+) .*/\1/p' "$repository/tests/fuzz/CMakeLists.txt")
fi
for target in "${targets[@]}"; do
  [[ -f $repository/tests/fuzz/${target}_fuzz.cpp ]] || fail "no target $target in tests/fuzz"
done
command -v clang++-16 >/dev/null || fail "clang++-16 is missing; scripts/setup.sh --tools installs it"

export INFOMTL_BUILD=$build_folder-fuzz CC=clang-16 CXX=clang++-16
"$repository/scripts/build.sh" "${targets[@]/#/fuzz_}" -DINFOMTL_FUZZ=ON \
  -DINFOMTL_SANITIZE=address,undefined,fuzzer-no-link -DCMAKE_BUILD_TYPE=Release -DINFOMTL_BUILD_APPS=OFF

export ASAN_OPTIONS=detect_container_overflow=0:strict_string_checks=1:allocator_may_return_null=0:detect_leaks=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LSAN_OPTIONS=suppressions=$repository/scripts/leaks.txt:print_suppressions=0
# Targets that write files would wait for a disk.
if [[ -z ${TMPDIR:-} && -w /dev/shm ]]; then export TMPDIR=/dev/shm; fi
status=0 summary=()
for target in "${targets[@]}"; do
  learned=$INFOMTL_BUILD/corpus/$target found=$INFOMTL_BUILD/found/$target log=$INFOMTL_BUILD/fuzz-$target.txt
  mkdir -p "$learned" "$found"
  say "$target: $seconds seconds"
  program=$(find "$INFOMTL_BUILD" -type f -name "fuzz_$target" -perm -u+x | head -n 1)
  "$program" "$learned" "$repository/tests/fuzz/corpus/$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 \
    -rss_limit_mb=2048 -malloc_limit_mb=256 -print_final_stats=1 -artifact_prefix="$found/" >"$log" 2>&1 || status=1
  runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)/\1/p' "$log")
  coverage=$(grep -oE 'cov: [0-9]+ ft: [0-9]+' "$log" | tail -n 1)
  summary+=("$target: ${runs:-?} runs, ${coverage:-no coverage}, $(find "$found" -type f | wc -l) findings ($log)")
done
printf '%s\n' "${summary[@]}"
exit "$status"
