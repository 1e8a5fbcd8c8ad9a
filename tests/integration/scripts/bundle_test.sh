#!/usr/bin/env bash
# scripts/bundle.sh over the build folder: the bundle trains from another folder, without any variable of this environment, to
# the numbers of the ordinary build, and says in one line what is wrong with a torch.
source "$(dirname -- "${BASH_SOURCE[0]}")/expect.sh"
export INFOMTL_BUILD=$2
bundle=$repository/scripts/bundle.sh program=$INFOMTL_BUILD/bin/infomtl
die() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

# What is refused leaves nothing behind.
expect_output 0 "--model" "$bundle" --help
expect_output 1 "which folder?" "$bundle"
expect_output 1 "unknown argument" "$bundle" "$scratch/made" --nonsense
expect_output 1 "there is no build folder $scratch/nowhere" env INFOMTL_BUILD="$scratch/nowhere" "$bundle" "$scratch/made"
expect_output 1 "holds no bin/infomtl" env INFOMTL_BUILD="$scratch" "$bundle" "$scratch/made"
expect_output 1 "holds no model.safetensors" "$bundle" "$scratch/made" --model "$scratch"
expect_output 1 "holds no folder tweeteval" "$bundle" "$scratch/made" --data "$scratch"
mkdir "$scratch/mine" && touch "$scratch/mine/thesis"
expect_output 1 "is no bundle" "$bundle" "$scratch/mine"
[[ ! -e $scratch/made && -z $(find "$scratch" -name '*.unfinished') ]] || die "something was left behind"

# An ordinary training, whose checkpoint is also the model to pack.
cd "$scratch"
"$program" synthesize corpus --seed 3 --rows 60 >/dev/null
cat >config.json <<'JSON'
{
  "extends": "corpus/corpus.json", "head": "gaussian",
  "losses": ["supervised", {"name": "simax", "weight": 0.1, "tasks": ["topic", "polarity"]}, {"name": "timin", "weight": 0.01}],
  "training": {"epochs": 1, "batch_size": 16}
}
JSON
# Trains in a folder of its own, where all is called the same: train_in FOLDER COMMAND...
train_in() {
  mkdir "$1" && cp -r corpus config.json "$1/"
  (cd "$1" && "${@:2}" train config.json --output run --threads 1 --log-level warning >table.txt)
}
train_in ordinary "$program"
mkdir -p data/tweeteval/hate && echo 'a tweet' >data/tweeteval/hate/train_text.txt

expect_output 0 "packed" "$bundle" "$scratch/made" --model ordinary/run/checkpoints/best --data data
expect_output 0 "packed" "$bundle" "$scratch/made" # a bundle is replaced: data and model are gone
[[ ! -e $scratch/made/data ]] || die "the old bundle was not replaced"
expect_output 0 "packed" "$bundle" "$scratch/made" --model ordinary/run/checkpoints/best --data data
mkdir -p "$scratch/another machine" && mv "$scratch/made" "$scratch/another machine/bundle"
cd "$scratch/another machine"
run=$PWD/bundle/run

torch=$(ldd "$program" | awk '$1 == "libc10.so" { print $3 }')
torch=$(realpath "$(dirname "$torch")/..")
bare=(env -i "INFOMTL_TORCH_DIR=$torch" "$run")
[[ $("${bare[@]}" infomtl --version) == "$("$program" --version)" ]] || die "another version: $("${bare[@]}" infomtl --version)"
"${bare[@]}" infomtl check "$scratch/config.json" >check.txt || die "check"

