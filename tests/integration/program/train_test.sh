#!/usr/bin/env bash
# Train, score, predict, encode, tokenize and go on: the life of a run through the program.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus

"$program" check config.json >check.txt
contains check.txt topic
"$program" train config.json --output run --log-level warning >table.txt
for file in config.json log.jsonl results.json checkpoints/best/config.json checkpoints/best/model.safetensors \
  checkpoints/best/state.json checkpoints/last/state.json; do
  [[ -s run/$file ]] || die "the run folder lacks $file"
done
ls run | grep -q tfevents || ls run/*/ | grep -q tfevents || die "no TensorBoard events"
contains table.txt spans
contains table.txt validation
grep -q test table.txt && die "the table shows test scores that nobody asked for"
contains run/log.jsonl '"loss/topic/simax/raw"'
contains run/results.json '"peak_memory_bytes"'

# A finished run is kept: its results come back at once, nothing is trained again.
before=$(stat -c %Y.%s run/results.json)
"$program" train config.json --output run --log-level warning >again.txt
[[ $before == "$(stat -c %Y.%s run/results.json)" ]] || die "a finished run was written over"

# ... unless it is asked for under another config.
status=0
"$program" train config.json --output run --set training.epochs=1 --log-level warning 2>other.txt || status=$?
[[ $status == 2 ]] || die "a finished run of another config: status $status"
contains other.txt training

"$program" train config.json --output run --split all --log-level warning >all.txt
grep -q 'validation *test' all.txt || die "not all splits are shown: $(cat all.txt)"

# Scores are validation's unless test is asked for; a task without rows in a split is named, a split without any refused.
"$program" evaluate run --json --log-level warning >evaluated.json
contains evaluated.json '"validation":'
cat >partly.json <<'JSON'
{
  "extends": "config.json", "head": "linear", "losses": ["supervised"],
  "data": {"tasks": ["corpus/tasks/topic.json", {"name": "mood", "type": "classification", "labels": "auto", "splits": {
    "train": {"text": "corpus/polarity/train_text.txt", "label": "corpus/polarity/train_labels.txt"},
    "validation": {"text": "corpus/polarity/validation_text.txt", "label": "corpus/polarity/validation_labels.txt"}}}]},
  "training": {"max_steps": 2}
}
JSON
"$program" check partly.json >check.txt
contains check.txt 'no test rows: mood; averages on test are over the other 1 task'
"$program" train partly.json --output partly --split all --log-level warning >table.txt
contains table.txt 'the average on test is over 1 of 2 tasks; without a score: mood'
sed 's|"corpus/tasks/topic.json", ||' partly.json >untested.json
"$program" train untested.json --output untested >/dev/null 2>said.txt
# In a file: the run folder before training, and a line as soon as steps are reported.
sed -n '/run folder: untested/,$p' said.txt | grep -q '^step 2 of 2  epoch 1' ||
  die "the run folder is not named before the first report, or no report is shown: $(cat said.txt)"
[[ $(grep -c 'run folder' said.txt) == 1 ]] || die "the run folder is named more than once: $(cat said.txt)"
status=0
"$program" evaluate untested --split test --log-level error 2>untested.txt || status=$?
[[ $status == 2 ]] || die "a split without rows: status $status"
contains untested.txt 'no task of this run has rows in the test split'

# The saved checkpoint scores as the run said.
"$program" evaluate run --split test --json --log-level warning >evaluated.json
scores() { grep -oE '"test": *-?[0-9][0-9.e+-]*' "$1"; }
[[ $(scores run/results.json | wc -l) == 7 ]] || die "six tasks and their average, other test scores: $(scores run/results.json)"
[[ $(scores evaluated.json) == "$(scores run/results.json)" ]] ||
  die "the run scored $(scores run/results.json), its checkpoint $(scores evaluated.json)"
for task in topic polarity emotion answer certainty spans; do contains evaluated.json "\"$task\""; done

# Under noise on the word embeddings a split of its own; noise of no length changes nothing.
"$program" evaluate run --split test --noise adversarial --strength 0,0.5 --json --log-level warning >noisy.json
contains noisy.json '"test adversarial 0.5"'
[[ $(scores noisy.json) == "$(grep -oE '"test adversarial 0": *-?[0-9][0-9.e+-]*' noisy.json | sed 's/ adversarial 0//')" ]] ||
  die "noise of no length changed the scores"
status=0
"$program" evaluate run --noise random 2>alone.txt || status=$?
[[ $status == 2 ]] || die "noise without a strength: status $status"
contains alone.txt strength
"$program" evaluate run --representation --log-level warning >quality.txt
contains quality.txt uniformity
contains quality.txt 'covariance similarity'
"$program" evaluate run --representation --json --log-level warning >quality.json
contains quality.json '"covariance_similarity"'
"$program" train config.json --output noisy --set 'evaluation.noise=[{"kind": "random", "strength": 0.1}]' \
  --set training.max_steps=2 --log-level warning >/dev/null
contains noisy/results.json '"validation random 0.1"'

# Predictions, a line each, in order.
printf 'the pilot was glad\n\nnobody knew\n' >texts.txt
"$program" predict run --task topic --input texts.txt --log-level warning >labels.jsonl
[[ $(wc -l <labels.jsonl) == 3 ]] || die "three texts, $(wc -l <labels.jsonl) predictions"
contains labels.jsonl '"scores"'
"$program" predict run --task certainty --input texts.txt --log-level warning | grep -q '"value"' || die "no value"
"$program" predict run --task spans --input texts.txt --log-level warning >tags.jsonl
contains tags.jsonl '"labels"'
echo '{"text": "was the pilot glad?", "text_pair": "the pilot was glad"}' |
  "$program" predict run --task answer --log-level warning | grep -q '"label"' || die "no label for a pair"

status=0
echo '{"text": "was the pilot glad?", "text_pair": "the pilot was glad"}' |
  "$program" predict run --task topic --log-level warning >/dev/null 2>pair.txt || status=$?
[[ $status == 2 ]] || die "a pair for a task of single texts: status $status"
contains pair.txt 'reads single texts'

# A list of words is the text that they are joined to, as in a task record.
echo '{"text": ["the", "pilot", "was", "glad"]}' >words.jsonl
diff <("$program" predict run --task spans --input words.jsonl --log-level warning) <(head -1 tags.jsonl) ||
  die "words and their text differ"
status=0
echo '{"text": ["the pilot", ""]}' | "$program" predict run --task spans --log-level warning >/dev/null 2>words.txt || status=$?
[[ $status == 2 ]] || die "words with blanks: status $status"
contains words.txt 'is not one word'

# An input is JSONL or plain text, told by its first line; a broken record is not taken for prose.
printf '{"text": "a"}\n{"text": "b"\n' >broken.jsonl
status=0
"$program" predict run --task topic --input broken.jsonl --log-level warning >/dev/null 2>broken.txt || status=$?
[[ $status == 2 ]] || die "a broken record: status $status"
contains broken.txt 'broken.jsonl:2'
printf '\xef\xbb\xbf{"text": "a"}\n' | "$program" tokenize --model run/checkpoints/best | grep -q '"ids"' || die "a byte-order mark"
status=0
"$program" predict run --task topic --input texts.txt --output texts.txt --log-level warning 2>same.txt || status=$?
[[ $status == 2 && -s texts.txt ]] || die "an input was written over: status $status"
# An input that cannot be read leaves the last answers where they are.
cp labels.jsonl answers.jsonl
printf 'cut off \0\0\0' >damaged.txt
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' >pointer.txt
for input in nothere.txt damaged.txt pointer.txt broken.jsonl; do
  status=0
  "$program" predict run --task topic --input "$input" --output answers.jsonl --log-level error 2>bad_input.txt || status=$?
  [[ $status == 2 && $(wc -l <bad_input.txt) == 1 ]] || die "$input: status $status: $(cat bad_input.txt)"
  contains bad_input.txt "$input"
  cmp answers.jsonl labels.jsonl || die "$input: the answers of another input are gone"
done
# Answers take the place of answers, and of nothing else.
"$program" predict run --task topic --input texts.txt --output answers.jsonl --log-level error
"$program" predict run --task topic --input texts.txt --output new/folder/answers.jsonl --log-level error
cmp new/folder/answers.jsonl answers.jsonl || die "answers in a new folder differ"
status=0
"$program" train config.json --output "" >/dev/null 2>unnamed.txt || status=$?
[[ $status == 2 ]] || die "an empty --output: status $status"
contains unnamed.txt '--output: must not be empty'
cp config.json kept.json
printf '{"id": 1, "text": "a", "label": "x"}\n' >gold.jsonl
for file in kept.json gold.jsonl; do
  cp "$file" before
  status=0
  "$program" predict run --task topic --input texts.txt --output "$file" --log-level error 2>other.txt || status=$?
  [[ $status == 2 ]] || die "answers over $file: status $status"
  contains other.txt "$file: is there and cannot be told to be a file of answers of infomtl predict"
  cmp "$file" before || die "answers were written over $file"
done
status=0
"$program" tokenize --model run/checkpoints/best --input texts.txt >/dev/full 2>full.txt || status=$?
[[ $status == 1 ]] || die "a full disk went unnoticed: status $status"

# Two processes can't train in one folder.
cp -r run busy && rm busy/results.json
flock busy/.lock "$program" train config.json --output busy --resume --log-level warning 2>busy.txt && die "a busy folder was taken"
contains busy.txt 'another process'

# The checkpoint is a Hugging Face folder to encode and tokenize with.
"$program" encode --model run/checkpoints/best --pooling mean --input texts.txt >embeddings.jsonl
[[ $(grep -c '"embedding"' embeddings.jsonl) == 3 ]] || die "three texts, other embeddings"
"$program" tokenize --model run/checkpoints/best --input texts.txt >tokens.jsonl
contains tokens.jsonl '"offsets":[[0,0],'

# Numbers that left the range: which, what may help, and where the run is. Such a run has no best checkpoint.
"$program" train config.json --output diverged --set optimizer.learning_rate=1e30 --log-level error >/dev/null 2>diverged.txt &&
  die "a rate of 1e30 trained"
contains diverged.txt 'optimizer.learning_rate'
contains diverged.txt '"training.non_finite": "skip"'
contains diverged.txt 'the run: diverged'
"$program" evaluate diverged --log-level error 2>unscored.txt && die "a run without an evaluation was evaluated"
contains unscored.txt 'infomtl train diverged --resume'

# Several seeds: one folder each and a summary.
"$program" train config.json --seeds 0,1 --output seeds --set training.epochs=1 --log-level warning >summary.txt
[[ -s seeds/summary.json && -s seeds/seed-0/results.json && -s seeds/seed-1/results.json ]] || die "no summary of seeds"

# Several methods under the same seeds: one table against the baseline.
echo '{"losses": ["supervised"], "head": "linear"}' >plain.json
echo '{"losses": ["supervised", {"name": "timin", "weight": 0.01}], "head": "gaussian"}' >timin.json
echo '{"experiment": "corpus/corpus.json", "methods": ["plain.json", "timin.json"], "seeds": [0, 1]}' >methods.json
"$program" compare methods.json --output methods --set training.epochs=1 --log-level warning >methods.txt
contains methods.txt 'paired with plain'
cmp methods.txt methods/table.txt
[[ -s methods/comparison.json && -s methods/timin/seed-1/results.json ]] || die "no comparison"

# Estimators of mutual information on data whose information is known.
"$program" information --set 'targets=[2]' --set steps=20 --set 'estimators=["infonce","nwj"]' --picture curves.svg \
  --log-level warning >information.txt
contains information.txt infonce
contains curves.svg '</svg>'
echo "1 passed, 0 failed"
