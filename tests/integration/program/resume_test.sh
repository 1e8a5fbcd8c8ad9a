#!/usr/bin/env bash
# A run that is stopped (Ctrl-C, or killed outright) and continued ends like one that never was, bit for bit.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus
train() { "$program" train config.json --log-level warning "$@"; }

# bfloat16 runs in float32 where the processor has no instructions for it; both must continue exactly.
regimes=('--set weighting.name=uncertainty' '--set precision=bfloat16' '--set weighting.name=pcgrad --set training.regime=joint --set training.accumulate=2')
for extra in "${regimes[@]}"; do
  rm -rf whole broken killed
  # shellcheck disable=SC2086
  train --output whole $extra >/dev/null

  # Interrupted in the middle of an epoch.
  # shellcheck disable=SC2086
  "$program" train config.json --log-level warning --output broken $extra >/dev/null 2>broken.txt &  # train() would be a shell
  pid=$!
  for _ in $(seq 600); do
    [[ $(wc -l <broken/log.jsonl 2>/dev/null || echo 0) -ge 2 ]] && break
    sleep 0.05
  done
  kill -INT "$pid"
  status=0
  wait "$pid" || status=$?
  [[ $status == 130 ]] || die "an interrupted run ended with $status: $(cat broken.txt)"
  # shellcheck disable=SC2086
  train --output broken --resume $extra >/dev/null
  diff <(fingerprint whole) <(fingerprint broken) || die "continued run differs ($extra)"

  # Killed at once, wherever it is, again and again.
  for delay in 1.5 2.5 3.5; do
    status=0
    resume=$([[ -d killed/checkpoints/last ]] && echo --resume || echo)
    [[ -z $resume ]] && rm -rf killed
    # shellcheck disable=SC2086
    timeout -s KILL "$delay" "$program" train config.json --log-level warning --output killed $resume $extra >/dev/null 2>&1 || status=$?
  done
  resume=$([[ -d killed/checkpoints/last || -f killed/results.json ]] && echo --resume || echo)
  [[ -z $resume ]] && rm -rf killed
  # shellcheck disable=SC2086
  train --output killed $resume $extra >/dev/null
  diff <(fingerprint whole) <(fingerprint killed) || die "a run that was killed and continued differs ($extra)"
done
# Killed within an epoch, between evaluations there, with each task's own best.
rm -rf whole killed
often='--set training.evaluate_every=3 --set training.selection.per_task=true --set training.checkpoint_every=2 --set training.report_every=1'
bests() { fingerprint "$1" && (cd "$1/checkpoints" && sha256sum best-*/*.safetensors); }
# shellcheck disable=SC2086
train --output whole $often >/dev/null 2>progress.txt
contains progress.txt 'step 3: validation average'
[[ $(ls -d whole/checkpoints/best-* | wc -l) == 6 ]] || die "own bests: $(ls whole/checkpoints)"
# shellcheck disable=SC2086
"$program" train config.json --log-level warning --output killed $often --quiet >/dev/null 2>&1 &
pid=$!
for _ in $(seq 600); do
  [[ $(wc -l <killed/log.jsonl 2>/dev/null || echo 0) -ge 6 ]] && break
  sleep 0.02
done
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
# shellcheck disable=SC2086
train --output killed --resume $often >/dev/null 2>&1
diff <(bests whole) <(bests killed) || die "a run that was killed between evaluations and continued differs"

# Killed in the first epoch, with checkpoints between the ends of epochs.
rm -rf whole killed
every='--set training.checkpoint_every=2 --set training.keep=2 --set training.report_every=1'
# shellcheck disable=SC2086
train --output whole $every >/dev/null 2>progress.txt
contains progress.txt 'epoch 1 of'
contains progress.txt 'average'
[[ $(ls -d whole/checkpoints/step-* | wc -l) == 2 ]] || die "kept: $(ls whole/checkpoints)"
# shellcheck disable=SC2086
"$program" train config.json --log-level warning --output killed $every --quiet >/dev/null 2>killed.txt &
pid=$!
for _ in $(seq 600); do
  [[ $(wc -l <killed/log.jsonl 2>/dev/null || echo 0) -ge 3 ]] && break
  sleep 0.02
done
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
[[ -s killed/checkpoints/last/state.json ]] || die "nothing was saved in the first epoch: $(ls killed/checkpoints)"
! grep -q 'epoch' killed.txt || die "a quiet run said $(cat killed.txt)"
# shellcheck disable=SC2086
train --output killed --resume $every >/dev/null 2>&1
diff <(fingerprint whole) <(fingerprint killed) || die "a run that was killed in its first epoch and continued differs"
echo "1 passed, 0 failed"
