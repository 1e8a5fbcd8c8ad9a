#!/usr/bin/env bash
# Training allocates nothing that grows: resident memory after 2,000 steps is that after 200 steps, within 1 %.
#
#   memory_growth.sh BENCH_TRAINING CONFIG THREADS [KEY=VALUE...]
set -euo pipefail
bench=$1 config=$2 threads=$3
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
answers=$(printf 'steps 200\nsteps 1800\n' | "$bench" "$config" "$folder/run" "$threads" training.epochs=1000000 "$@")
mapfile -t resident < <(sed -nE 's/.*"resident":([0-9]+).*/\1/p' <<<"$answers")
((${#resident[@]} == 2))
echo "resident after 200 steps: ${resident[0]} bytes, after 2000: ${resident[1]} bytes"
((resident[1] * 100 <= resident[0] * 101))
