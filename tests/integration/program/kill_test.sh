#!/usr/bin/env bash
# Killed anywhere, a run goes on to the same bits: parameters, optimiser state, what weightings keep, log and scores, with no
# torn line in the log and nothing left over in its folder.
#
#   kill_test.sh PROGRAM FAULTY_SYSTEM.so [KILLS] [KILLS_IN_A_SAVE]
#
# KILLS (2) hit at random moments, KILLS_IN_A_SAVE (1) just before a random rename of a save. INFOMTL_SEED chooses them.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
faulty=$2 kills=${3:-2} in_saves=${4:-1}
RANDOM=${INFOMTL_SEED:-11}
make_corpus
cat >killed.json <<'JSON'
{"extends": "config.json", "weighting": "uncertainty",
 "training": {"epochs": 2, "checkpoint_every": 3, "keep": 2, "report_every": 1}}
JSON
train() { "$program" train killed.json --log-level error --quiet "$@" >/dev/null; }

# as_one WHOLE BROKEN WHAT: the second folder is what the first is.
as_one() {
  diff <(fingerprint "$1") <(fingerprint "$2") >difference.txt || die "$3: differs: $(head -c 1000 difference.txt)"
  local torn
  torn=$(grep -cvE '^\{.*\}$' "$2/log.jsonl" || true)
  [[ $torn == 0 ]] || die "$3: $torn torn lines in the log"
  diff <(cd "$1" && find . ! -name 'events.out.*' | sort) <(cd "$2" && find . ! -name 'events.out.*' | sort) >difference.txt ||
    die "$3: other files: $(cat difference.txt)"
  for kept in "$1"/checkpoints/step-*; do
    cmp -s "$kept/state.safetensors" "$2/checkpoints/$(basename "$kept")/state.safetensors" || die "$3: $(basename "$kept") differs"
  done
}

start=$EPOCHREALTIME
LD_PRELOAD=$faulty FAULTY_RENAME_LOG=$folder/renames.txt train --output whole
milliseconds=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
renames=$(wc -c <renames.txt)
((renames > 20)) || die "only $renames renames were seen; the faulty system is not in place"
as_one whole whole 'the whole run'

# At random moments, up to the end of the run. A run that ended before (the machine was busier when the whole one was timed)
# was not killed: another moment is drawn, from a shorter time.
for ((kill = 1; kill <= kills; ++kill)); do
  for (( ; ; )); do
    rm -rf killed
    moment=$((RANDOM * 32768 + RANDOM)) status=0
    moment=$((moment % milliseconds))
    timeout -s KILL "$((moment / 1000)).$(printf '%03d' $((moment % 1000 + 1)))" \
      "$program" train killed.json --log-level error --quiet --output killed >/dev/null 2>&1 || status=$?
    [[ $status != 137 ]] || break
    [[ $status == 0 ]] || die "to be killed after $moment ms, but the run ended with $status"
    milliseconds=$((moment > 200 ? moment : 200))
  done
  train --output killed --resume || die "killed after $moment ms: cannot go on"
  as_one whole killed "killed after $moment ms"
done

# Inside saves: nearly every rename is a part of one.
for ((kill = 1; kill <= in_saves; ++kill)); do
  rm -rf killed
  rename=$((RANDOM % renames + 1)) status=0
  LD_PRELOAD=$faulty FAULTY_RENAME_KILLS=$rename train --output killed 2>killed.txt || status=$?
  [[ $status == 137 ]] || die "rename $rename was to kill, but the run ended with $status: $(cat killed.txt)"
  train --output killed --resume || die "killed before rename $rename: cannot go on"
  as_one whole killed "killed before rename $rename"
done
echo "1 passed, 0 failed ($kills kills at random moments within $milliseconds ms, $in_saves before one of $renames renames)"
