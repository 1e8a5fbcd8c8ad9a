#!/usr/bin/env bash
# The timing process does what its driver counts on: training_smoke.sh BENCH_TRAINING INFOMTL
set -euo pipefail
bench=$1 program=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" synthesize "$folder/corpus" --rows 160 >"$folder/ceilings.json"
time_it() {
  "$bench" "$folder/corpus/corpus.json" "$folder/run" 1 'losses=["supervised"]' "$@" 2>"$folder/talk.txt"
}
answers=$(printf 'steps 2\ngemm 2\nsteps 1\n' |
  time_it training.epochs=3 training.batch_size=16)
[[ $(wc -l <<<"$answers") == 3 ]]
grep -q '"examples":32' <<<"$(sed -n 1p <<<"$answers")"
grep -q '"gflops"' <<<"$(sed -n 2p <<<"$answers")"
if printf 'stops 2\n' | time_it; then exit 1; fi
grep -q 'no command "stops"' "$folder/talk.txt"
