#!/usr/bin/env bash
# Formats every C++ file with clang-format-16 (scripts/setup.sh --tools installs it).
#
#   scripts/format.sh            rewrites what is not formatted
#   scripts/format.sh --check    only says which files are not, and fails if there are any
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
arguments=(-i)
case ${1:-} in
  --help | -h) show_help "$0" && exit 0 ;;
  --check) arguments=(--dry-run --Werror) ;;
  "") ;;
  *) fail "unknown argument $1; see $0 --help" ;;
esac
command -v clang-format-16 >/dev/null || fail "clang-format-16 is missing; scripts/setup.sh --tools installs it"
cd "$repository"
find include src tests -name '*.h' -o -name '*.cpp' -o -name '*.cu' | LC_ALL=C sort | xargs clang-format-16 "${arguments[@]}"
say "$(find include src tests -name '*.h' -o -name '*.cpp' -o -name '*.cu' | wc -l) files looked at"
