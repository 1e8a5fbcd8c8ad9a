#!/usr/bin/env bash
# The example programs on the embedded corpus: examples_test.sh PROGRAM FOLDER-OF-EXAMPLES
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
examples=$2
make_corpus
"$examples/example_minimal_train" config.json minimal >minimal.txt
contains minimal.txt 'step 5 of'
contains minimal.txt polarity
"$examples/example_custom_loss" config.json custom >custom.txt
contains custom.txt polarity
contains custom/log.jsonl '"loss/topic/my_focal/raw"'
"$examples/example_embed_and_predict" minimal/checkpoints/best minimal topic >embedded.txt
contains embedded.txt 'cosine of the two embeddings'
[[ $(grep -c '"label"' embedded.txt) == 2 ]] || die "two texts, other predictions: $(cat embedded.txt)"

# What a config can do, code can do: put together by hand, the same model, bit for bit.
records=(corpus/tasks/topic.json corpus/tasks/polarity.json corpus/tasks/certainty.json)
# One thread, as $program runs here: sums of another number of threads round differently.
OMP_NUM_THREADS=1 "$examples/example_by_hand" minimal/checkpoints/best by_hand "${records[@]}" >by_hand.txt
contains by_hand.txt 'topic: loss'
"$program" train config.json --output by_config --set "encoder.path=minimal/checkpoints/best" \
  --set "data.tasks=[\"${records[0]}\", \"${records[1]}\", \"${records[2]}\"]" \
  --set 'architecture={"name": "mmoe", "experts": 2}' --set 'head={"name": "gaussian", "dropout": 0.2}' \
  --set 'losses=["supervised", {"name": "simax", "weight": 0.1}, {"name": "timin", "weight": 0.01}]' \
  --set 'weighting={"name": "cagrad", "c": 0.4}' --set training.regime=joint >/dev/null
for file in model heads state; do
  cmp "by_hand/$file.safetensors" "by_config/checkpoints/last/$file.safetensors" || die "by hand another $file was trained"
done

# What a program has saved by hand, the program reads; the best epoch lies beside it.
echo 'the pilot was glad' | "$program" predict by_hand --task topic --log-level warning >hand.txt
contains hand.txt '"label"'
echo 'the pilot was glad' | "$program" predict by_hand-best --task certainty --log-level warning >hand.txt
contains hand.txt '"value"'
echo "1 passed, 0 failed"
