#!/usr/bin/env bash
# Every loss term, bound and prior trains the embedded corpus through the program, and leaves finite numbers in the log.
configs=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../../../configs" && pwd)
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
export OMP_NUM_THREADS=1  # steps this small are not worth a second one
make_corpus
runs=0

# term NAME JSON [TASK [OPTION...]]: a few steps with supervised and the term; the log must speak of NAME for TASK.
term() {
  rm -rf run
  "$program" train config.json --output run --log-level error --set "losses=[\"supervised\", $2]" \
    --set training.max_steps=6 --set training.report_every=3 --set training.regime=joint --set training.batch_size=6 \
    --set training.selection.monitor=last "${@:4}" >table.txt 2>err.txt || die "$2: $(cat err.txt)"
  contains run/log.jsonl "\"loss/${3:-topic}/$1/raw\""
  ! grep -qE 'null|nan|inf[,}]' run/log.jsonl || die "$2: $(cat run/log.jsonl)"
  contains run/config.json "\"$1\""
  runs=$((runs + 1))
}
for bound in infonce dv mine nwj tuba jsd smile flo; do
  term simax "{\"name\": \"simax\", \"bound\": \"$bound\", \"critic_width\": 16, \"weight\": 0.1}"
done
for critic in separable bilinear concat; do
  term simax "{\"name\": \"simax\", \"critic\": \"$critic\", \"critic_width\": 16, \"weight\": 0.1}"
done
for prior in standard learned mixture class_conditional l1out club club_sample; do
  term timin "{\"name\": \"timin\", \"prior\": \"$prior\", \"weight\": {\"from\": 0, \"to\": 0.01, \"steps\": 4}}"
done
term spc '"spc"'
term r_drop '"r_drop"' spans
term focal '"focal"' spans
for form in delta monotone; do
  term feedback_convergence "{\"name\": \"feedback_convergence\", \"form\": \"$form\", \"weight\": 0.1}" spans \
    --set 'head={"name": "feedback", "rounds": 3}'
done
term supervised_contrastive '"supervised_contrastive"'
term adversarial '{"name": "adversarial", "steps": 2}' certainty
term adversarial_parameters '{"name": "adversarial_parameters", "contrast": 0.1}' certainty
term information '"information"'
for bound in lower upper; do
  for task in topic certainty spans; do contains run/log.jsonl "\"diagnostics/information/$task/$bound\""; done
done

# Penalties are added after the weighting, whichever way it ends the step: by weights, or by a direction.
for weighting in equal pcgrad mgda; do
  term supervised '"r_drop"' topic --set "weighting=\"$weighting\"" --set 'penalties=[]'
  mv run without
  term representation_gradient_norm '"r_drop"' topic --set "weighting=\"$weighting\"" \
    --set 'penalties=[{"name": "representation_gradient_norm", "weight": 0.5, "tasks": ["topic"]}]'
  ! grep -q 'loss/spans/representation_gradient_norm' run/log.jsonl || die 'a penalty of one task is in the log of another'
  ! cmp -s run/checkpoints/last/model.safetensors without/checkpoints/last/model.safetensors || die "$weighting: a penalty that changes nothing"
  rm -rf without
done
for form in exact finite_difference; do
  term dgr '"r_drop"' certainty --set "penalties=[{\"name\": \"dgr\", \"weight\": 0.1, \"form\": \"$form\", \"dummies\": 2}]"
  for task in topic certainty spans; do contains run/log.jsonl "\"diagnostics/dgr/$task/representation_norm\""; done
done
! "$program" check config.json --set 'penalties=["representation_gradient_nrm"]' >table.txt 2>/dev/null || die 'a wrong name passes'
contains table.txt 'did you mean "representation_gradient_norm"'

# Every name that losses and penalties may have is told of in the configs' README.
while read -r name; do
  contains "$configs/README.md" "\`$name\`"
done < <(for kind in losses penalties; do "$program" list $kind --json; done | sed -nE 's/^ +"name": "([a-z_0-9]+)",?/\1/p' | sort -u)

# A part of a name, or of a paper's, is enough to find what belongs together.
"$program" list vmtl >found.txt
for name in expected_supervised representation_prior weight_prior variational bayesian; do contains found.txt "  $name"; done
! grep -qE '^  (focal|linear|adamax)|^(optimizers|metrics)$' found.txt || die "list vmtl: $(cat found.txt)"
[[ $("$program" list PCGrad --json | grep -c '^      "name": "pcgrad"') == 1 ]] || die 'list PCGrad --json'

# The presets of methods that are made of these terms.
for method in cifm spc feedback dgr dgr_pcgrad; do
  printf '{"extends": ["corpus/corpus.json", "%s/methods/%s.json"], "optimizer": {"name": "adamax", "learning_rate": 2e-3}, "training": {"epochs": 1, "batch_size": 16}}' \
    "$configs" "$method" >method.json
  rm -rf run
  "$program" train method.json --output run --log-level error >table.txt || die "$method does not train"
  contains table.txt average
  runs=$((runs + 1))
done
echo "$runs runs"
echo "1 passed, 0 failed"
