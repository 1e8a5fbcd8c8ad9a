#!/usr/bin/env bash
# The user's mistakes: one line on stderr that says what, where and the cure, status 2, and nothing written.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus
with() { # with SED-EXPRESSION: config.json changed
  sed -E "$1" config.json >changed.json
  cmp -s config.json changed.json && die "the change '$1' changed nothing"
  return 0
}
train() { echo train "$@" --output run --log-level error; }

with 's/"epochs"/"epoch"/' && refuse_in_one_line 'did you mean "epochs"' $(train changed.json)
with 's/"training"/"trainning"/' && refuse_in_one_line '"training"' $(train changed.json)
with 's/"weight": 0.1/"wieght": 0.1/' && refuse_in_one_line 'did you mean "weight"' $(train changed.json)
with 's/"learning_rate"/"learning_rat"/' && refuse_in_one_line 'learning_rate' $(train changed.json)
with 's/"name": "simax"/"name": "simaxx"/' && refuse_in_one_line 'did you mean "simax"' $(train changed.json)
with 's/"gaussian"/"linear"/' && refuse_in_one_line 'gaussian' $(train changed.json)
with 's/"tasks": \["topic"/"tasks": ["topics"/' && refuse_in_one_line 'topic' $(train changed.json)
refuse_in_one_line 'integer' $(train config.json --set 'training.epochs="two"')
refuse_in_one_line 'training' $(train config.json --set training.batch_size=0)
refuse_in_one_line '0 or more' $(train config.json --seed -1)
refuse_in_one_line 'validation' $(train config.json --set training.selection.split=test)
refuse_in_one_line 'joint' $(train config.json --set weighting.name=pcgrad)
refuse_in_one_line 'svd_reweighting' $(train config.json --set weighting=svd_reweighting)
refuse_in_one_line 'svd_reweighting' $(train config.json --set weighting=svd)
refuse_in_one_line 'are to be generated' $(train config.json --set 'head={"name":"bayesian","weights":"generated"}')
refuse_in_one_line 'is a penalty' $(train config.json --set losses.0=dgr)
refuse_in_one_line 'is there twice' $(train config.json --set 'penalties=["dgr",{"name":"dgr","dummies":2}]')
refuse_in_one_line 'uncertainty' $(train config.json --set weighting.name=uncertanty)
refuse_in_one_line 'model folder' $(train config.json --set encoder.path=nowhere)
refuse_in_one_line 'nowhere.json' $(train nowhere.json)
refuse_in_one_line 'CUDA' $(train config.json --set device=cuda)
refuse_in_one_line 'losses' $(train config.json --set losses=7)
refuse_in_one_line 'did you mean "train"' trian config.json
refuse_in_one_line 'did you mean "steps"' information --set stepps=3
refuse_in_one_line 'rows' information --set rows=1000000000000
refuse_in_one_line 'seed' $(train config.json --seed -1)
refuse_in_one_line '--seeds: seed 4 is given twice' $(train config.json --seeds 4,4)
for seeds in 1,,2 1, ,1; do refuse_in_one_line 'a value is missing' $(train config.json --seeds $seeds); done
refuse_in_one_line '0 or more' predict nowhere --task topic --samples 5 --seed -1
refuse_in_one_line '0 or more' influence nowhere --select 0.1 --select-random -1
for strength in nan inf -1 0.1,nan; do
  refuse_in_one_line 'must be a number >= 0' evaluate nowhere --noise random --strength $strength
