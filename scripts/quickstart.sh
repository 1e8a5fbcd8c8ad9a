#!/usr/bin/env bash
# From nothing to a trained model: sets up, builds, trains InfoMTL and equal weighting (EW) on a slice of six tasks with the
# same seed, and prints a table for each. At most ten minutes on two cores after the build.
#
#   scripts/quickstart.sh                    run folders below runs/quickstart
#   scripts/quickstart.sh --set training.epochs=1   arguments go to both `infomtl train` calls
#
# Data: INFOMTL_DATA, ../shared/data, TweetEval's public repository, else the embedded corpus. Encoder: INFOMTL_MODEL, else
# all-MiniLM-L6-v2. Runs that are finished are not trained again; delete their folders to start over.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
if [[ ${1:-} == --help ]]; then show_help "$0" && exit 0; fi

"$repository/scripts/setup.sh"
"$repository/scripts/build.sh"
program=$build_folder/bin/infomtl
cd "$repository"
runs=${INFOMTL_RUNS:-runs/quickstart}

INFOMTL_MODEL=$(model_folder)
export INFOMTL_MODEL
overrides=(--set "encoder.path=$INFOMTL_MODEL")
if INFOMTL_DATA=$("$repository/scripts/fetch_data.sh"); then
  export INFOMTL_DATA
else
  corpus=$INFOMTL_CACHE/synthetic
  say "data: TweetEval is out of reach; the embedded corpus stands in, $corpus"
  "$program" synthesize "$corpus" --seed 0 >"$INFOMTL_CACHE/synthetic-ceilings.json"
  tasks=$(printf '"%s",' "$corpus"/tasks/*.json)
  overrides+=(--set "data.root=$corpus/tasks" --set "data.tasks=[${tasks%,}]")
  export INFOMTL_DATA=$corpus
  runs=$runs-synthetic
fi

# Trains a config into a folder; goes on where an earlier call was broken off. A finished run only shows its table.
train() { # config folder arguments...
  local config=$1 folder=$2 resume=()
  shift 2
  if [[ -d $folder/checkpoints/last && ! -f $folder/results.json ]]; then resume=(--resume); fi
  "$program" train "$config" --seed 0 --output "$folder" "${resume[@]}" "${overrides[@]}" "$@"
}
say "training InfoMTL"
train configs/quickstart.json "$runs/infomtl" "$@"
say "training equal weighting (EW): the same data and seed, the supervised loss alone"
train configs/quickstart_equal_weighting.json "$runs/equal_weighting" "$@"

say "run folders: $runs/infomtl and $runs/equal_weighting"
say "next: echo 'what a lovely day' | ${program#"$repository/"} predict $runs/infomtl --task emotion"