cd "$scratch"
train_in bundled "${bare[@]}" infomtl
# Scores, logs without times, every tensor.
numbers() {
  (cd "$1/run/checkpoints" && sha256sum best/*.safetensors last/*.safetensors)
  sed -E 's/,?"[a-z_]*_per_second": *[-+0-9.e]+//g' "$1/run/log.jsonl"
  sed -E '/"(seconds|examples_per_second|tokens_per_second|peak_memory_bytes)"/d' "$1/run/results.json"
}
diff <(numbers ordinary) <(numbers bundled) >difference.txt || die "the bundle trains to other numbers: $(head -n 20 difference.txt)"
echo "ok: the bundle trains to the numbers of the ordinary build"

# The model is half as large, and embeds as the whole one does, up to rounding.
copy="another machine/bundle/models/best"
whole=$(stat -c %s ordinary/run/checkpoints/best/model.safetensors) half=$(stat -c %s "$copy/model.safetensors")
((half < whole * 6 / 10)) || die "the model has $half bytes, the whole one $whole"
embed() { echo 'a lovely day' | "${bare[@]}" infomtl encode --model "$1" --threads 1 --log-level error | grep -oE -- '-?[0-9]+\.[0-9]+(e-?[0-9]+)?'; }
paste <(embed ordinary/run/checkpoints/best) <(embed "$copy") |
  awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > worst) worst = d } END { exit !(NR > 4 && NF == 2 && worst > 0 && worst < 0.02) }' ||
  die "the float16 copy embeds otherwise: $(paste <(embed ordinary/run/checkpoints/best) <(embed "$copy") | head -n 5)"
cmp data/tweeteval/hate/train_text.txt "another machine/bundle/data/tweeteval/hate/train_text.txt"
head -c 100 ordinary/run/checkpoints/best/model.safetensors >broken.safetensors
expect_output 1 "no safetensors file" python3 "$repository/scripts/to_float16.py" broken.safetensors copy.safetensors

# A test program finds its fixtures in the bundle.
if [[ -f "another machine/bundle/bin/test_metrics" ]]; then
  expect_output 0 "PASSED" "${bare[@]}" test_metrics
  # Without a GPU the check says so instead of passing.
  if [[ -f "another machine/bundle/bin/test_train" ]] && ! command -v nvidia-smi >/dev/null; then
    text="tests were skipped"
    "${bare[@]}" infomtl --version | grep -q 'with kernels' || text="has no kernels to check"
    expect_output 1 "$text" env -i INFOMTL_TORCH_DIR="$torch" PATH="$PATH" "another machine/bundle/gpu_check.sh" --only kernels \
      --report "$scratch/gpu_report"
  fi
fi

# What is wrong is one line.
one_line() { # TEXT COMMAND...
  expect_output 1 "$@"
  [[ $("${@:2}" 2>&1 | wc -l) == 1 ]] || die "${*:2}: more than one line"
}
mkdir -p other/lib bin && touch other/lib/libtorch_cpu.so
echo "__version__ = '1.13.1+cpu'" >other/version.py
printf '#!/bin/sh\necho\n' >bin/python3 && chmod +x bin/python3
one_line "no torch found: python3 has none" env -i PATH="$scratch/bin:$PATH" "$run" infomtl --version
one_line "which holds no lib/libtorch_cpu.so" env -i INFOMTL_TORCH_DIR="$scratch" "$run" infomtl --version
one_line "is 1.13.1" env -i INFOMTL_TORCH_DIR="$scratch/other" "$run" infomtl --version
printf '#!/bin/sh\necho %s\n' "$scratch/other" >bin/python3
one_line "the torch of python3 ($scratch/other) is 1.13.1" env -i PATH="$scratch/bin:$PATH" "$run" infomtl --version
printf '#!/bin/sh\necho %s\n' "$torch" >bin/python3
expect_output 0 "LibTorch" env -i PATH="$scratch/bin:$PATH" "$run" infomtl --version
one_line "there is no program nonsense" "${bare[@]}" nonsense
if [[ -f "another machine/bundle/lib/libinfomtl.so.0" ]]; then
  rm "another machine/bundle/lib/libinfomtl.so.0" # that of the build folder does not take its place
  one_line "this machine lacks libinfomtl.so.0" "${bare[@]}" infomtl --version
fi
