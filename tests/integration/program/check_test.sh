#!/usr/bin/env bash
# `check` lists every mistake of a config, a comparison or a search, each once; what it lets pass, `train` begins.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus

# refused_with COUNT FILE ARGUMENTS...: status 2 and so many problems, in problems.txt.
refused_with() {
  local count=$1 status=0
  shift
  "$program" check "$@" >check.txt 2>err.txt || status=$?
  [[ $status == 2 ]] || die "check $*: status $status: $(cat check.txt err.txt)"
  sed -n '/^problems (/,$p' check.txt | tail -n +2 >problems.txt
  [[ $(wc -l <problems.txt) == "$count" ]] || die "check $*: not $count problems: $(cat problems.txt)"
}
once() { [[ $(grep -cF -- "$1" problems.txt) == 1 ]] || die "\"$1\" is not told once: $(cat problems.txt)"; }

# Twelve mistakes of twelve parts.
cat >wrong.json <<'JSON'
{
  "extends": "config.json",
  "encoder": {"path": "nowhere"},
  "architecture": {"name": "mmoe", "expert": 2},
  "head": {"name": "gaussian", "dropuot": 0.1},
  "losses": ["supervised", {"name": "simax", "weight": 0.1, "temperature": -1, "tasks": ["topic", "emotion"]},
             {"name": "timin", "tasks": ["topics"]}],
  "weighting": "uncertanty",
  "optimizer": {"name": "adamw", "learning_rate": "fast"},
  "schedule": {"name": "linear", "warmup_ratio": 2},
  "training": {"sampler": "propotional", "epoch": 3},
  "data": {"max_train_row": 5}
}
JSON
cp -r corpus kept && sed -i 's/"metric"/"metrics"/' corpus/tasks/topic.json
refused_with 12 wrong.json
for part in '#/encoder/path' '/architecture/expert' '/head/dropuot' '/losses/1/temperature' '/losses/2/tasks/0' '#/weighting' \
  '/optimizer/learning_rate' '/schedule/warmup_ratio' '/training/sampler' '/training/epoch: unknown key' '/data/max_train_row' \
  'topic.json#/metrics'; do
  once "$part"
done
rm -rf corpus && mv kept corpus

# A folder of data that is not there is told once, not for every file below it; so is a variable that is not set.
refused_with 1 config.json --set data.root=nowhere
once 'nowhere" is no folder'
refused_with 2 config.json --set data.root=nowhere --set training.epoch=3
env -u INFOMTL_NOWHERE "$program" check config.json --set 'data.root=${INFOMTL_NOWHERE}/tweets' >check.txt && die "a variable that is not set passes"
[[ $(grep -c INFOMTL_NOWHERE check.txt) == 1 ]] || die "a variable that is not set is not told once: $(cat check.txt)"

# A run to start from that is not there is told beside other mistakes.
refused_with 6 config.json --set 'start="nowhere"' --set encoder.path=gone --set losses.1.wieght=1 --set training.epoch=3 \
  --set 'evaluation.noise=[{"nois": 1}]' --set 'data.leave_out="rows.json"'
once 'start: nowhere: has no best checkpoint'
refused_with 2 config.json --set 'start="nowhere"' --set training.epoch=3
once 'start: nowhere: has no best checkpoint'

# Each term that does not fit the model; options beside a doubled term; all tasks without a term, or without labels that are read.
refused_with 2 config.json --set head=linear --set 'losses=["timin","bottleneck","supervised"]'
once 'loss "timin", task "topic": needs a gaussian head' && once 'loss "bottleneck", task "topic": needs a stochastic architecture'
alpha='{"name":"focal","alpha":0.3,"tasks":["topic"]}' others='{"name":"supervised","tasks":["polarity","emotion","answer","certainty","spans"]}'
refused_with 2 config.json --set "losses=[$others,$others,$alpha]"
once '"supervised" a second time' && once 'loss "focal": alpha: weighs'
refused_with 2 config.json --set "losses=[$others,$alpha]" --set training.epoch=3
once 'loss "focal": alpha: weighs'
refused_with 2 config.json --set 'losses=["supervised",{"name":"supervised","label_smoothing":0.1},{"name":"supervised","views":2}]'
once '"supervised.2" are both the loss' && once '"supervised.3" are both the loss'
refused_with 1 config.json --set losses=7
refused_with 1 config.json --set 'losses=["simax"]'
once 'of tasks "topic", "polarity", "emotion", "answer", "certainty", "spans"; add one'
once '{"unsupervised_tasks": ["topic","polarity","emotion","answer","certainty","spans"]}'
refused_with 1 config.json --set 'losses=[{"name":"supervised","tasks":["topic"]}]'
once 'no weighted term is for tasks "polarity", "emotion", "answer", "certainty", "spans"; add one'

# Data and an unreachable encoder don't hide each other.
sed -i '3s/.*/weather or not/' corpus/topic/train_labels.txt
refused_with 3 config.json --set encoder.path=nowhere --set losses.1.wieght=1
once 'nowhere' && once 'weather or not' && once 'wieght'
"$program" synthesize corpus --seed 3 --rows 160 >/dev/null

