#!/usr/bin/env bash
# Every command of README.md is run: those of the program and of CMake here, in order, in a scratch folder; those of scripts/
# by .ci/run, which must hold the same line. Every relative link leads somewhere.
source "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/expect.sh"
build=$2
readme=$repository/README.md

links=$(awk '/^```/ { inside = !inside; next } !inside' "$readme" | grep -oE '\]\([^)#]+\)' | sed -E 's/^\]\(//; s/\)$//' | grep -v '^https\?:')
for link in $links; do
  [[ -e $repository/$link ]] || { echo "FAILED: README.md links to $link, which is not there" && exit 1; }
done

# A copy of the project's face: the program under its usual path, the shipped configs, room for runs.
mkdir -p "$scratch/project/build" "$scratch/home"
ln -s "$build/bin" "$scratch/project/build/bin"
ln -s "$repository/configs" "$repository/scripts" "$scratch/project/"
cd "$scratch/project"
export INFOMTL_CACHE=${INFOMTL_CACHE:-$HOME/.cache/infomtl}
export INFOMTL_MODEL=${INFOMTL_MODEL:-$INFOMTL_CACHE/models/all-MiniLM-L6-v2}
[[ -f $INFOMTL_MODEL/config.json ]] || { echo "skipped: no encoder at $INFOMTL_MODEL; run scripts/setup.sh" && exit 77; }
if ! INFOMTL_DATA=$(INFOMTL_TWEETEVAL_URL=file:///nowhere "$repository/scripts/fetch_data.sh" 2>/dev/null); then
  echo "skipped: no TweetEval data at hand (INFOMTL_DATA, ../shared/data or the cache)" && exit 77
fi
export INFOMTL_DATA

# Training is cut short; nothing else is changed.
short="--set training.epochs=1 --set data.max_train_rows=32 --set data.max_validation_rows=32 --set data.max_test_rows=64"
commands=0
while IFS= read -r line; do
  [[ -n $line && $line != \#* ]] || continue
  commands=$((commands + 1))
  case $line in
    ./scripts/*)
      grep -qxF "$line" "$repository/.ci/run" || { echo "FAILED: .ci/run does not run: $line" && exit 1; }
      echo "ok: .ci/run runs $line"
      continue
      ;;
    export\ *) eval "$line" && echo "ok: $line" && continue ;;
    "cmake --install build "*) line="cmake --install '$build' ${line#cmake --install build }" ;;
    *infomtl\ train*) line="$line $short" ;;
    *build/bin/infomtl\ *) ;;
    *) echo "FAILED: no one runs this command of README.md: $line" && exit 1 ;;
  esac
  if ! output=$(HOME=$scratch/home bash -c "$line" 2>&1); then
    printf 'FAILED: %s\n%s\n' "$line" "$output"
    exit 1
  fi
  printf 'ok: %s\n%s\n' "$line" "$(tail -n 3 <<<"$output")"
done < <(awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$readme")
((commands >= 5)) || { echo "FAILED: only $commands commands were found in README.md" && exit 1; }
