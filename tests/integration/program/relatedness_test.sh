#!/usr/bin/env bash
# How tasks relate: a comparison of pairs, what relatedness finds in it, its picture and the report's section; a config alone.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
make_corpus

echo '{"name": "EW", "losses": ["supervised"], "head": "linear"}' >plain.json
cat >pairs.json <<'JSON'
{
  "experiment": "corpus/corpus.json",
  "methods": ["plain.json"],
  "axes": {"data.tasks": {"topic": ["corpus/tasks/topic.json"], "answer": ["corpus/tasks/answer.json"],
                          "emotion": ["corpus/tasks/emotion.json"],
                          "topic+answer": ["corpus/tasks/topic.json", "corpus/tasks/answer.json"],
                          "topic+emotion": ["corpus/tasks/topic.json", "corpus/tasks/emotion.json"],
                          "answer+emotion": ["corpus/tasks/answer.json", "corpus/tasks/emotion.json"],
                          "all": ["corpus/tasks/topic.json", "corpus/tasks/answer.json", "corpus/tasks/emotion.json"]}},
  "seeds": [0, 1]
}
JSON
"$program" compare pairs.json --output grid --set training.epochs=2 --set training.batch_size=16 --log-level warning >pairs.txt
contains pairs.txt 'data.tasks = topic+answer'
[[ -s grid/data.tasks=topic+answer/plain/seed-1/results.json ]] || die "the pair's runs are not where their name says: $(ls grid)"

"$program" relatedness grid --draws 3 --rows 8 >table.txt 2>log.txt
for words in 'transfer gain' '3 pairs, 2 seeds' 'gradient cosine' 'covariance similarity' 'rank correlation of' together \
  "the paper's score (Wu, Zhang, Re" 'left out: influence' 'left out: learned weights' 'left out: label dependence'; do contains table.txt "$words"; done
contains log.txt 'looking at grid/data.tasks=all/plain/seed-0'
contains grid/relatedness.svg '</svg>'
"$program" relatedness grid --draws 3 --rows 8 --json --log-level warning | cmp - grid/relatedness.json || die "--json differs"
"$program" report grid --log-level warning
contains grid/report.html 'How the tasks relate'
"$program" report grid --text --log-level warning >report.txt
contains report.txt 'transfer gain'

# A config alone: its model before the first step; nothing is written unless asked for.
"$program" relatedness config.json --draws 2 --rows 4 --log-level error >start.txt
contains start.txt 'gradient cosine, at the start'
contains start.txt 'left out: transfer gain: no pairwise runs'
"$program" relatedness config.json --draws 1 --rows 1 >one.txt 2>log.txt
contains log.txt 'nothing is written beside a config; --output FOLDER'
contains one.txt '1 draw of 1 row'
[[ ! -e relatedness.json ]] || die "a table of a config was written nobody asked for"
"$program" relatedness config.json --draws 0 --output start --log-level error >/dev/null
[[ -s start/relatedness.json && -s start/relatedness.svg ]] || die "--output wrote nothing"

# Data that are gone: what was found with them is kept; where they lie now, it is found again.
"$program" train config.json --output base --log-level error --quiet --set training.epochs=1 >/dev/null
"$program" relatedness base --draws 2 --rows 4 --log-level error >there.txt
cp base/relatedness.json kept.json
refuse_in_one_line '"gradient cosine" (gradient cosine: no draws were asked for)' relatedness base --draws 0
mv corpus moved
refuse_in_one_line 'nothing could be measured' relatedness base
contains err.txt 'warning: base is not looked at'
cmp base/relatedness.json kept.json || die "a file with more was replaced"
[[ $(cat out.txt) != *'no finished run with a checkpoint'* ]] || die "a run without its data is called none"
"$program" relatedness base --data moved/tasks --draws 2 --rows 4 --log-level error | cmp - there.txt || die "--data: another table"
mv moved corpus
mv base/checkpoints/best away
refuse_in_one_line 'is kept as it is' relatedness base grid
mv away base/checkpoints/best

mkdir empty
refuse_in_one_line 'holds no finished run' relatedness empty
refuse_in_one_line 'no such folder' relatedness nowhere
refuse_in_one_line 'there is only the task "topic"' relatedness grid/data.tasks=topic
echo "$mistakes passed, 0 failed"
