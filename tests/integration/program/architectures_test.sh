#!/usr/bin/env bash
# Every sharing architecture through the program: train, evaluate, predict, go on; the presets that rest on one; the
# mistakes around them.
configs=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../../../configs" && pwd)
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus
cat >plain.json <<'JSON'
{
  "extends": "corpus/corpus.json",
  "losses": [{"name": "supervised"}],
  "optimizer": {"name": "adamax", "learning_rate": 2e-3},
  "training": {"epochs": 1, "batch_size": 16, "report_every": 5}
}
JSON
test_scores() { tr -d ' \n' <"$1" | grep -oE '"test":-?[0-9.e+-]+' | cut -c 8-; }
# same_scores A B: as many, in the same order, but for rounding: matrices lie at other addresses in a model read back.
same_scores() {
  paste <(test_scores "$1") <(test_scores "$2") |
    awk 'NF != 2 || !(($1 - $2) ^ 2 < 1e-8) { exit 1 } END { if (NR == 0) exit 1 }'
}
printf 'the pilot was glad\n\nnobody knew\n' >texts.txt

# lives ARGUMENTS...: a run that trains, scores as it said, predicts for rows and for words, and holds its parameters.
lives() {
  rm -rf run
  "$program" train "$@" --output run --log-level error >table.txt
  contains table.txt spans
  "$program" evaluate run --split test --json --log-level error >evaluated.json
  same_scores run/results.json evaluated.json ||
    die "$*: evaluate gives other scores than training"
  [[ $("$program" predict run --task topic --input texts.txt --log-level error | grep -c '"scores"') == 3 ]] ||
    die "$*: no predictions"
  "$program" predict run --task spans --input texts.txt --log-level error | grep -q '"labels"' || die "$*: no labels"
}
for name in vib additive_noise mmoe cgc ple cross_stitch mtan dselect_k ltb variational; do
  lives plain.json --set "architecture.name=$name"
  case $name in
    vib | mtan | dselect_k | variational) ! grep -q task_similarity run/results.json || die "$name: learns no similarity, but tells one" ;;
    *) contains run/results.json '"task_similarity"' && contains evaluated.json '"task_similarity"' ;;
  esac
  grep -q 'architecture\.' run/checkpoints/best/heads.safetensors || die "$name: the checkpoint lacks its parameters"
done
lives plain.json --set architecture.name=mmoe --set weighting.name=pcgrad --set training.regime=joint
lives plain.json --set architecture.name=cross_stitch --set training.regime=single

# Stopped and continued, a run of noise and gates ends like one that never was.
cat >noise.json <<'JSON'
{
  "extends": "plain.json",
  "architecture": {"name": "additive_noise"},
  "losses": [{"name": "supervised"}, {"name": "bottleneck", "weight": 0.001}],
  "training": {"epochs": 3}
}
JSON
"$program" train noise.json --output whole --log-level error >/dev/null
"$program" train noise.json --output broken --log-level error >/dev/null 2>&1 &
pid=$!
for _ in $(seq 600); do
  [[ $(cat broken/log.jsonl 2>/dev/null | wc -l) -ge 2 ]] && break
  sleep 0.05
done
kill -INT "$pid" 2>/dev/null || true
wait "$pid" || true
"$program" train noise.json --output broken --resume --log-level error >/dev/null
for file in best/heads.safetensors last/heads.safetensors last/state.safetensors last/model.safetensors; do
  cmp "whole/checkpoints/$file" "broken/checkpoints/$file" || die "continued run differs in $file"
done
contains whole/log.jsonl '"loss/topic/bottleneck/raw"'

# The presets of the two bottleneck methods.
for method in mt_vib hierarchical_mtl; do
  printf '{"extends": ["plain.json", "%s/methods/%s.json"]}\n' "$configs" "$method" >method.json
  lives method.json
  contains run/log.jsonl '"loss/topic/bottleneck/weighted"'
done

# Variational multi-task learning: what it learned of tasks is in the results, and its answers come with deviations.
for method in vmtl vmtl_ac; do
  printf '{"extends": ["plain.json", "%s/methods/%s.json"], "architecture": {"width": 16}}\n' "$configs" "$method" >method.json
  lives method.json
  for term in expected_supervised representation_prior weight_prior; do
    contains run/log.jsonl "\"loss/topic/$term/weighted\""
  done
  ! grep -q '"loss/spans/representation_prior' run/log.jsonl || die "$method: a prior of codes for words"
  contains run/log.jsonl '"diagnostics/weight_prior/temperature"'
  contains run/results.json '"task_weights"'
  contains run/results.json '"representation_prior"'
  for task in topic certainty spans; do
    "$program" predict run --task "$task" --input texts.txt --samples 20 --log-level error >sampled.txt
    contains sampled.txt '"deviation'
    "$program" predict run --task "$task" --input texts.txt --samples 20 --seed 0 --log-level error >again.txt
    cmp sampled.txt again.txt || die "$method: samples are no function of the seed"
    "$program" predict run --task "$task" --input texts.txt --samples 20 --seed 1 --log-level error >again.txt
    ! cmp -s sampled.txt again.txt || die "$method: samples do not follow the seed"
  done
done

refuse() { # refuse TEXT ARGUMENTS...
  local text=$1 status=0
  shift
  "$program" train "$@" --output refused --log-level error >/dev/null 2>err.txt || status=$?
  [[ $status == 2 && $(wc -l <err.txt) == 1 && ! -e refused ]] || die "$*: status $status: $(cat err.txt)"
  contains err.txt "$text"
}
refuse '"architecture": {"name": "vib"}' noise.json --set architecture.name=mmoe
refuse '"architecture": {"name": "dselect_k"}' noise.json --set losses.1.name=gate_entropy
refuse 'did you mean "mmoe"' plain.json --set architecture.name=mmoes
refuse 'experts' plain.json --set architecture.name=mmoe --set architecture.experts=0
refuse '"head": "bayesian"' plain.json --set 'losses=["supervised", "weight_prior"]'
refuse 'nothing is random' plain.json --set 'losses=["expected_supervised"]'
lives plain.json
! "$program" predict run --task topic --input texts.txt --samples 5 --log-level error >table.txt 2>err.txt || die 'samples of numbers'
contains err.txt 'not random'
echo "1 passed, 0 failed"
