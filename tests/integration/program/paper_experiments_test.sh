#!/usr/bin/env bash
# The paper's experiments beyond the main table, on the small corpus: a CNN on a frozen encoder, quality of representations, the
# information plane. Pairs are in relatedness_test.sh.
configs=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../../../configs" && pwd)
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus
mkdir methods && cp "$configs"/methods/*.json methods
cat >texts.json <<'JSON'
{
  "extends": "corpus/corpus.json",
  "data": {"tasks": ["corpus/tasks/topic.json", "corpus/tasks/answer.json", "corpus/tasks/certainty.json"]},
  "evaluation": {"representation": true, "information": true},
  "training": {"epochs": 2, "batch_size": 16, "report_every": 5}
}
JSON
cat >plan.json <<'JSON'
{
  "experiment": "texts.json",
  "methods": ["methods/equal_weighting.json", "methods/single_task.json", "methods/single_task_cnn.json", "methods/infomtl.json"],
  "seeds": [0, 1]
}
JSON
"$program" compare plan.json --output grid --log-level warning >table.txt
for words in STL-CNN 'Representations, validation split' 'adjusted Rand index' uniformity; do contains table.txt "$words"; done
contains grid/comparison.json '"representation"'
contains grid/table.csv 'representation,uniformity'
contains grid/single_task_cnn/seed-0/results.json '"adjusted_rand_index"'

# The encoder of the CNN rests: it is the one that was drawn from the seed, whatever the task and the epoch.
cnn=grid/single_task_cnn/seed-0/single
cmp "$cnn/topic/checkpoints/last/model.safetensors" "$cnn/answer/checkpoints/last/model.safetensors" ||
  die 'the encoder under the CNN has moved'
! cmp -s grid/single_task/seed-0/single/topic/checkpoints/last/model.safetensors "$cnn/topic/checkpoints/last/model.safetensors" ||
  die 'the encoder of STL has not moved'

# A line of the plane per epoch and task, and none where it is not asked for.
for method in equal_weighting infomtl; do
  [[ $(grep -c '"information/representation/topic"' "grid/$method/seed-0/log.jsonl") == 2 ]] || die "$method: no plane of two epochs"
done
contains "$cnn/topic/log.jsonl" '"information/output/topic"'
"$program" report grid --log-level warning
for words in 'Information plane' 'Quality of representations'; do contains grid/report.html "$words"; done

# Measuring changes nothing of training.
"$program" train texts.json --set 'losses=["supervised"]' --seed 5 --output with --log-level error >/dev/null
"$program" train texts.json --set 'losses=["supervised"]' --seed 5 --output without --set evaluation.information=false \
  --set evaluation.representation=false --log-level error >/dev/null
cmp with/checkpoints/last/model.safetensors without/checkpoints/last/model.safetensors || die 'measuring changed the weights'
! grep -q information/ without/log.jsonl || die 'a plane that nobody asked for'

status=0
"$program" train config.json --set 'head="cnn"' --set 'losses=["supervised"]' --output tags >out.txt 2>err.txt || status=$?
[[ $status == 2 ]] || die "a CNN on words: status $status"
contains err.txt 'labels words'
echo "1 passed, 0 failed"
