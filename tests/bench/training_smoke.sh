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
answers=$(printf 'about\nsteps 2\ngemm float32 1\nsteps 1\n' |
  time_it training.epochs=3 training.batch_size=16)
[[ $(wc -l <<<"$answers") == 4 ]]
grep -q '"LibTorch"' <<<"$(sed -n 1p <<<"$answers")"
grep -q '"examples":32' <<<"$(sed -n 2p <<<"$answers")"
grep -q '"training_peak":[1-9]' <<<"$(sed -n 2p <<<"$answers")"
grep -q '"gflops"' <<<"$(sed -n 3p <<<"$answers")"
refuses() { # command, part of the message
  if printf '%s\n' "$1" | time_it; then exit 1; fi
  grep -q "$2" "$folder/talk.txt"
}
refuses 'stops 2' 'no command "stops"'
refuses 'steps' 'steps N'
refuses 'gemm float16 1' 'not float16'
