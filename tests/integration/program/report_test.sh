#!/usr/bin/env bash
# The report of real runs: one, unfinished, seeds, a comparison, a folder of all; as a page and on the terminal.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus

"$program" train config.json --output all/run --log-level warning >/dev/null
"$program" report all/run --log-level warning
page=all/run/report.html
[[ -s $page ]] || die "no page in the run folder"
contains "$page" 'One finished run'
for words in topic spans Scores 'Training losses' simax timin 'Gradients and learning rate' Environment '</html>'; do contains "$page" "$words"; done
if grep -qE '<script|https?://[^w]' "$page"; then die "the page has a script or asks the network"; fi
[[ $(stat -c %s "$page") -lt 2000000 ]] || die "the page of one run takes $(stat -c %s "$page") bytes"

"$program" report all/run --text --log-level warning >run.txt
contains run.txt 'Learning curves: validation scores'
grep -q '[▁▂▃▄▅▆▇█]' run.txt || die "no sparkline: $(cat run.txt)"
if LC_ALL=C.UTF-8 grep -E '^.{81,}' run.txt; then die "a line is wider than 80 characters"; fi

# A run that was broken off is shown as far as its log goes.
cp -r all/run all/half && rm all/half/results.json
"$program" report all/half --text --log-level warning >half.txt
contains half.txt 'not finished, step'

"$program" train config.json --seeds 0,1 --output all/seeds --set training.epochs=1 --log-level warning >/dev/null
"$program" report all/seeds --output seeds.html --log-level warning
contains seeds.html 'One config under 2 seeds (summary.json)'

echo '{"losses": ["supervised"], "head": "linear"}' >plain.json
echo '{"losses": ["supervised", {"name": "timin", "weight": 0.01}, "information"], "head": "gaussian"}' >timin.json
echo '{"experiment": "corpus/corpus.json", "methods": ["plain.json", "timin.json"], "seeds": [0, 1]}' >methods.json
"$program" compare methods.json --output all/methods --set training.epochs=1 --set training.report_every=2 --log-level warning >/dev/null
"$program" report all/methods --output methods.html --log-level warning
contains methods.html 'A comparison (comparison.json) of 2 methods with 4 runs'
contains methods.html 'Information kept about the input'
contains methods.html '(baseline)'
contains methods.html 'losses/timin/weight'

"$program" report all --output all.html --log-level warning
for words in 'Single runs' methods half 'unfinished, step'; do contains all.html "$words"; done

# Mistakes are one line and status 2, and leave no page.
mkdir empty
for arguments in 'empty' 'nowhere' 'all/run --output all' 'all/run --text --output a.html'; do
  status=0
  # shellcheck disable=SC2086
  "$program" report $arguments --log-level warning 2>mistake.txt >/dev/null || status=$?
  [[ $status == 2 && $(wc -l <mistake.txt) == 1 ]] || die "report $arguments: status $status, $(cat mistake.txt)"
done
[[ ! -e empty/report.html && ! -e a.html ]] || die "a page of nothing was written"
# A page takes the place of a page, and of nothing else.
"$program" report all/run --output seeds.html --log-level warning
contains seeds.html 'One finished run'
for file in config.json all/run/results.json; do
  cp "$file" before
  status=0
  "$program" report all/run --output "$file" --log-level warning 2>mistake.txt >/dev/null || status=$?
  [[ $status == 2 ]] || die "report over $file: status $status"
  contains mistake.txt "$file: is there and cannot be told to be a page of infomtl report"
  cmp "$file" before || die "report wrote over $file"
done
mkfifo page.pipe
cat page.pipe >piped.html &
"$program" report all/run --output page.pipe --log-level warning && wait $!
[[ -p page.pipe ]] || die "a pipe was replaced"
contains piped.html '</html>'
echo "1 passed, 0 failed"