# A record that could not be read is no second problem.
cp corpus/tasks/topic.json topic.json && sed -i 's/"type": *"classification"/"type": "classifcation"/' corpus/tasks/topic.json
refused_with 1 config.json
once 'did you mean "classification"'
mv topic.json corpus/tasks/topic.json

# A config that cannot be read has no rows to show; rows that were not read are not missing rows.
refused_with 1 nothere.json
[[ $(head -n 1 check.txt) == 'problems (1):' ]] || die "a table without rows: $(cat check.txt)"
cp -r corpus kept
sed -i '/"labels": \[/,/\]/c "labels": "auto",' corpus/tasks/topic.json && sed -i 's/.*/garden/' corpus/topic/train_labels.txt
refused_with 1 config.json
once 'found 1 label, "garden", in the training rows of'
! grep -q 'validation rows' check.txt || die "a false note: $(cat check.txt)"
rm -rf corpus && mv kept corpus

# Tags that cannot be read are not wrong tags besides.
cp -r corpus kept
spans_labels() { sed '/"labels": \[/,/\]/c "labels": '"$1"',' kept/tasks/spans.json >corpus/tasks/spans.json; }
for labels in '"gone.txt"' 3 '{"types": ["item", "item"]}'; do
  spans_labels "$labels"
  refused_with 1 config.json
  once 'spans.json#/labels'
done
spans_labels '{"types": ["person", "item", "place"]}'
"$program" check config.json >check.txt || die "tags by their types: $(cat check.txt)"
spans_labels '"auto"' && rm corpus/spans/train_labels.txt
refused_with 1 config.json
once 'spans/train_labels.txt'
rm -rf corpus && mv kept corpus

# One model per task: a group that names one head fails for every other task, which is told before anything is written.
status=0
one_head='optimizer.groups=[{"match": "heads.topic.*", "rate_factor": 2}]'
refused_with 1 config.json --set training.regime=single --set "$one_head"
once 'heads.topic'
"$program" train config.json --set training.regime=single --set "$one_head" --output run >/dev/null 2>err.txt || status=$?
[[ $status == 2 && ! -e run ]] || die "a run that can't train its second task was begun: $status: $(cat err.txt)"

# A comparison and a search: what several methods have is told once.
echo '{"head": "linear", "losses": ["supervised"]}' >plain.json
echo '{"head": "linear", "losses": [{"name": "supervised", "smoothing": 1}], "training": {"regime": "joint"}}' >joint.json
cat >experiment.json <<'JSON'
{"extends": "corpus/corpus.json", "training": {"epochs": 2, "epoch": 1}, "encoder": {"max_lenght": 3}}
JSON
cat >comparison.json <<'JSON'
{"experiment": "experiment.json", "methods": ["plain.json", "joint.json"], "seeds": [0], "splits": "test"}
JSON
refused_with 4 comparison.json
once '/training/epoch: ' && once 'max_lenght' && once 'joint.json#/losses/0/smoothing' && once 'comparison.json#/splits'

# What a method sets and a search tries is named by its place in the file that says so, a wrong name once for all values.
echo '{"extends": "corpus/corpus.json", "training": {"epochs": 2}}' >experiment.json
echo '{"losses": ["supervised", "simax"]}' >shared.json
cat >comparison.json <<'JSON'
{"experiment": "experiment.json", "seeds": [0], "methods": ["shared.json",
  {"file": "shared.json", "name": "cool", "set": {"losses": {"simax": {"temperature": 0.2}}}}]}
JSON
"$program" check comparison.json >check.txt || die "a loss changed by its name: $(cat check.txt)"
sed -i 's/0.2}}}/-1}}}/; s/"shared.json",$/"shared.json", {"file": "shared.json", "name": "odd", "set": {"losses.simx.weight": 1, "losses.supervisd.weight": 1}},/' comparison.json
refused_with 3 comparison.json
once 'comparison.json#/methods/1/set/losses.supervisd.weight: '
once 'comparison.json#/methods/1/set/losses.simx.weight: ' && once 'shared.json#/losses is an array of 2; it has no element named "simx"'
once 'comparison.json#/methods/2/set/losses/1/temperature: found -1'
cat >search.json <<'JSON'
{"experiment": "experiment.json", "methods": ["shared.json"], "seeds": [0], "algorithm": "grid",
 "space": {"losses.simx.weight": [0.1, 0.2, 0.3]}}
JSON
refused_with 1 search.json
once 'search.json#/space/losses.simx.weight: '
sed -i 's/simx.weight": .*/simax.temperature": [0.1, -1]}}/' search.json
refused_with 1 search.json
once 'search.json#/space/losses.simax.temperature: found -1'

# What the methods of a comparison share is read once, and what reading warns of is said once.
echo '{"head": "linear", "losses": ["supervised"], "training": {"regime": "single"}}' >single.json
echo '{"extends": "corpus/corpus.json", "training": {"epochs": 2}}' >experiment.json
echo '{"experiment": "experiment.json", "methods": ["plain.json", "single.json"], "seeds": [0], "unequal_budgets": true}' >comparison.json
cp -r corpus kept && sed -i 3G corpus/answer/train.tsv
"$program" check comparison.json >check.txt 2>err.txt || die "a blank row: $(cat check.txt err.txt)"
[[ $(grep -cF 'blank row is left out' err.txt) == 1 ]] || die "not said once: $(cat err.txt)"
rm -rf corpus && mv kept corpus

