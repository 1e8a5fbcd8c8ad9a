#!/usr/bin/env bash
# Builds the unit tests with sanitizers and the standard library's assertions and runs them: AddressSanitizer and
# UndefinedBehaviorSanitizer into build-sanitize/, with --thread ThreadSanitizer into build-thread/.
#
#   scripts/sanitize.sh                 every room's unit tests
#   scripts/sanitize.sh core text       these rooms
#   scripts/sanitize.sh --thread        the rooms with threads of their own: core (log, registries, files), text, data
#   scripts/sanitize.sh --thread data
#
# LibTorch itself is not instrumented: what it keeps until the program ends is not a leak of ours, what crosses its border
# in standard containers is not annotated, and what its threads do among themselves is not watched.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
if [[ ${1:-} == --help ]]; then show_help "$0" && exit 0; fi
thread=""
if [[ ${1:-} == --thread ]]; then thread=yes && shift; fi
rooms=("$@")
if ((${#rooms[@]} == 0)); then
  if [[ $thread ]]; then
    rooms=(core text data)
  else
    mapfile -t rooms < <(awk '/^[0-9]/ && $2 != "apps" { print $2 }' "$repository/src/rooms.txt")
  fi
fi

sanitizers=address,undefined
export INFOMTL_BUILD=$build_folder-sanitize
if [[ $thread ]]; then sanitizers=thread INFOMTL_BUILD=$build_folder-thread; fi
"$repository/scripts/build.sh" "${rooms[@]/#/test_}" -DINFOMTL_SANITIZE=$sanitizers -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_FLAGS=-D_GLIBCXX_ASSERTIONS

export ASAN_OPTIONS=detect_container_overflow=0:strict_string_checks=1:detect_stack_use_after_return=1:detect_leaks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LSAN_OPTIONS=suppressions=$repository/scripts/leaks.txt:print_suppressions=0
export TSAN_OPTIONS=suppressions=$repository/scripts/races.txt:halt_on_error=1:ignore_noninstrumented_modules=1:second_deadlock_stack=1
if [[ $thread ]]; then export OMP_NUM_THREADS=1; fi  # OpenMP's own barriers are not instrumented
exec ctest --test-dir "$INFOMTL_BUILD" --output-on-failure -R "^unit\.($(IFS='|' && echo "${rooms[*]}"))$"
