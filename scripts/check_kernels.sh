#!/usr/bin/env bash
# Compiles the CUDA kernels for one architecture and prints registers, spills and shared memory of each. Needs nvcc, no
# GPU and no LibTorch. Ends with status 1 when a kernel spills registers, or does not compile.
#
#   scripts/check_kernels.sh         for sm_90
#   scripts/check_kernels.sh 80      for sm_80
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
architecture=90
case ${1:-} in
  --help | -h) show_help "$0" && exit 0 ;;
  "") ;;
  *[!0-9a-z]*) fail "unknown argument $1; see $0 --help" ;;
  *) architecture=$1 ;;
esac
nvcc=${CUDACXX:-nvcc}
command -v "$nvcc" >/dev/null || fail "nvcc is missing; CUDACXX names another one"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$repository/src"
mapfile -t sources < <(find . -name '*.cu' | LC_ALL=C sort)
for source in "${sources[@]#./}"; do
  say "compiling $source for sm_$architecture"
  "$nvcc" -std=c++17 -O3 "-arch=sm_$architecture" -cubin -Xptxas -v -Werror all-warnings \
    -Xcompiler=-Wall,-Wextra,-Wshadow,-Wconversion,-Wno-sign-conversion -I. -I../include \
    -o "$folder/kernels.cubin" "$source" >>"$folder/log" 2>&1 || { cat "$folder/log" >&2 && fail "$source does not compile"; }
done

# ptxas names a kernel, then its spills, then its registers; the mangled name says storage type and template number.
awk '
  /Compiling entry function/ { match($0, /\x27[^\x27]*\x27/); name = substr($0, RSTART + 1, RLENGTH - 2) }
  /bytes spill stores/ { spills = $0; sub(/.*frame, /, "", spills); split(spills, part, " "); spilled = part[1] + part[5] }
  /Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/); registers = substr($0, RSTART + 5, RLENGTH - 5)
    shared = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART, RLENGTH - 11) : 0
    print name, registers, spilled, shared
  }' "$folder/log" | c++filt -p | sed -E 's/infomtl::((ops::)?(cuda|kernels)::)?//g; s/\(anonymous namespace\):://g; s/, /,/g' |
  sort >"$folder/table"
printf '%-48s %9s %7s %7s\n' kernel registers spills shared
awk '{ printf "%-48s %9d %7d %7d\n", $1, $2, $3, $4; count++; if ($3 > 0) bad++ }
  END { if (count == 0) { print "no kernel found" > "/dev/stderr"; exit 1 } exit bad > 0 }' "$folder/table" ||
  fail "registers spill"