# The winners of an alternating and a joint method can't be compared: refused before a trial is trained.
echo '{"extends": "corpus/corpus.json", "training": {"epochs": 2}}' >experiment.json
echo '{"head": "linear", "losses": ["supervised"], "training": {"regime": "joint"}}' >joint.json
cat >search.json <<'JSON'
{"experiment": "experiment.json", "methods": ["plain.json", "joint.json"], "seeds": [0], "algorithm": "random", "budget": 2,
 "space": {"optimizer.learning_rate": [1e-3, 1e-4]}}
JSON
refused_with 1 search.json
once 'the methods do not train on as many'
refuse_in_one_line 'the methods do not train on as many' search search.json --output run --log-level error
sed -i 's/"methods"/"unequal_budgets": true, "methods"/' search.json
"$program" check search.json >check.txt || die "a search that allows unequal budgets: $(cat check.txt)"
contains check.txt 'search (random) over 2 methods, 4 trials'

# What is read is said.
"$program" check config.json --examples >check.txt
for part in 'weights    random ones' 'tokenizer  WordPiece, from' 'pooling    first' 'rows cut' 'memory at the peak' 'topic, validation'; do
  contains check.txt "$part"
done
"$program" check config.json --json >check.json
contains check.json '"examples"' && contains check.json '"tokens_cut"'

# A model by its name in the Hugging Face cache, as `hf download` lays it out; one that is not there comes with the command.
snapshot=hub/models--mine--encoder/snapshots/abc
mkdir -p hub/models--mine--encoder/{blobs,refs,snapshots/abc}
printf abc >hub/models--mine--encoder/refs/main
for file in corpus/encoder/*; do
  cp "$file" "hub/models--mine--encoder/blobs/$(basename "$file").blob"
  ln -s "../../blobs/$(basename "$file").blob" "$snapshot/$(basename "$file")"
done
export HF_HUB_CACHE=$PWD/hub
"$program" check config.json --set encoder.path=mine/encoder >check.txt || die "a model of the cache: $(cat check.txt)"
contains check.txt "$snapshot"
"$program" train config.json --set encoder.path=mine/encoder --set training.max_steps=1 --output named --log-level error >/dev/null
contains named/config.json "$snapshot"
echo 'a day' | "$program" tokenize --model mine/encoder >tokens.txt
refused_with 1 config.json --set encoder.path=none/such
once 'fetched by "hf download none/such"'
HOME=$PWD "$program" check config.json --set encoder.path='~/corpus/encoder' >check.txt || die "a path in the home folder: $(cat check.txt)"

# A search without methods, a task without a type, a metric that only an evaluation would meet.
for methods in '[]' 7; do
  printf '{"experiment": "config.json", "methods": %s, "algorithm": "random", "budget": 2, "seeds": [1]}' "$methods" >search.json
  refused_with 1 search.json
  once 'search.json#/methods'
done
cp corpus/tasks/topic.json kept.json
sed -i 's/"type": *"[a-z_]*"/"type": null/' corpus/tasks/topic.json
refused_with 1 config.json
once '/type: missing; one of classification'
cp kept.json corpus/tasks/topic.json
sed -i 's/"metric":/"extra_metrics": ["acuracy"], "metric":/' corpus/tasks/topic.json
refused_with 1 config.json
once 'topic.json#/extra_metrics/0: unknown metric "acuracy"; did you mean "accuracy"'
cp kept.json corpus/tasks/topic.json

# What a file holds does not command the terminal, and a name that is no slip is not compared for minutes.
printf '{"extends": "config.json", "a\\u001b[31m\\n": 1, "%s": 1}' "$(head -c 3000000 /dev/zero | tr '\0' x)" >odd.json
refused_with 2 odd.json
! LC_ALL=C grep -q $'\x1b' check.txt || die "a control character reaches the terminal"
# Files that extend each other again and again are no config.
echo '{}' >twice0.json
for i in $(seq 25); do echo "{\"extends\": [\"twice$((i - 1)).json\", \"twice$((i - 1)).json\"]}" >"twice$i.json"; done
"$program" check twice25.json >check.txt && die "files that extend each other without end pass"
contains check.txt 'more than 1000 files'

# Names that other libraries use.
refused_with 1 config.json --set losses.0=cross_entropy
once 'here that is "supervised"'
sed -i 's/"metric": *"[a-z_0-9]*"/"metric": "mcc"/' corpus/tasks/topic.json
refused_with 1 config.json
once 'here that is "matthews"'
# A path that is not UTF-8 ends up in a message; --json still writes JSON.
status=0
"$program" check $'gone\xff/run.json' --json >odd.json || status=$?
[[ $status == 2 ]] || die "a path that is not UTF-8: status $status"
contains odd.json 'cannot be opened'
echo "1 passed, 0 failed"
