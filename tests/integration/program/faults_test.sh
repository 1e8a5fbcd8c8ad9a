#!/usr/bin/env bash
# A system that fails under a run: a full disk, a folder that cannot be written, a checkpoint that goes away, a second
# process, signals, renames that fail, a clock that is set back. Every end is a sentence, and the run goes on from it.
#
#   faults_test.sh PROGRAM FAULTY_SYSTEM.so
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
faulty=$2
make_corpus
cat >faults.json <<'JSON'
{"extends": "config.json", "training": {"epochs": 2, "checkpoint_every": 3, "report_every": 1}}
JSON
train() { "$program" train faults.json --log-level error --quiet "$@" >/dev/null; }
# start FOLDER ARGUMENTS...: a run in the background, as $pid, that has a checkpoint.
start() {
  local place=$1
  shift
  "$program" train faults.json --log-level error --quiet --output "$place" "$@" >/dev/null 2>"$place.txt" &
  pid=$!
  for _ in $(seq 2000); do
    [[ -s $place/checkpoints/last/state.json ]] && return
    sleep 0.01
  done
  die "no checkpoint in time: $(cat "$place.txt")"
}
# ends STATUS TEXT COMMAND...: it ends so, in one line that holds TEXT.
ends() {
  local wanted=$1 text=$2 status=0
  shift 2
  "$@" 2>err.txt || status=$?
  [[ $status == "$wanted" ]] || die "$*: status $status, not $wanted: $(cat err.txt)"
  [[ $(wc -l <err.txt) == 1 ]] || die "$*: not one line: $(cat err.txt)"
  contains err.txt "$text"
}
finishes_as_whole() { # finishes_as_whole FOLDER
  train --output "$1" --resume || die "$1: cannot go on"
  diff <(fingerprint whole) <(fingerprint "$1") >/dev/null || die "$1: differs from a run without faults"
}
train --output whole

# Two processes on one folder; SIGTERM saves and ends with 130.
start busy --set training.epochs=50
ends 2 'another process' train --output busy --resume --set training.epochs=50
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
[[ $status == 130 ]] || die "SIGTERM: status $status: $(cat busy.txt)"
# An encoder with another dropout is refused.
cp corpus/encoder/config.json kept.json
sed -i -E 's/("hidden_dropout_prob": *)[0-9.]+/\10.25/' corpus/encoder/config.json
cmp -s kept.json corpus/encoder/config.json && die "the dropout did not change"
ends 2 'hidden_dropout_prob' train --output busy --resume --set training.epochs=50
cp kept.json corpus/encoder/config.json

# A log that is gone is told.
rm busy/log.jsonl
"$program" train faults.json --log-level warning --quiet --output busy --resume --set training.epochs=50 >/dev/null 2>log_gone.txt &
pid=$!
for _ in $(seq 2000); do
  [[ -s busy/log.jsonl ]] && break
  sleep 0.01
done
kill -TERM "$pid"
wait "$pid" || true
contains log_gone.txt 'log.jsonl: is gone'

# What SIGTERM saved goes on.
start ended
kill -TERM "$pid"
wait "$pid" || true
finishes_as_whole ended

# Ctrl-C twice ends at once; the last checkpoint goes on.
start twice
kill -INT "$pid" && kill -INT "$pid"
status=0
wait "$pid" 2>/dev/null || status=$?
[[ $status == 130 || $status == 0 ]] || die "Ctrl-C twice: status $status: $(cat twice.txt)"
finishes_as_whole twice

# The checkpoints go away under the run: it saves new ones, or says what is gone.
start gone
rm -rf gone/checkpoints 2>/dev/null || true # while it is removed, the run may write there
status=0
wait "$pid" || status=$?
if [[ $status != 0 ]]; then
  [[ $status == 2 && $(wc -l <gone.txt) == 1 ]] || die "checkpoints removed: status $status: $(cat gone.txt)"
  contains gone.txt gone/checkpoints
fi
rm -f gone/results.json
train --output gone --resume 2>gone.txt || die "checkpoints removed: cannot go on: $(cat gone.txt)"

# Renames that fail.
for number in 2 9 17; do
  rm -rf renamed
  status=0
  LD_PRELOAD=$faulty FAULTY_RENAME_FAILS=$number train --output renamed 2>err.txt || status=$?
  [[ $status == 2 && $(wc -l <err.txt) == 1 ]] || die "rename $number fails: status $status: $(cat err.txt)"
  finishes_as_whole renamed
done

# A clock that is set back by a day, again and again.
LD_PRELOAD=$faulty FAULTY_CLOCK=86400 train --output clock
diff <(fingerprint whole) <(fingerprint clock) >/dev/null || die "the time of day changes a run"

# A full disk, and one that cannot be written: needs a file system of its own.
mkdir disk
if mount -t tmpfs -o size=64m tmpfs disk 2>/dev/null; then
  trap 'umount "$folder/disk" 2>/dev/null || true; rm -rf "$folder"' EXIT
  start disk/run
  kill -INT "$pid" && wait "$pid" || true
  if [[ ! -f disk/run/results.json ]]; then
    head -c 64M /dev/zero >disk/filler 2>/dev/null || true
    ends 2 'disk/run' train --output disk/run --resume
    truncate -s -64K disk/filler  # enough for the log, not for a checkpoint
    ends 2 'disk/run' train --output disk/run --resume
    "$program" evaluate disk/run --log-level error >/dev/null 2>err.txt || grep -q 'no best checkpoint' err.txt ||
      die "a full disk: the checkpoint does not load: $(cat err.txt)"
    mount -o remount,ro disk && ends 2 'disk/run' train --output disk/run --resume
    mount -o remount,rw disk
    rm disk/filler
  fi
  finishes_as_whole disk/run
  umount disk
else
  echo "skipped: a full disk and one that cannot be written (mounting a tmpfs needs root)"
fi
echo "1 passed, 0 failed"
