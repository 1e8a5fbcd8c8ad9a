#!/usr/bin/env bash
# Runs clang-tidy-16 (scripts/setup.sh --tools installs it) over C++ files, with the flags of the build folder.
#
#   scripts/lint.sh              files that differ from where this branch left origin/main (on main itself: from the last commit)
#   scripts/lint.sh --base REV   files that differ from REV
#   scripts/lint.sh --all        every file of include/, src/ and tests/
#   scripts/lint.sh FILE...      these
#
# Needs a configured build folder (scripts/build.sh).
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$repository"
base="" files=()
while (($#)); do
  case $1 in
    --help | -h) show_help "$0" && exit 0 ;;
    --all) mapfile -t files < <(git ls-files 'include/*.h' 'src/*.cpp' 'tests/*.cpp') ;;
    --base) base=$2 && shift ;;
    *) files+=("$1") ;;
  esac
  shift
done
command -v clang-tidy-16 >/dev/null || fail "clang-tidy-16 is missing; scripts/setup.sh --tools installs it"
[[ -f $build_folder/compile_commands.json ]] || fail "no $build_folder/compile_commands.json; run scripts/build.sh first"

if ((${#files[@]} == 0)); then
  if [[ -z $base ]]; then
    base=$(git merge-base HEAD origin/main 2>/dev/null) || base=$(git rev-parse HEAD)
    [[ $base != "$(git rev-parse HEAD)" ]] || base=$(git rev-parse HEAD~1)
  fi
  mapfile -t files < <(git diff --name-only --diff-filter=d "$base" -- 'include/*.h' 'src/*.cpp' 'tests/*.cpp')
fi

# GCC's precompiled headers are noise to clang: each is compiled once more by clang, with the flags of a file that uses it.
# Its OpenMP has a header of its own, which need not be there.
database=$build_folder/lint
mkdir -p "$database"
sed -E 's# -Winvalid-pch##; s# -fopenmp # #; s#-include ([^ ]*)/cmake_pch\.hxx #-include-pch \1/lint.pch #' \
  "$build_folder/compile_commands.json" >"$database/compile_commands.json"

# Headers are looked at through the generated file that includes nothing else.
sources=()
for file in "${files[@]}"; do
  if [[ $file == include/* ]]; then file=$build_folder/headers/$(tr / _ <<<"${file#include/}").cpp; fi
  if ! grep -qF "\"file\": \"$(realpath "$file")\"" "$database/compile_commands.json"; then
    say "skipping $file, which this build does not compile"
  else
    sources+=("$(realpath "$file")")
  fi
done
((${#sources[@]})) || { say "nothing to look at" && exit 0; }

while read -r header; do
  folder=$(dirname -- "$header")
  if [[ ! -f $folder/lint.pch || $header -nt $folder/lint.pch ]]; then
    say "precompiling $header with clang"
    flags=$(grep -m 1 -F -- "-Winvalid-pch -include $header " "$build_folder/compile_commands.json" |
      sed -E 's/.*"command": "//; s/",?$//; s/^[^ ]* //; s/ -Winvalid-pch -include [^ ]+//; s/ -o .*//; s/\\(.)/\1/g')
    # shellcheck disable=SC2086
    (cd "$build_folder" && eval clang++-16 $flags -w -x c++-header "$header" -o "$folder/lint.pch")
  fi
done < <(for file in "${sources[@]}"; do grep -F "\"$file\"" -B 1 "$build_folder/compile_commands.json"; done |
  grep -oE -- '-include [^ ]*/cmake_pch\.hxx' | cut -d ' ' -f 2 | sort -u)

say "clang-tidy over ${#sources[@]} files"
# clang counts the warnings of other people's headers, which it was told to hide; the count goes too.
printf '%s\n' "${sources[@]}" |
  xargs -P "$(build_jobs)" -n 1 clang-tidy-16 -p "$database" --quiet --extra-arg=-Wno-unknown-warning-option \
    2> >(grep -vE '^[0-9]+ warnings?( and [0-9]+ errors?)? generated\.$' >&2 || true)
say "clean"
