#!/usr/bin/env bash
# What a trained run is asked on the second day: more epochs, a start from it, other files, all tasks, moved data, classes.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus
train() { "$program" train "$@" --log-level warning --quiet >/dev/null; }
quiet=(--log-level warning)

# A finished run goes on as if it had been longer from the start, and says where it is not the same run.
train config.json --output mine --set data.root=corpus/tasks --set schedule.name=constant
train config.json --output whole --set schedule.name=constant --set training.epochs=3
train mine --resume --set training.epochs=3
cmp mine/checkpoints/last/model.safetensors whole/checkpoints/last/model.safetensors || die "more epochs, another model"
# An epoch count that is none is no number to go on from.
cp -r mine odd && sed -i 's/"epochs": *3/"epochs": "x"/' odd/config.json && grep -q '"x"' odd/config.json
refuse_in_one_line '/training/epochs' train odd --resume --set training.epochs=4 --log-level error
# A log that is damaged is refused before anything of the run is touched.
for damage in '1s/.*/half a rec/' '$s/$/\x00\x00/'; do
  cp -r mine damaged && sed -i "$damage" damaged/log.jsonl && cp -r damaged before
  status=0
  "$program" train damaged --resume --set training.epochs=4 --quiet >/dev/null 2>damaged.txt || status=$?
  [[ $status == 2 ]] || die "a damaged log: status $status"
  contains damaged.txt 'not a record; move the file away'
  diff -r damaged before || die "a damaged log: the run was changed"
  rm -r damaged before
done
[[ -s mine/results-after-2.json ]] || die "earlier results are gone"
train config.json --output warmed
"$program" train warmed --resume --set training.epochs=3 --quiet >/dev/null 2>warmed.txt
contains warmed.txt "schedule depends on the length of training"
status=0
"$program" train mine >/dev/null 2>again.txt || status=$?
[[ $status == 2 ]] || die "a run folder without --resume: status $status"
contains again.txt 'go on with it by --resume'

# A new run starts from it.
"$program" train config.json --output second --set 'start="mine"' --set training.epochs=1 --quiet >/dev/null 2>start.txt
contains start.txt 'taken: encoder, head of topic'

# A file of one's own; classes; data that have moved.
head -n 20 corpus/topic/test_text.txt >texts.txt
"$program" evaluate mine --split test --classes "${quiet[@]}" >classes.txt
contains classes.txt 'precision'
contains classes.txt 'taken for'
printf '{"id": 7, "text": "we met on monday", "label": 0}\n{"id": 8, "text": "a good day", "label": 1}\n' >more.jsonl
"$program" evaluate mine --task topic --input more.jsonl "${quiet[@]}" >more.txt
contains more.txt 'more.jsonl'
refuse_in_one_line 'two files side by side' evaluate whole --task topic --input texts.txt
cp -r corpus moved
"$program" evaluate mine --data moved/tasks "${quiet[@]}" >moved.txt
"$program" evaluate mine "${quiet[@]}" | cmp - moved.txt || die "moved data score differently"

# Records carry their other keys; words stand beside tags; all tasks in one go.
printf '{"id": 7, "text": "we met on monday"}\n' >record.jsonl
printf '{"id": 7, "text": "we met on monday", "text_pair": "when"}\n' >pair.jsonl
"$program" predict mine --task spans --input record.jsonl "${quiet[@]}" >spans.jsonl
contains spans.jsonl '{"id":7,"words":["we","met","on","monday"],"labels":['
cat pair.jsonl pair.jsonl >pairs.jsonl
"$program" predict mine --all --input pairs.jsonl "${quiet[@]}" >all.jsonl 2>single.txt
[[ $(grep -c 'topic, .* read single texts' single.txt) == 1 ]] || die "not said once that text_pair is not read: $(cat single.txt)"
for task in topic polarity emotion certainty spans answer; do contains all.jsonl "\"$task\":{"; done
# What a record had under a key of the answer is kept beside it.
"$program" predict mine --task topic --input more.jsonl "${quiet[@]}" >labelled.jsonl
[[ $(wc -l <labelled.jsonl) == 2 ]] || die "labelled records: $(cat labelled.jsonl)"
contains labelled.jsonl '{"id":7,"given":{"label":0},"label":"'
printf '{"given": 1, "text": "a good day", "label": 1}\n' >taken.jsonl
refuse_in_one_line 'under "given", which is taken' predict mine --task topic --input taken.jsonl
printf '{"text": "a good day", "label": 1}\n' >label.jsonl
"$program" tokenize --model corpus/encoder --input label.jsonl | grep -q '^{"label":1,"ids":' || die "a label is no key of tokens"
refuse_in_one_line 'give --task' predict whole
refuse_in_one_line 'nothere.txt: cannot be opened: No such file' predict whole --task topic --input nothere.txt
refuse_in_one_line 'corpus: is a folder' predict whole --task topic --input corpus

# A table is not read by its columns, which is said.
printf 'we met on monday\tgarden\n' >table.tsv && cp table.tsv table.txt && cp texts.txt plain.csv
for file in table.tsv table.txt plain.csv; do
  "$program" predict mine --task topic --input "$file" "${quiet[@]}" >/dev/null 2>raw.txt
  contains raw.txt "$file: every line is read as one text"
done
"$program" predict mine --task topic --input texts.txt "${quiet[@]}" 2>raw.txt >/dev/null
! grep -q 'one text' raw.txt || die "plain texts were warned of: $(cat raw.txt)"

# Folders that are not quite a run.
"$program" predict mine/checkpoints/last --task topic --input record.jsonl "${quiet[@]}" | grep -q '"label"' || die "a checkpoint"
train config.json --seeds 0,1 --output seeds --set training.epochs=1
refuse_in_one_line 'seeds/seed-0' evaluate seeds
"$program" encode --model mine --input record.jsonl | grep -q '{"id": *7' || die "encode dropped the id"
echo "1 passed, 0 failed"
