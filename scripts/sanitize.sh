#!/usr/bin/env bash
# Builds the unit tests with AddressSanitizer and UndefinedBehaviorSanitizer into build-sanitize/ and runs them.
#
#   scripts/sanitize.sh                 every room's unit tests
#   scripts/sanitize.sh core text       these rooms
#
# LibTorch itself is not instrumented: what it keeps until the program ends is not a leak of ours, and what crosses its
# border in standard containers is not annotated.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
if [[ ${1:-} == --help ]]; then show_help "$0" && exit 0; fi
rooms=("$@")
if ((${#rooms[@]} == 0)); then
  mapfile -t rooms < <(awk '/^[0-9]/ && $2 != "apps" { print $2 }' "$repository/src/rooms.txt")
fi

export INFOMTL_BUILD=$build_folder-sanitize
"$repository/scripts/build.sh" "${rooms[@]/#/test_}" -DINFOMTL_SANITIZE=address,undefined -DCMAKE_BUILD_TYPE=Release

export ASAN_OPTIONS=detect_container_overflow=0:strict_string_checks=1:detect_stack_use_after_return=1:detect_leaks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LSAN_OPTIONS=suppressions=$repository/scripts/leaks.txt:print_suppressions=0
exec ctest --test-dir "$INFOMTL_BUILD" --output-on-failure -R "^unit\.($(IFS='|' && echo "${rooms[*]}"))$"
