#!/usr/bin/env bash
# The timing process does what its driver counts on: tokenizer_smoke.sh BENCH_TOKENIZER TOKENIZER_FOLDER
set -euo pipefail
bench=$1 tokenizer=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf 'time to read\n\nhow long is it?\n' >"$folder/texts.txt"
answers=$(printf 'encode 3\nids %s\n' "$folder/ids" | "$bench" "$tokenizer" "$folder/texts.txt")
grep -q '"texts":9' <<<"$(sed -n 1p <<<"$answers")"
grep -q '"texts":3' <<<"$(sed -n 2p <<<"$answers")"
tokens=$(sed -nE 's/.*"tokens":([0-9]+).*/\1/p' <<<"$answers")
[[ $(stat -c %s "$folder/ids") == $(((3 + tokens / 3) * 4)) ]] # a count per text, and the ids
if printf 'encode 0\n' | "$bench" "$tokenizer" "$folder/texts.txt" 2>"$folder/talk.txt"; then exit 1; fi
grep -q 'encode N' "$folder/talk.txt"
