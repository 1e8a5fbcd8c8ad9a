#!/usr/bin/env bash
# Influence of rows through the program: a run's rows on its tasks, the file that leaves some out, what cannot be done.
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
export OMP_NUM_THREADS=1
make_corpus
"$program" train config.json --output base --log-level error --set training.epochs=1 >/dev/null
tasks=topic,polarity,emotion

influence() { "$program" influence base --tasks $tasks --shared adapter:4 --ridge 0.05 "$@"; }
influence --leave-one-out 6 --subsets 4 --mislabel 0.1 >table.txt 2>err.txt || die "influence: $(cat err.txt)"
for text in 'most harmful' Pearson LDS gradient_product AUC; do contains table.txt "$text"; done
for file in influence.json rows.csv features.safetensors parameters.safetensors inverse.safetensors; do
  [[ -s base/influence/$file ]] || die "influence wrote no $file"
done
[[ $(head -n 1 base/influence/rows.csv) == task,row,* ]] || die "rows.csv has no head"
contains base/influence/influence.json '"task_to_task"'

# The same again reads what was kept; another backend keeps the heads.
cp base/influence/rows.csv first.csv
influence --json >again.json 2>err.txt || die "again: $(cat err.txt)"
cmp -s first.csv base/influence/rows.csv || die "the same call gives other rows"
contains again.json '"iterations": 0'
contains again.json '"kept_from_an_earlier_call": true'
! grep -q '"name": "auto"' again.json || die "a kept backend is called auto"
sum=$(sha256sum base/influence/parameters.safetensors)
influence --backend ekfac --log-level error >table.txt || die "ekfac fails"
[[ $(sha256sum base/influence/parameters.safetensors) == "$sum" ]] || die "another backend trains other heads"

# The file of rows trains; by chance it has as many.
influence --select 0.2 --write harmful.json --log-level error >/dev/null || die "--select fails"
influence --select 0.2 --select-random 1 --write random.json --log-level error >/dev/null || die "--select-random fails"
[[ $(wc -l <harmful.json) == $(wc -l <random.json) ]] || die "not as many rows by chance"
"$program" train config.json --output fewer --log-level error --set training.epochs=1 --set data.leave_out=harmful.json >/dev/null ||
  die "data.leave_out does not train"
contains fewer/config.json '"rows"'
# A second round keeps the rows of the first; where nothing is shared, only the target's own rows can harm it.
"$program" influence fewer --tasks $tasks --shared adapter:4 --ridge 0.05 --select 0.1 --write second.json --log-level error >/dev/null ||
  die "--select of a run without some rows fails"
contains second.json 'the rows that this run was trained without'
[[ $(wc -l <second.json) -gt $(wc -l <harmful.json) ]] || die "the second round brings rows back"
"$program" influence base --tasks $tasks --shared none --select 0.1 --target topic --write own.json >/dev/null 2>err.txt || die "--target fails"
contains err.txt 'tasks that share nothing (--shared none) have no influence on each other'
tr -d '\n ' <own.json | grep -qF '"polarity":[]' || die "rows that cannot matter are left out: $(cat own.json)"
"$program" train config.json --output alone --log-level error --set training.epochs=1 --set training.regime=single \
  --set 'losses=["supervised"]' --set head=linear --set data.leave_out=harmful.json >/dev/null || die "single models do not train"

# One process at a time.
exec {lock}>base/influence/.lock
flock -n "$lock"
refuse_in_one_line 'another process computes influence' influence base --tasks $tasks --log-level error
exec {lock}>&-

# Mistakes.
refuse_in_one_line 'is a checkpoint; give its run: base' influence base/checkpoints/best --tasks $tasks --log-level error
[[ ! -e base/checkpoints/best/influence ]] || die "wrote into a checkpoint"
refuse_in_one_line 'labels words' influence base --log-level error
refuse_in_one_line 'did you mean "topic"' influence base --tasks topik --log-level error
refuse_in_one_line 'adapter' influence base --tasks $tasks --shared common --log-level error
refuse_in_one_line 'frozen' influence base --tasks $tasks --shared lora:8 --log-level error
refuse_in_one_line '--write' influence base --tasks $tasks --select 0.1 --log-level error
for number in nan inf; do
  refuse_in_one_line "--ridge: found $number" influence base --ridge $number --log-level error
  refuse_in_one_line "--penalty: found $number" influence base --penalty $number --log-level error
  refuse_in_one_line "--mislabel: found $number" influence base --mislabel $number --log-level error
  refuse_in_one_line "--select: found $number" influence base --select $number --write x.json --log-level error
done
refuse_in_one_line '--ridge: found -1' influence base --ridge -1 --log-level error
refuse_in_one_line '--backend: ' influence base --backend explict --log-level error
# What is refused before anything is computed: of a run that is not there, nothing else would be told.
for share in 0 1; do
  refuse_in_one_line "--select: found $share; must be a number > 0 and < 1" influence nowhere --select $share --write x.json
done
refuse_in_one_line 'is a folder' influence nowhere --select 0.1 --write base
refuse_in_one_line 'there is no folder nowhere' influence nowhere --select 0.1 --write nowhere/x.json
refuse_in_one_line 'one model per task' influence alone --log-level error
refuse_in_one_line 'not a run folder' influence nowhere --log-level error
# A refusal leaves a run as it was, whether it is known before the rows are encoded or after.
cp -r base fresh && rm -r fresh/influence
for request in '--tasks topik' '--tasks topic,spans' "--tasks $tasks --target topik --select 0.1 --write x.json" \
  '--tasks topic,emotion --shared common' "--tasks $tasks --shared none --backend explicit --ridge 0"; do
  status=0
  # shellcheck disable=SC2086
  "$program" influence fresh $request --log-level error >/dev/null 2>err.txt || status=$?
  [[ $status == 2 ]] || die "influence $request: status $status: $(cat err.txt)"
  [[ ! -e fresh/influence ]] || die "influence $request was refused and left $(ls -A fresh/influence)"
done
# The file of rows takes the place of no other file.
cp config.json other.json
refuse_in_one_line 'other.json: is there and cannot be told to be a file of infomtl influence --write' \
  influence base --tasks $tasks --select 0.1 --write other.json --log-level error
cmp config.json other.json || die "--write wrote over a config"
mv base/checkpoints/best kept && refuse_in_one_line 'no best checkpoint' influence base --log-level error
mv kept base/checkpoints/best
sed 's/"topic"/"topics"/' harmful.json >wrong.json
refuse_in_one_line 'did you mean "topic"' train config.json --output run --log-level error --set data.leave_out=wrong.json
echo "$mistakes mistakes"
echo "1 passed, 0 failed"