done
refuse_in_one_line 'a value is missing' evaluate nowhere --noise random --strength 0.1,,0.2
refuse_in_one_line 'a value is missing' influence nowhere --tasks topic,
refuse_in_one_line 'must be a number > 0' influence nowhere --penalty nan
refuse_in_one_line 'must be a number >= 0' influence nowhere --ridge nan
refuse_in_one_line 'found 100000000; must be an integer >= 1 and <= 1000' $(train config.json --set 'architecture={"name":"mmoe","experts":100000000}')
refuse_in_one_line '--set#/training/selection/monitor: training.selection.monitor: no task "topics"' $(train config.json --set training.selection.monitor=topics)
refuse_in_one_line 'seeds' $(train config.json --seeds 99999999999999999999)
refuse_in_one_line 'batch_size' $(train config.json --set training.batch_size=9223372036854775807)
refuse_in_one_line 'not a folder' train config.json --output config.json --log-level error
refuse_in_one_line 'not a folder' train config.json --output config.json/run --log-level error
mkdir -p mine/checkpoints/best && echo kept >mine/checkpoints/best/mine.txt
refuse_in_one_line 'no config.json' train config.json --output mine --log-level error
[[ $(cat mine/checkpoints/best/mine.txt) == kept ]] || die "a folder that is not a run was written over"
printf '{"extends": "config.json", "losses": [}' >broken.json
refuse_in_one_line 'broken.json' $(train broken.json)
printf '{"extends": "loop.json"}' >loop.json
refuse_in_one_line 'loop.json' $(train loop.json)
ln -s round round && refuse_in_one_line 'round' $(train round)
refuse_in_one_line '/dev/zero: is a device' $(train /dev/zero)

# Data: each mistake in a copy of its own.
damage() { rm -rf corpus && "$program" synthesize corpus --seed 3 --rows 160 >/dev/null; }
file_of() { find corpus -type f -name "$1" | sort | head -n 1; }
topic=$(find corpus -path '*topic*' -type f ! -name '*.json' | sort)
train_file=$(grep -m1 train <<<"$topic")
printf 'a bad \xff byte\tsports\n' >>"$train_file" && refuse_in_one_line "$(basename "$train_file")" $(train config.json)
damage
: >"$train_file" && refuse_in_one_line "$(basename "$train_file")" $(train config.json)
damage
rm "$train_file" && refuse_in_one_line "$(basename "$train_file")" $(train config.json)
damage
labels=corpus/topic/train_labels.txt texts=corpus/topic/train_text.txt
sed -i '3s/.*/weather or not/' "$labels" && refuse_in_one_line 'topic/train_labels.txt:3' $(train config.json)
contains err.txt 'weather or not'
damage
echo 'one line more' >>"$texts" && refuse_in_one_line "$(wc -l <"$texts")" $(train config.json)
contains err.txt "$(wc -l <"$labels")"
damage
: >"$texts" && : >"$labels" && refuse_in_one_line 'topic' $(train config.json)
damage
sed -i 's/"metric"/"metrics"/' corpus/tasks/topic.json && refuse_in_one_line 'did you mean "metric"' $(train config.json)
contains err.txt 'topic.json#/metrics'
damage
sed -i 's/"validation": {/"validation": {"texts": "x",/' corpus/tasks/topic.json && refuse_in_one_line 'topic.json#/splits/validation/texts' $(train config.json)
damage
sed -i 's/"max_length"/"max_len"/' corpus/corpus.json && refuse_in_one_line 'corpus.json#/encoder/max_len' $(train config.json)
damage

"$program" train config.json --output good --set training.max_steps=1 --log-level error >/dev/null
# A checkpoint as the encoder: its files are those that were saved, and no others.
best=good/checkpoints/best
weights() { rm -rf encoder && cp -r "$best" encoder; }
weights && printf 'X' | dd of=encoder/model.safetensors bs=1 seek=9000 conv=notrunc status=none
for command in "train config.json --set encoder.path=encoder --output run" 'check config.json --set encoder.path=encoder' \
  'encode --model encoder' 'tokenize --model encoder'; do
  status=0
  # shellcheck disable=SC2086
  "$program" $command --log-level error >out.txt 2>err.txt </dev/null || status=$?
  [[ $status == 2 ]] || die "$command of a changed checkpoint: status $status"
  cat out.txt err.txt >said.txt && contains said.txt 'encoder/model.safetensors: is not what was saved'
  [[ ! -e run ]] || die "$command: wrote a run folder"
done
weights && echo '{}' >encoder/tokenizer.json
refuse_in_one_line 'encoder/tokenizer.json: is not among the files' tokenize --model encoder --log-level error

