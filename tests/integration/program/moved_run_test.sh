#!/usr/bin/env bash
# A run that has moved with its data and its encoder: what needs the data says where they were, finds them where it is told,
# opens the files of its own split only, and goes on to the bits of a run that stayed.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
quiet=(--log-level warning --quiet)
mkdir home && cd home && make_corpus
steady=(--set schedule.name=constant --set 'losses=["supervised"]')
"$program" train config.json --output runs/whole "${steady[@]}" --set training.epochs=3 "${quiet[@]}" >/dev/null
"$program" train config.json --output runs/short "${steady[@]}" "${quiet[@]}" >/dev/null
# The same with its records in place, so that the run names every file by its whole path; one task.
printf 'kitchen\ngarden\nmusic\ntravel\nmoney\nhealth\n' >corpus/topic/names.txt
tr -d '\n' <corpus/tasks/topic.json |
  sed -E 's#\.\./topic/#corpus/topic/#g; s#"labels": *\[[^]]*\]#"labels": "corpus/topic/names.txt"#' >topic.json
printf '{"extends": "config.json", "losses": ["supervised"], "data": {"tasks": [%s]}, "training": {"epochs": 1}}' \
  "$(<topic.json)" >inline.json
"$program" train inline.json --output runs/inline "${quiet[@]}" >/dev/null
for run in short inline; do
  "$program" evaluate runs/$run --split test --log-level warning >../$run.txt
done
cp -r runs/short runs/other
cd .. && mv home house && cd house

refuse_in_one_line "data are looked for below $folder/home/corpus/topic, --data FOLDER names another place" evaluate runs/inline --split test
refuse_in_one_line "$folder/home/corpus/tasks/topic.json: cannot be opened" evaluate runs/short --split test
mkdir elsewhere && mv corpus/topic/train_* corpus/topic/validation_* elsewhere
"$program" evaluate runs/inline --split test --data corpus/topic --log-level warning | cmp - ../inline.txt || die "moved: records in place"
"$program" evaluate runs/short --split test --data corpus/tasks --log-level warning | cmp - ../short.txt || die "moved: records in files"
refuse_in_one_line 'validation_labels.txt: cannot be opened' evaluate runs/short --data corpus/tasks
mv elsewhere/* corpus/topic
"$program" influence runs/inline --data corpus/topic --shared none --log-level warning | grep -q '^most harmful' || die "influence on moved data"

# It goes on without the encoder that it began from; with one of the same tokenizer, too; a finished one needs nothing.
"$program" train runs/short --resume --data corpus/tasks --set training.epochs=3 --quiet >/dev/null 2>resumed.txt
contains resumed.txt 'is gone; the encoder and the tokenizer are those of'
cmp runs/short/checkpoints/last/model.safetensors runs/whole/checkpoints/last/model.safetensors || die "resumed after the move: another model"
"$program" train config.json --output runs/other --resume "${steady[@]}" --set training.epochs=3 "${quiet[@]}" >/dev/null
cmp runs/other/checkpoints/last/model.safetensors runs/whole/checkpoints/last/model.safetensors || die "config at its new place: another model"
"$program" train config.json --output runs/whole "${steady[@]}" --set training.epochs=3 "${quiet[@]}" >/dev/null
refuse_in_one_line 'differ in /optimizer/learning_rate' train config.json --output runs/whole "${steady[@]}" \
  --set training.epochs=3 --set optimizer.learning_rate=0.1
sed -i 's/^garden$/gardens/' corpus/encoder/vocab.txt
refuse_in_one_line 'differ in /encoder/path' train config.json --output runs/whole "${steady[@]}" --set training.epochs=3

# A folder that stands where it stood and is another one.
sed -i 's/^gardens$/garden/' corpus/encoder/vocab.txt
"$program" train config.json --output runs/stayed "${steady[@]}" "${quiet[@]}" >/dev/null
sed -i 's/"hidden_dropout_prob": [0-9.]*/"hidden_dropout_prob": 0.3/' corpus/encoder/config.json
refuse_in_one_line 'encoder: its config.json#/hidden_dropout_prob is not that of' train runs/stayed --resume --set training.epochs=3
echo "1 passed, 0 failed"
