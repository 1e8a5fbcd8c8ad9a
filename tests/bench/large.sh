#!/usr/bin/env bash
# What large tasks cost: rows, tasks and labels by the thousand, on the embedded corpus' small encoder. Prints a line each:
# seconds until the first step, steps per second, peak memory, bytes per row over a run of few rows.
#
#   tests/bench/large.sh PROGRAM [ROWS] [STEPS]      default: 1000000 rows, 300 steps; needs /tmp room of 100 bytes a row
set -euo pipefail
program=$(realpath "$1") rows=${2:-1000000} steps=${3:-300}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$program" synthesize corpus --seed 1 --rows 100 >/dev/null

table() { # table ROWS LABELS: texts of about 60 bytes
  awk -v rows="$1" -v labels="$2" 'BEGIN {
    print "text,label"
    for (i = 0; i < rows; ++i) print "the weather of town " i " is fine and the game of day " i % 977 " was long,c" i % labels
  }'
}
record() { # record NAME FILE LABELS
  local labels
  labels=$(awk -v n="$3" 'BEGIN { for (i = 0; i < n; ++i) printf "%s\"c%d\"", (i ? "," : ""), i }')
  printf '{"name":"%s","type":"classification","labels":[%s],"splits":{"train":{"file":"%s"},"validation":{"file":"few.csv"}}}' \
    "$1" "$labels" "$2"
}
config() { # config NAME RECORDS
  printf '{"encoder":{"path":"corpus/encoder","max_length":32},"data":{"tasks":[%s]},"losses":["supervised"],
    "training":{"epochs":1000,"max_steps":%d,"batch_size":16,"selection":{"monitor":"last"}}}' "$2" "$steps" >"$1.json"
}
few_memory=0
measure() { # measure NAME WHAT ROWS
  local begin=$EPOCHREALTIME
  "$program" train "$1.json" --output "run-$1" --quiet --log-level error >/dev/null
  local wall
  wall=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000))
  local seconds memory
  seconds=$(sed -nE 's/^ *"seconds": *([0-9.e+-]+),?$/\1/p' "run-$1/results.json" | head -n 1)
  memory=$(sed -nE 's/^ *"peak_memory_bytes": *([0-9]+),?$/\1/p' "run-$1/results.json" | head -n 1)
  [[ $few_memory != 0 ]] || few_memory=$memory
  awk -v what="$2" -v wall="$wall" -v seconds="$seconds" -v steps="$steps" -v memory="$memory" -v few="$few_memory" -v rows="$3" 'BEGIN {
    printf "%-22s start and end %6.1f s   %7.1f steps/s   peak %7.1f MB   %7.1f bytes a row more\n", what, wall / 1000 - seconds,
      steps / seconds, memory / 1e6, (memory - few) / rows }'
}

table 100 2 >few.csv
table 10000 2 >small.csv
table "$rows" 2 >large.csv
config small "$(record a small.csv 2)"
config large "$(record a large.csv 2)"
measure small '10000 rows' 10000
measure large "$rows rows" "$rows"
records=""
for i in $(seq 100); do records+="${records:+,}$(record "t$i" few.csv 2)"; done
config tasks "$records"
measure tasks '100 tasks' 10000
table 20000 20000 >labels.csv
config labels "$(record a labels.csv 20000)"
measure labels '20000 labels' 20000
head -c 50000000 /dev/zero | tr '\0' x >one_line.csv
config one_line "$(record a one_line.csv 2)"
"$program" train one_line.json --output run-one_line --log-level error 2>&1 | head -n 2 || true
