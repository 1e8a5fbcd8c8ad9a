#!/usr/bin/env bash
# The comparisons and searches that come with the program are taken as they stand: every method trains, all with the same
# budget. Those whose data are not at hand are left out.
#   shipped_comparisons_test.sh PROGRAM REPOSITORY
repository=$2
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
data=${INFOMTL_DATA:-}
if [[ -z $data ]]; then data=$(INFOMTL_TWEETEVAL_URL=file:///nowhere "$repository/scripts/fetch_data.sh" 2>/dev/null) || data=; fi
export INFOMTL_DATA=${data:-nowhere}

checked=0
# check NAME ROOT: one of configs/experiments, which reads that folder of the data.
check() {
  if [[ ! -d $INFOMTL_DATA/$2 ]]; then echo "left out: $1, for want of $2" && return; fi
  "$program" check "$repository/configs/experiments/$1.json" >out.txt 2>err.txt || die "$1: $(cat out.txt err.txt)"
  checked=$((checked + 1))
}
for name in main_table_slice quick_comparison systems search_quick fair_slice question_search low_data; do check "$name" tweeteval; done
# The question's second step reads the winners of its first.
mkdir -p winners/best
for name in plain_ew:equal_weighting regularised_ew:equal_weighting infomtl:infomtl; do
  echo "{\"extends\": \"$repository/configs/methods/${name#*:}.json\"}" >"winners/best/${name%%:*}.json"
done
INFOMTL_SEARCH=$PWD/winners check question tweeteval
for name in slu_atis slu_snips; do check "$name" slu; done
check glue_alignment glue-small
echo "$checked of them checked"
((checked > 0)) || exit 77
