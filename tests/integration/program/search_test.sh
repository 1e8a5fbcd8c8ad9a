#!/usr/bin/env bash
# A search that is killed and goes on, or that two processes share, ends like one that was left alone; its winners are
# confirmed under fresh seeds; mistakes are one line.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus
cat >experiment.json <<'JSON'
{
  "extends": "corpus/corpus.json",
  "optimizer": {"name": "adamax", "learning_rate": 2e-3},
  "training": {"epochs": 4, "batch_size": 32}
}
JSON
echo '{"head": "linear", "losses": ["supervised"]}' >plain.json
cat >informed.json <<'JSON'
{"head": "gaussian", "losses": ["supervised", {"name": "timin", "weight": 0.01}]}
JSON
cat >search.json <<'JSON'
// Four trials of either method: all train one epoch, two of them two, one of them four.
{
  "experiment": "experiment.json",
  "methods": ["plain.json", {"file": "informed.json", "space": {"losses.1.weight": [0.01, 0.1]}}],
  "space": {"optimizer.learning_rate": {"log_uniform": [1e-4, 1e-2]}},
  "algorithm": {"name": "successive_halving", "eta": 2, "smallest_budget": 1},
  "budget": 4,
  "seeds": [100]
}
JSON
search() { "$program" search search.json --log-level warning "$@"; }
same() { # same FOLDER WHY
  diff whole/search.json "$1/search.json" || die "$2: other trials"
  diff whole/table.txt "$1/table.txt" || die "$2: another table"
  diff whole/best/informed.json "$1/best/informed.json" || die "$2: another winner"
}

"$program" search search.json --output whole >table.txt 2>order.txt
order=$(sed -nE 's/.*info: (plain|informed), trial .*/\1/p' order.txt | tr '\n' ' ')
[[ $order == "plain informed plain informed "* ]] || die "the methods do not go on in turn: $order"
diff table.txt whole/table.txt || die "the table on stdout is not that of the folder"
contains table.txt '4 trials of up to 4 epochs'
contains table.txt '50.0 % of training all to the end'
[[ $(grep -c '"epochs": 4' whole/search.json) == 2 ]] || die "not one trial of either method was trained to the end"
grep -rqs '"test' whole --include='results-after-*' --include=log.jsonl --include=search.json && die "a search has looked at test"

# Killed wherever it is, again and again. A kill may hit before anything is there.
for delay in 1 1.5 2 1.2 2.5; do
  timeout -s KILL "$delay" "$program" search search.json --output killed --log-level warning >/dev/null 2>&1 || true
done
search --output killed >/dev/null
same killed "killed and gone on"

# Two processes, one killed on the way.
search --output shared >/dev/null 2>first.txt &
first=$!
timeout -s KILL 3 "$program" search search.json --output shared --log-level warning >/dev/null 2>&1 || true
search --output shared >/dev/null
wait "$first" || die "the first of two processes: $(cat first.txt)"
same shared "shared by two processes"

# Interrupted: status 130, and the same command goes on.
"$program" search search.json --output broken --log-level warning >/dev/null 2>broken.txt &
pid=$!
for _ in $(seq 600); do
  [[ -f broken/plain/trial-0/seed-100/log.jsonl ]] && break
  sleep 0.05
done
kill -INT "$pid"
status=0
wait "$pid" || status=$?
[[ $status == 130 ]] || die "an interrupted search ended with $status: $(cat broken.txt)"
search --output broken >/dev/null
same broken "interrupted and gone on"

# --set holds for every run, and for the winners.
search --output changed --set data.max_train_rows=20 --set training.epochs=2 --json >changed.json
[[ $(grep -c '"epochs": 2' changed.json) == 4 ]] || die "half of the trials should reach the second epoch: $(cat changed.json)"
contains changed/best/plain.json '"max_train_rows": 20'
contains changed/plain/trial-0/seed-100/config.json '"max_train_rows": 20'

# The confirmation: fresh seeds, on test.
contains whole/best/comparison.json '"refused_seeds"'
"$program" compare whole/best/comparison.json --seeds 7 --set training.epochs=1 --output confirmed --log-level warning >confirmed.txt
contains confirmed.txt informed
contains confirmed/plain/seed-7/results.json '"test"'

# Mistakes.
with() { # with SED-EXPRESSION: search.json changed
  sed -E "$1" search.json >changed.json
  cmp -s search.json changed.json && die "the change '$1' changed nothing"
  return 0
}
changed=(search changed.json --output run --log-level error)
refuse_in_one_line 'seed 100' compare whole/best/comparison.json --seeds 100 --output run --log-level error
contains err.txt 'comparison.json#/refused_seeds'
with 's/"space": \{"optimizer/"spaces": {"optimizer/' && refuse_in_one_line 'changed.json#/space' "${changed[@]}"
with 's/optimizer.learning_rate/optimizer.learning_rat/' && refuse_in_one_line 'did you mean "learning_rate"' "${changed[@]}"
contains err.txt 'changed.json#/methods/0, trial 0'
with 's/losses.1.weight/losses.2.weight/' && refuse_in_one_line 'changed.json#/methods/1, trial 0' "${changed[@]}"
with 's/\{"log_uniform": .*\}\}/[]}/' && refuse_in_one_line 'changed.json#/space/optimizer.learning_rate: is empty' "${changed[@]}"
with 's/\{"log_uniform": .*\}\}/[1e-4, 1e-3]}/; s/"budget": 4/"budget": 3/' && refuse_in_one_line 'changed.json#/methods/0' "${changed[@]}"
with 's/"name": "successive_halving".*\}/"name": "grid"}/; s/\{"log_uniform": .*\}\}/[1e-4, 1e-3]}/' &&
  refuse_in_one_line '"informed" has 4 trials, "plain" 2' "${changed[@]}"
with 's/"budget": 4,//' && refuse_in_one_line 'changed.json#/budget: missing' "${changed[@]}"
with 's/"plain.json"/"plan.json"/' && refuse_in_one_line 'plan.json' "${changed[@]}"
with 's/"eta": 2/"eta": 1/' && refuse_in_one_line 'changed.json#/algorithm/eta' "${changed[@]}"
refuse_in_one_line 'holds another search' search search.json --output whole --set training.epochs=2 --log-level error
refuse_in_one_line 'nowhere.json' search nowhere.json --log-level error
refuse_in_one_line 'config' search
echo "$mistakes mistakes, each refused with 2 in one line"
echo "1 passed, 0 failed"
