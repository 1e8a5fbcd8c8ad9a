#!/usr/bin/env bash
# The example programs on the embedded corpus: examples_test.sh PROGRAM FOLDER-OF-EXAMPLES
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
examples=$2
make_corpus
"$examples/example_minimal_train" config.json minimal >minimal.txt
contains minimal.txt 'step 5 of'
contains minimal.txt polarity
sed -E 's/"tasks": \["\.\.\/.*//' config.json >/dev/null
"$examples/example_custom_loss" config.json custom >custom.txt
contains custom.txt polarity
contains custom/log.jsonl '"loss/topic/my_focal/raw"'
"$examples/example_embed_and_predict" minimal/checkpoints/best minimal topic >embedded.txt
contains embedded.txt 'cosine of the two embeddings'
[[ $(grep -c '"label"' embedded.txt) == 2 ]] || die "two texts, other predictions: $(cat embedded.txt)"
echo "1 passed, 0 failed"
