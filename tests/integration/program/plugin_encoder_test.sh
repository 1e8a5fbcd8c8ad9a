#!/usr/bin/env bash
# An encoder that comes from a plugin, with rotary positions and pre-norm layers, lives through a run as those inside do.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
plugin=$2
make_corpus
sed -i 's/"model_type": "bert"/"model_type": "rotary"/' corpus/encoder/config.json
train() {
  "$program" --plugin "$plugin" train config.json --set weighting.name=pcgrad --set training.regime=joint \
    --log-level warning "$@"
}

train --output whole >table.txt
contains table.txt spans
contains whole/checkpoints/best/config.json '"model_type": "rotary"'

# Interrupted in the middle and continued: the same bits.
train --output broken >/dev/null 2>broken.txt &
pid=$!
for _ in $(seq 600); do
  [[ $(wc -l 2>/dev/null <broken/log.jsonl || echo 0) -ge 2 ]] && break
  sleep 0.05
done
kill -INT "$pid"
status=0
wait "$pid" || status=$?
[[ $status == 130 || $status == 0 ]] || die "an interrupted run ended with $status: $(cat broken.txt)"
train --output broken --resume >/dev/null
diff <(fingerprint whole) <(fingerprint broken) || die "a continued run differs"

# What was saved is read back, with the plugin only.
"$program" --plugin "$plugin" evaluate whole --json --log-level warning >scores.json
contains scores.json '"topic"'
status=0
"$program" evaluate whole --log-level warning 2>unknown.txt || status=$?
[[ $status == 2 ]] || die "an encoder of no registry: status $status"
contains unknown.txt 'unknown encoder "rotary"'
echo "1 passed, 0 failed"
