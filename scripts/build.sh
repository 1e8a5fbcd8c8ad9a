#!/usr/bin/env bash
# Configures and builds into build/ (Ninja, Release); the program is build/bin/infomtl.
#
#   scripts/build.sh                       the program
#   scripts/build.sh all                   everything: library, program, examples, tests
#   scripts/build.sh TARGET... -DNAME=VALUE...   what Ninja and CMake are told besides
#
# INFOMTL_BUILD names another build folder, INFOMTL_JOBS the number of jobs. Run scripts/setup.sh first.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

targets=() definitions=()
for argument in "$@"; do
  case $argument in
    --help | -h) show_help "$0" && exit 0 ;;
    -D*) definitions+=("$argument") ;;
    *) targets+=("$argument") ;;
  esac
done
((${#targets[@]})) || targets=(bin/infomtl)

# Warnings are errors where the compiler is the one the project is developed with; a newer one may know more warnings.
if [[ $(${CXX:-g++} -dumpversion 2>/dev/null) == 12 ]]; then definitions=(-DINFOMTL_WERROR=ON "${definitions[@]}"); fi

say "configuring $build_folder"
cmake -S "$repository" -B "$build_folder" -G Ninja -DCMAKE_BUILD_TYPE=Release -DINFOMTL_UNITY=ON "${definitions[@]}" >&2
jobs=$(build_jobs)
say "building ${targets[*]} with $jobs jobs"
cmake --build "$build_folder" --parallel "$jobs" --target "${targets[@]}" >&2
