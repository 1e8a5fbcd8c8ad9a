#!/usr/bin/env bash
# Every check of the project, one after the other, each with its time; ends with a line per check and fails if any did.
#
#   scripts/checks.sh                     all of them: hours on a small machine
#   scripts/checks.sh tests lint          these
#
#   tests      g++ with warnings as errors, every test                           scripts/test.sh
#   alone      the library with every file compiled by itself, as cmake without options does
#   clang      everything built by clang with warnings as errors
#   address    AddressSanitizer, UndefinedBehaviorSanitizer, library assertions  scripts/sanitize.sh
#   thread     ThreadSanitizer                                                   scripts/sanitize.sh --thread
#   lint       clang-tidy over every file                                        scripts/lint.sh --all
#   format     clang-format                                                      scripts/format.sh --check
#   fuzz       every fuzz target for INFOMTL_FUZZ_SECONDS (60)                   scripts/fuzz.sh
#   kills      a hundred kills of a run                                          ctest -C Slow -L slow
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
if [[ ${1:-} == --help || ${1:-} == -h ]]; then show_help "$0" && exit 0; fi
all=(tests alone clang address thread lint format fuzz kills)
checks=("$@")
((${#checks[@]})) || checks=("${all[@]}")

run_tests() { "$repository/scripts/test.sh"; }
run_alone() { INFOMTL_BUILD=$build_folder-alone "$repository/scripts/build.sh" infomtl -DINFOMTL_UNITY=OFF; }
run_clang() {
  CC=clang-16 CXX=clang++-16 INFOMTL_BUILD=$build_folder-clang "$repository/scripts/build.sh" all -DINFOMTL_WERROR=ON \
    -DINFOMTL_BUILD_TESTS=ON
}
run_address() { "$repository/scripts/sanitize.sh"; }
run_thread() { "$repository/scripts/sanitize.sh" --thread; }
run_lint() { "$repository/scripts/lint.sh" --all; }
run_format() { "$repository/scripts/format.sh" --check; }
run_fuzz() { "$repository/scripts/fuzz.sh" "${INFOMTL_FUZZ_SECONDS:-60}"; }
run_kills() { ctest --test-dir "$build_folder" -C Slow -L slow --output-on-failure; }

for check in "${checks[@]}"; do
  [[ " ${all[*]} " == *" $check "* ]] || fail "no check \"$check\"; there are ${all[*]}"
done
status=0 summary=()
for check in "${checks[@]}"; do
  say "$check"
  begin=$SECONDS result=passed
  "run_$check" || { result=FAILED && status=1; }
  summary+=("$(printf '%-8s %-7s %6d s' "$check" "$result" $((SECONDS - begin)))")
done
printf '%s\n' "${summary[@]}"
exit "$status"
