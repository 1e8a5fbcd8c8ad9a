#!/usr/bin/env bash
# Phases and parameter groups through the program: what rests keeps its bits, and a run that is killed in the middle of
# a phase and continued ends like one that never was, bit for bit.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus
cat >phases.json <<'JSON'
{
  "extends": "config.json",
  "optimizer": {
    "name": "adamw", "learning_rate": 2e-3, "weight_decay": 0.01, "layer_decay": 0.9,
    "groups": [
      {"match": "encoder.embeddings.position_embeddings.*", "trains": false},
      {"match": "encoder", "learning_rate": 5e-4},
      {"match": "heads", "rate_factor": 2, "weight_decay": 0}
    ]
  },
  "training": {"epochs": 4, "selection": {"monitor": "last"},
               "phases": [{"epochs": 1, "freeze": ["encoder"]}, {"epochs": 2, "freeze": ["heads.topic.*"]}, {"epochs": 1}]}
}
JSON
train() { "$program" train phases.json --log-level "${level:-warning}" "$@"; }
fingerprint() {
  (cd "$1/checkpoints" && sha256sum best/*.safetensors last/*.safetensors)
  sed -E 's/,?"[a-z_]*_per_second": *[-+0-9.e]+//g' "$1/log.jsonl"
}
# encoder FOLDER: the checksum of the encoder's weights in the last checkpoint.
encoder() { sha256sum <"$1/checkpoints/last/model.safetensors"; }

level=info train --output whole >/dev/null 2>whole.txt
contains whole.txt 'phase 1 of 3; resting: encoder'
contains whole.txt 'phase 2 of 3; resting: heads.topic.*'
contains whole.txt 'phase 3 of 3'
contains whole/checkpoints/last/state.json 'optimizer_fewer_updates'

epoch=$(($(grep -oE '"total_steps": *[0-9]+' whole/log.jsonl | head -1 | grep -oE '[0-9]+') / 4))
# stop_after FOLDER RECORDS [--resume]: trains until the log holds so many records of steps, then interrupts.
stop_after() {
  # The program itself, not a shell that runs it: the signal must reach it.
  "$program" train phases.json --log-level warning --output "$1" ${3:-} --set training.report_every=1 >/dev/null 2>stop.txt &
  local pid=$! status=0
  for _ in $(seq 1200); do
    [[ $(grep -c '"loss/' "$1/log.jsonl" 2>/dev/null || true) -ge $2 ]] && break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.02
  done
  kill -INT "$pid" 2>/dev/null || true
  wait "$pid" || status=$?
  [[ $status == 130 ]] || die "an interrupted run ended with $status: $(cat stop.txt)"
}
train --output reference --set training.report_every=1 >/dev/null
# In the middle of each phase, one after the other.
stop_after broken $((epoch / 2))
resting=$(encoder broken)
stop_after broken $((epoch + epoch / 2)) --resume
[[ $resting != "$(encoder broken)" ]] || die "the encoder never trained"
train --output broken --resume --set training.report_every=1 >/dev/null
diff <(fingerprint reference) <(fingerprint broken) || die "a run continued in the middle of a phase differs"

# Killed outright, again and again.
for delay in 1.2 1.8 2.4; do
  resume=$([[ -d killed/checkpoints/last ]] && echo --resume || echo)
  [[ -z $resume ]] && rm -rf killed
  # shellcheck disable=SC2086
  timeout -s KILL "$delay" "$program" train phases.json --log-level warning --output killed $resume >/dev/null 2>&1 || true
done
resume=$([[ -d killed/checkpoints/last || -f killed/results.json ]] && echo --resume || echo)
[[ -z $resume ]] && rm -rf killed
# shellcheck disable=SC2086
train --output killed $resume >/dev/null
diff <(fingerprint whole) <(fingerprint killed) || die "a run that was killed in a phase and continued differs"

# While the encoder rests, its weights are those it started from.
train --output frozen --set 'training.phases=[{"epochs": 1, "freeze": ["encoder"]}]' --set training.epochs=1 >/dev/null
[[ $resting == "$(encoder frozen)" ]] || die "a resting encoder moved"

# Mistakes are told with file, field and cure, before anything is trained.
refused() { # TEXT ARGUMENTS
  local text=$1 status=0
  shift
  train --output refused "$@" >/dev/null 2>refused.txt || status=$?
  [[ $status == 2 ]] || die "not refused ($status): $*"
  contains refused.txt "$text"
  [[ ! -e refused/log.jsonl ]] || die "a refused run was begun"
}
refused 'did you mean "encoder"?' --set 'optimizer.groups=[{"match": "encodr", "rate_factor": 0.1}]'
refused 'optimizer/groups/0' --set 'optimizer.groups=[{"match": "heads", "rate_facto": 0.1}]'
refused 'the phases up to here take 4 epochs, but training has 5' --set training.epochs=5
refused 'every shared parameter rests' --set weighting=pcgrad --set training.regime=joint
echo "1 passed, 0 failed"
