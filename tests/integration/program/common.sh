# Sourced by the program's tests: `$program` is the built program, `$folder` a fresh scratch folder that goes away with the test.
# shellcheck shell=bash
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# Steps of a corpus this small take longer on two threads than on one.
program=$folder/infomtl
printf '#!/bin/sh\nexec %q "$@" --threads 1\n' "$1" >"$program"
chmod +x "$program"

die() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
# contains FILE TEXT
contains() { grep -qF -- "$2" "$1" || die "$1 does not hold \"$2\": $(head -c 2000 "$1")"; }

mistakes=0
# refuse_in_one_line TEXT ARGUMENTS...: the program must end with 2, in one line that holds TEXT, and leave no folder "run".
refuse_in_one_line() {
  local text=$1 status=0
  shift
  "$program" "$@" >out.txt 2>err.txt </dev/null || status=$?
  [[ $status == 2 ]] || die "$*: status $status, not 2: $(cat err.txt)"
  [[ $(grep -vc '^\[' err.txt) == 1 ]] || die "$*: not one line: $(cat err.txt)"
  contains err.txt "$text"
  [[ ! -e run ]] || die "$*: wrote a run folder"
  mistakes=$((mistakes + 1))
}

# A small corpus with an encoder that starts from random weights, and a config that trains it in seconds.
make_corpus() {
  "$program" synthesize corpus --seed 3 --rows 160 >ceilings.json
  cat >config.json <<'JSON'
{
  "extends": "corpus/corpus.json",
  "head": {"name": "gaussian"},
  "losses": [{"name": "supervised"}, {"name": "simax", "weight": 0.1, "tasks": ["topic", "polarity", "emotion", "answer"]},
             {"name": "timin", "weight": 0.01}],
  "optimizer": {"name": "adamax", "learning_rate": 2e-3},
  "training": {"epochs": 2, "batch_size": 16, "report_every": 5}
}
JSON
}

# What must be equal of two runs that are one: parameters, optimiser, what weightings keep, log records without timings, scores.
fingerprint() {
  (cd "$1/checkpoints" && sha256sum best/*.safetensors last/*.safetensors)
  sed -E 's/,?"[a-z_]*_per_second": *[-+0-9.e]+//g' "$1/log.jsonl"
  sed -E '/"(seconds|examples_per_second|tokens_per_second|peak_memory_bytes)"/d' "$1/results.json"
}
