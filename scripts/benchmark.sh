#!/usr/bin/env bash
# Times training steps, ours and, where this machine's Python has torch and transformers, the same training there: alternating
# in one run, on the same tweets, with the speed of a matrix product beside it. Prints a Markdown table.
#
#   scripts/benchmark.sh                                   InfoMTL and EW, batch 32, 5 rounds
#   scripts/benchmark.sh --batch-size 8 --method infomtl --output FOLDER   see tests/bench/compare.py --help
#
# INFOMTL_PYTHON names the Python (default: python3). Data and model as for scripts/quickstart.sh. Keep the machine idle.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
if [[ ${1:-} == --help ]]; then show_help "$0" && exit 0; fi

"$repository/scripts/setup.sh"
"$repository/scripts/build.sh" bench_training
INFOMTL_DATA=$("$repository/scripts/fetch_data.sh") || fail "TweetEval is out of reach; name a folder with INFOMTL_DATA"
export INFOMTL_DATA
"${INFOMTL_PYTHON:-python3}" "$repository/tests/bench/compare.py" "$(find "$build_folder" -name bench_training -type f)" \
  "$repository/configs/experiments/tweeteval.json" "$(model_folder)" "$INFOMTL_DATA/tweeteval" "$@"
