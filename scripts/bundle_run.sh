#!/usr/bin/env bash
# Runs a program of this bundle (scripts/bundle.sh of infomtl made it) with the torch of this machine's Python:
#
#   ./run infomtl train configs/quickstart.json
#   ./run test_ops --gtest_filter='Linear*'
#
# INFOMTL_TORCH_DIR names another torch (the folder that holds lib/libtorch_cpu.so). data/ and models/ of the bundle are what
# INFOMTL_DATA and INFOMTL_CACHE name where they are not set.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
fail() {
  printf 'run: %s\n' "$*" >&2
  exit 1
}
case ${1:-} in
  "" | --help | -h)
    awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "${BASH_SOURCE[0]}"
    echo "Programs: $(cd "$here/bin" && echo *)"
    exit 0
    ;;
esac
program=$here/bin/$1
shift
[[ -f $program ]] || fail "there is no program $(basename -- "$program"); there are: $(cd "$here/bin" && echo *)"

# --- the torch -----------------------------------------------------------------------------------------------------------

wanted=$(<"$here/torch_version")
if [[ -n ${INFOMTL_TORCH_DIR:-} ]]; then
  torch=$INFOMTL_TORCH_DIR whose="INFOMTL_TORCH_DIR"
else
  whose="the torch of python3"
  place="import importlib.util as u; s = u.find_spec('torch'); print(list(s.submodule_search_locations)[0] if s else '')"
  torch=$(cd / && python3 -c "$place" 2>/dev/null) || torch=""
  [[ -n $torch ]] || fail "no torch found: python3 has none; install torch $wanted, or name its folder with INFOMTL_TORCH_DIR"
fi
[[ -f $torch/lib/libtorch_cpu.so ]] ||
  fail "no torch found: $whose is $torch, which holds no lib/libtorch_cpu.so; torch $wanted is needed"
found=""
if [[ -f $torch/version.py ]]; then
  found=$(sed -nE "s/^__version__ *(: *str *)?= *['\"]([0-9]+\.[0-9]+\.[0-9]+).*/\2/p" "$torch/version.py")
elif [[ -f $torch/build-version ]]; then  # LibTorch as a zip file
  found=$(sed -nE '1s/^([0-9]+\.[0-9]+\.[0-9]+).*/\1/p' "$torch/build-version")
fi
[[ $found == "$wanted" ]] ||
  fail "torch $wanted is needed, $whose ($torch) is ${found:-of an unknown version}; INFOMTL_TORCH_DIR names another"

# --- the libraries -------------------------------------------------------------------------------------------------------

path=$here/lib:$torch/lib
for each in "$torch"/../nvidia/*/lib; do if [[ -d $each ]]; then path=$path:$each; fi; done
path=$path${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# lacks PATH: the libraries, and the versions of libraries, that the program does not find.
lacks() {
  { LD_LIBRARY_PATH=$1 ldd "$program" 2>&1 || true; } | sed -nE \
    -e "s/^.*\/([^\/:]+): version \`([^']*)' not found.*/\2 of \1/p" \
    -e 's/^[[:space:]]*([^ ]+) => not found.*/\1/p' | sort -u | paste -sd ' '
}
if [[ -n $(lacks "$path") ]]; then path=$here/lib/cxx:$path; fi  # the C++ library of this machine is an older one
missing=$(lacks "$path")
[[ -z $missing ]] || fail "this machine lacks $missing"

export LD_LIBRARY_PATH=$path
if [[ -d $here/data ]]; then export INFOMTL_DATA=${INFOMTL_DATA:-$here/data}; fi
if [[ -d $here/models ]]; then export INFOMTL_CACHE=${INFOMTL_CACHE:-$here}; fi
if [[ -d $here/tests/fixtures ]]; then export INFOMTL_FIXTURES=$here/tests/fixtures; fi
exec "$program" "$@"