# Weights: a run's own encoder, cut short, of other shapes, and not there.
weights() { rm -rf encoder && cp -r "$best" encoder && rm encoder/state.* encoder/heads.safetensors; }
weights && truncate -s -100 encoder/model.safetensors
refuse_in_one_line 'encoder/model.safetensors' train config.json --set encoder.path=encoder --output run --log-level error
weights && truncate -s 20 encoder/model.safetensors
refuse_in_one_line 'encoder/model.safetensors' train config.json --set encoder.path=encoder --output run --log-level error
weights && sed -i -E 's/("intermediate_size": *)[0-9]+/\17/' encoder/config.json
refuse_in_one_line 'intermediate.dense.weight' train config.json --set encoder.path=encoder --output run --log-level error
weights && sed -i -E 's/("num_hidden_layers": *)[0-9]+/\19/' encoder/config.json
refuse_in_one_line 'missing' train config.json --set encoder.path=encoder --output run --log-level error

# Weights under other names, links and pointers, adapters, tokenizers and models of other kinds.
other() { refuse_in_one_line "$1" train config.json --set encoder.path=encoder --output run --log-level error; }
weights && rm encoder/*.safetensors && echo x >encoder/pytorch_model-00001-of-00002.bin && other 'pytorch_model-00001-of-00002.bin is not read'
weights && rm encoder/*.safetensors && echo x >encoder/model.onnx && other 'model.onnx'
weights && ln -sf ../blobs/gone encoder/model.safetensors && other 'is a link to ../blobs/gone, which is not there'
pointer='version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 90\n'
# shellcheck disable=SC2059
weights && rm encoder/model.safetensors && printf "$pointer" >encoder/model.safetensors && other 'model.safetensors: is a Git LFS pointer'
# shellcheck disable=SC2059
weights && printf "$pointer" >encoder/vocab.txt && other 'vocab.txt: is a Git LFS pointer'
weights && echo '{"base_model_name_or_path": "x"}' >encoder/adapter_config.json && other 'PEFT adapter of "x"'
weights && echo '{"tokenizer_class": "BertJapaneseTokenizer"}' >encoder/tokenizer_config.json && other '"BertJapaneseTokenizer" is not implemented'
weights && echo '{"tokenizer_class": "RobertaTokenizer"}' >encoder/tokenizer_config.json && other 'does not read vocab.txt'
weights && sed -i 's/"model_type": "bert"/"model_type": "albert"/' encoder/config.json && other 'unknown encoder "albert"'

# Files of the encoder's folder that were cut off, a key written twice, values that are none, and the file named where weights are
# drawn.
weights && head -n 60 corpus/encoder/vocab.txt >encoder/vocab.txt && other "encoder/vocab.txt: gives 60 tokens, but config.json's vocab_size is"
weights && sed -i 's/"model_type"/"hidden_size": 64, "model_type"/' encoder/config.json && other 'encoder/config.json:7:3: "/hidden_size" is written twice'
weights && sed -i -E 's/("model_type": *)"bert"/\15/' encoder/config.json && other 'encoder/config.json#/model_type: found the number 5; must be a string'
weights && rm encoder/*.safetensors && sed -i -E 's/("hidden_size": *)[0-9]+/\165/' encoder/config.json && other 'encoder/config.json#/hidden_size: 65 is not a multiple'
weights && rm encoder/*.safetensors && sed -i -E 's/("num_hidden_layers": *)[0-9]+/\10/' encoder/config.json && other 'encoder/config.json#/num_hidden_layers: found 0'

# Data files of every kind with every fault.
data_config() { # data_config FILE TYPE FORMAT
  printf '{"encoder": {"path": "corpus/encoder", "max_length": 16}, "losses": ["supervised"],
    "training": {"selection": {"monitor": "last"}}, "data": {"tasks": [{"name": "t", "type": "%s", "labels": ["a", "b"],
    "metric": "accuracy", "splits": {"train": {"file": "%s", "format": "%s"}}}]}}' "$2" "$1" "$3" >data.json
}
bad() { refuse_in_one_line "$1" train data.json --output run --log-level error; }
for kind in csv tsv jsonl conll label_text; do
  type=classification
  case $kind in
    csv) good='text,label\nx y,LABEL\n' ;;
    tsv) good='text\tlabel\nx y\tLABEL\n' ;;
    jsonl) good='{"text": "x y", "label": "LABEL"}\n' ;;
    conll) good='x\tLABEL\n' type=tagging ;;
    label_text) good='LABEL x y\n' ;;
  esac
  data_config "bad.$kind" "$type" "$kind"
  write() { # write FORMAT-STRING
    # shellcheck disable=SC2059
    printf "$1" >"bad.$kind"
  }
  write "${good//LABEL/zzz}" && bad 'label "zzz" is not one of a, b'
  write "${good//LABEL/a}\xff" && bad 'not UTF-8 (byte 0xff)'
  write '\xff\xfea\0' && bad 'is UTF-16'
  one=${good//LABEL/a}
  write "${one//\\n/\\r}${one//\\n/\\r}" && bad 'lines end in CR alone'
  : >"bad.$kind" && bad "bad.$kind"
  rm "bad.$kind" && bad "bad.$kind"
done

# A run that is there stays as it is, whatever is wrong with what is asked.
before=$(find good -type f -print0 | sort -z | xargs -0 sha256sum)
for change in training.epoch=3 losses.0.name=supervisd training.selection.split=test head=linear training.epochs=7; do
  status=0
  "$program" train config.json --output good --set "$change" --log-level error >/dev/null 2>err.txt || status=$?
  [[ $status == 2 && $(wc -l <err.txt) == 1 ]] || die "$change over a run: status $status: $(cat err.txt)"
  mistakes=$((mistakes + 1))
done
[[ $before == "$(find good -type f -print0 | sort -z | xargs -0 sha256sum)" ]] || die "a run was written over"

# Pipes in place of files, which nobody writes to.
mkfifo pipe.csv
data_config pipe.csv classification csv
refuse_in_one_line 'pipe.csv: is a pipe; a file is needed' train data.json --output run --log-level error
for file in config.json model.safetensors vocab.txt; do
  weights && rm "encoder/$file" && mkfifo "encoder/$file"
  refuse_in_one_line "encoder/$file: is a pipe; a file is needed" train config.json --set encoder.path=encoder --output run --log-level error
done

# Folders and files of something else.
mkdir mine/notes && echo kept >mine/notes/thesis.tex
refuse_in_one_line 'holds other things than a run (thesis.tex)' train config.json --output mine/notes --log-level error
refuse_in_one_line 'is not the config of a run' train config.json --output corpus/encoder --log-level error
refuse_in_one_line 'holds other things than runs of several seeds' train config.json --output good --seeds 1,2 --log-level error

# Commands.
refuse_in_one_line 'unknown command' trian
refuse_in_one_line 'unknown command' trian --help
refuse_in_one_line 'config' train
refuse_in_one_line 'did you mean "losses"' list lossess
refuse_in_one_line 'did you mean "pcgrad"' list pcgrat
refuse_in_one_line 'known: losses, penalties, ' list nothing-of-the-kind
"$program" list losses >losses.txt && contains losses.txt '(one of sum, mean)'
refuse_in_one_line 'pooling' encode --model corpus/encoder --pooling last
printf 'not json' >corpus/encoder/config.json
refuse_in_one_line 'config.json' $(train config.json)
echo "$mistakes mistakes, each refused with 2 in one line"
# A run folder whose config.json was harmed.
for harm in '' '[]' '{"encoder": 3}'; do
  mkdir -p harmed/checkpoints && rm -rf harmed/checkpoints/best && cp -r "$best" harmed/checkpoints/best
  printf '%s' "$harm" >harmed/config.json
  status=0
  "$program" evaluate harmed >out.txt 2>err.txt || status=$?
  [[ $status == 2 && $(wc -l <err.txt) == 1 ]] || die "config.json \"$harm\": status $status: $(cat err.txt)"
  contains err.txt harmed/config.json
done
echo "1 passed, 0 failed"
