#!/usr/bin/env bash
# Times infomtl and, where this machine's Python has torch and transformers, the same work there: alternating in one run, on
# the same tweets, with the speed of a matrix product beside it. Prints Markdown tables.
#
#   scripts/benchmark.sh                          training steps: InfoMTL and EW, batch 32, 5 rounds
#   scripts/benchmark.sh --batch-size 8 --method infomtl --output FOLDER    options: tests/bench/compare.py --help
#   scripts/benchmark.sh --regime joint --method infomtl --method pcgrad    one batch of every task per step
#   scripts/benchmark.sh --precision bfloat16     float32 and bfloat16, against float32 and bf16 autocast
#   scripts/benchmark.sh --device cuda            the same on a GPU (a build with -DINFOMTL_CUDA=ON); --examples 6400 or so
#   scripts/benchmark.sh joint                    gradient weightings over EW, and 6 to 48 tasks: tests/bench/joint_step.py --help
#   scripts/benchmark.sh methods                  what the methods of configs/methods cost beyond EW: tests/bench/method_cost.py --help
#   scripts/benchmark.sh tokenizers               options: tests/bench/compare_tokenizers.py --help
#   scripts/benchmark.sh parts --benchmark_filter='^weighting/'    terms, weightings, optimisers, ... (google/benchmark)
#   scripts/benchmark.sh profile                  share of time by part (perf); KEY=VALUE are fields of the config
#   scripts/benchmark.sh memory                   resident memory after 200 and after 2,000 InfoMTL steps, all of one size
#   scripts/benchmark.sh memory encoder.max_length=128    ... of every size: the longest batch so far and each size's routines
#
# INFOMTL_PYTHON names the Python (default: python3), INFOMTL_THREADS the threads (default: cores). Data and model as for
# scripts/quickstart.sh. Keep the machine idle.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

what=training
case ${1:-} in
  --help) show_help "$0" && exit 0 ;;
  tokenizers | joint | methods | parts | profile | memory) what=$1 && shift ;;
esac
program=bench_training
case $what in
  tokenizers) program=bench_tokenizer ;;
  parts) program=bench_parts ;;
esac
bench=$repository/tests/bench python=${INFOMTL_PYTHON:-python3} threads=${INFOMTL_THREADS:-$(nproc)}
config=$repository/configs/experiments/tweeteval.json
infomtl=(training.batch_size=32 data.max_train_rows=2000 training.regime=alternating 'head={"name": "gaussian", "dropout": 0.2}'
  'losses=[{"name": "supervised"}, {"name": "simax", "weight": 0.1}, {"name": "timin", "weight": 0.01}]')

"$repository/scripts/setup.sh"
"$repository/scripts/build.sh" "$program"
program=$(find "$build_folder" -name "$program" -type f)
if [[ $what == parts ]]; then exec env OMP_NUM_THREADS="$threads" "$program" "$@"; fi
INFOMTL_DATA=$("$repository/scripts/fetch_data.sh") || fail "TweetEval is out of reach; name a folder with INFOMTL_DATA"
export INFOMTL_DATA
model=$(model_folder) tweets=$INFOMTL_DATA/tweeteval
case $what in
  training) "$python" "$bench/compare.py" "$program" "$config" "$model" "$tweets" --threads "$threads" "$@" ;;
  joint) "$python" "$bench/joint_step.py" "$program" "$config" "$model" --threads "$threads" "$@" ;;
  methods)
    methods=$repository/configs/methods experiment=$repository/configs/experiments/tweeteval_few_rows.json
    common=(--threads "$threads" --set encoder.path="$model" --set training.epochs=100 "$@")
    "$python" "$bench/method_cost.py" "$program" "$experiment" "$methods"/{equal_weighting,infomtl,vmtl,vmtl_ac,feedback,mt_vib}.json "${common[@]}"
    "$python" "$bench/method_cost.py" "$program" "$experiment" "$methods"/{equal_weighting_joint,dgr,dgr_pcgrad,pcgrad}.json "${common[@]}"
    ;;
  tokenizers) "$python" "$bench/compare_tokenizers.py" "$program" "$model" "$tweets" "$@" ;;
  profile) "$python" "$bench/step_profile.py" "$program" "$config" "$threads" encoder.path="$model" "${infomtl[@]}" "$@" ;;
  # 8 tokens of a tweet, and batches that leave no smaller one at the end of an epoch.
  memory) "$bench/memory_growth.sh" "$program" "$config" "$threads" encoder.path="$model" "${infomtl[@]}" \
    encoder.max_length=8 data.max_train_rows=1920 "$@" ;;
esac
