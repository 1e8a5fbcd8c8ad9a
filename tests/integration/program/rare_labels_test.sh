#!/usr/bin/env bash
# Tasks with hardly any rows: one row, a class that occurs once, labels of another kind each, never two tasks in one text,
# in batches of one row. Every weighting of the joint regime trains on the tasks that are there, and logs finite numbers.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus
cat >rows.jsonl <<'JSONL'
{"text": ["we", "met", "on", "monday"], "class": "a"}
{"text": ["a", "good", "day"], "value": 1.5}
{"text": ["we", "met"], "set": ["k"]}
{"text": ["on", "monday", "we", "met"], "tags": ["O", "B-day", "O", "O"]}
{"text": ["a", "day"], "class": "b"}
{"text": ["good"], "set": []}
{"text": ["a", "good", "monday"], "class": "a"}
JSONL
cat >rare.json <<'JSON'
{"encoder": {"path": "corpus/encoder", "max_length": 16}, "losses": ["supervised"],
 "optimizer": {"name": "adamw", "learning_rate": 1e-3},
 "training": {"regime": "joint", "batch_size": 1, "epochs": 2, "report_every": 1},
 "data": {"tasks": [{"tasks": [{"name": "class", "type": "classification", "labels": ["a", "b", "never"]},
                               {"name": "value", "type": "regression"},
                               {"name": "set", "type": "multi_label", "labels": ["k", "never"]},
                               {"name": "tags", "type": "tagging", "labels": ["O", "B-day", "I-day"]}],
   "splits": {"train": {"file": "rows.jsonl", "columns": {"label": {"class": "class", "value": "value", "set": "set", "tags": "tags"}}},
         "validation": {"file": "rows.jsonl", "columns": {"label": {"class": "class", "value": "value", "set": "set", "tags": "tags"}}}}}]}}
JSON
trained=0
train() { # train ARGUMENTS...: ends with 0, and every number of the log is finite
  rm -rf run
  "$program" train rare.json --output run --quiet --log-level error "$@" >/dev/null 2>err.txt || die "$*: $(cat err.txt)"
  ! grep -qiE '[:,[](nan|-?inf|null)[],}]' run/log.jsonl || die "$*: a number of the log is not finite"
  trained=$((trained + 1))
}
for name in $("$program" list weightings | sed -nE 's/^  ([a-z_]+) .*/\1/p'); do
  case $name in
    svd_reweighting) continue ;; # for tasks that label the same texts
    smoothed) train --set 'weighting={"name": "smoothed", "inner": "mgda"}' ;;
    *) train --set "weighting=$name" ;;
  esac
done
((trained > 30)) || die "only $trained weightings"
train --set training.accumulate=4 --set training.batch_size=8 --set weighting=famo
train --set training.regime=alternating --set weighting=dwa
for loss in r_drop supervised_contrastive adversarial '{"name": "simax", "weight": 0.1}'; do
  train --set "losses=[\"supervised\", $([[ $loss == {* ]] && echo "$loss" || echo "\"$loss\"")]"
done
train --set head=gaussian --set 'losses=["supervised", {"name": "timin", "prior": "l1out", "weight": 0.1}]'
echo "1 passed, 0 failed"
