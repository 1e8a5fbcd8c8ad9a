#!/usr/bin/env bash
# Comparisons: tables in every format, several processes on one folder, one of them killed, and what is refused.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus

echo '{"name": "EW", "losses": ["supervised"], "head": "linear"}' >plain.json
echo '{"name": "TIMin", "losses": ["supervised", {"name": "timin", "weight": 0.01}], "head": "gaussian"}' >timin.json
cat >plan.json <<'JSON'
{
  "experiment": "corpus/corpus.json",
  "methods": ["plain.json", {"file": "plain.json", "name": "smooth", "set": {"losses": [{"name": "supervised", "label_smoothing": 0.1}]}},
              "timin.json"],
  "axes": {"data.train_fraction": [0.5, 1]},
  "seeds": [0, 1]
}
JSON
settings=(--set training.epochs=3 --set training.batch_size=8)
compare() { "$program" compare plan.json --output grid "${settings[@]}" "$@"; }

# One process is killed while it trains, three others divide the runs and take over what it left.
"$program" compare plan.json --output grid "${settings[@]}" --log-level warning >/dev/null 2>&1 &
killed=$!
for _ in $(seq 600); do
  compgen -G 'grid/*/*/*/log.jsonl' >/dev/null && break
  sleep 0.1
done
kill -9 "$killed"
wait "$killed" 2>/dev/null || true
others=()
for i in 1 2 3; do
  compare >"table.$i" 2>"log.$i" &
  others+=($!)
done
for process in "${others[@]}"; do wait "$process" || die "a process failed: $(tail -n 5 log.*)"; done
[[ $(find grid -name results.json | wc -l) == 12 ]] || die "not every run has results: $(find grid -name results.json)"
trained=$(cat log.* | grep -c ' is done: ')
[[ $trained -ge 10 && $trained -le 12 ]] || die "12 runs, of which others had at most two, were trained $trained times: $(cat log.*)"
for i in 1 2 3; do cmp "table.$i" grid/table.txt || die "process $i printed another table"; done
contains grid/table.txt 'Averages, validation split'
contains grid/table.txt 'data.train_fraction = 0.5'
contains grid/table.txt 'paired with EW'
contains log.1 ' of 12 done'

# Files and formats say the same; nothing was scored on test.
for place in grid grid/data.train_fraction=0.5 grid/data.train_fraction=1; do
  for file in table.txt table.md table.tex table.csv; do [[ -s $place/$file ]] || die "$place/$file is missing"; done
done
for format in text:txt markdown:md latex:tex csv:csv; do
  compare --log-level warning --format "${format%:*}" | cmp - "grid/table.${format#*:}" || die "$format differs"
done
compare --log-level warning --json | cmp - grid/comparison.json || die "--json differs from comparison.json"
contains grid/comparison.json '"format": 2'
contains grid/comparison.json '"folder": "data.train_fraction=0.5"'
grep -rq '"test"' grid/*/*/*/results.json && die "test was scored"
"$program" evaluate grid/data.train_fraction=1/plain/seed-0 --split test --log-level warning >test.txt
contains test.txt topic

# Rows of unlike budgets, unknown formats and splits are refused in one line.
refuse() { # refuse TEXT ARGUMENTS...
  local text=$1 status=0
  shift
  "$program" compare "$@" --output refused --log-level error >out.txt 2>err.txt || status=$?
  [[ $status == 2 && $(wc -l <err.txt) == 1 ]] || die "$*: status $status: $(cat err.txt)"
  contains err.txt "$text"
  [[ ! -e refused ]] || die "$*: wrote a folder"
}
sed 's/"losses": \[{"name": "supervised", "label_smoothing": 0.1}\]/"training.epochs": 5/' plan.json >longer.json
refuse 'the methods do not train on as many steps: plain' longer.json
refuse 'format' plan.json --format html
refuse 'is an axis' plan.json --set data.train_fraction=0.3
sed 's/"seeds"/"split": "tset", "seeds"/' plan.json >split.json
refuse 'did you mean "test"' split.json
echo "1 passed, 0 failed"
