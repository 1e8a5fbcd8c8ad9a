#!/usr/bin/env bash
# Checks infomtl on a machine with a GPU, from a bundle that was built with -DINFOMTL_CUDA=ON (scripts/bundle.sh, with tests,
# --model and --data): no compiler is needed there, only a Python with torch of the bundle's version.
#
#   scripts/gpu_check.sh FOLDER                   FOLDER is the bundle
#   FOLDER/gpu_check.sh                           the same, from within it
#   scripts/gpu_check.sh FOLDER --report REPORT   where gpu_report.md, gpu_report.json and logs go; gpu_report if not named
#   scripts/gpu_check.sh FOLDER --only kernels    one part; may be said several times
#
# Parts, with the seconds each may take:
#   kernels   60   each kernel against float64 or the CPU
#   steps     90   twenty steps of four methods against the CPU's, the same bits again, a resume, a checkpoint that moves
#   memcheck  50   compute-sanitizer over our kernels: reads and writes out of bounds
#   racecheck 50   the same: races in shared memory
#   memory    50   the host's and the GPU's memory after 200 and after 2,000 InfoMTL steps
#   speed    180   InfoMTL and EW beside Hugging Face, float32 and bfloat16, batches of 32 and 128
# The table is printed last. Ends with status 1 when a part fails, skips a test or could not be run.
set -euo pipefail
fail() {
  printf 'gpu_check: %s\n' "$*" >&2
  exit 1
}
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
bundle="" report=gpu_report parts=()
if [[ -f $here/torch_version && -f $here/run ]]; then bundle=$here; fi
while (($#)); do
  case $1 in
    --help | -h) awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "${BASH_SOURCE[0]}" && exit 0 ;;
    --report | --only)
      [[ -n ${2:-} ]] || fail "$1 wants a word; see $0 --help"
      if [[ $1 == --report ]]; then report=$2; else parts+=("$2"); fi
      shift
      ;;
    -*) fail "unknown argument $1; see $0 --help" ;;
    *) bundle=$1 ;;
  esac
  shift
done
all=(kernels steps memcheck racecheck memory speed)
((${#parts[@]})) || parts=("${all[@]}")
for part in "${parts[@]}"; do
  [[ " ${all[*]} " == *" $part "* ]] || fail "no part \"$part\"; there are ${all[*]}"
done
[[ -n $bundle ]] || fail "which bundle? see $0 --help"
[[ -f $bundle/run ]] || fail "$bundle is no bundle; scripts/bundle.sh makes one"
bundle=$(cd -- "$bundle" && pwd)
for each in test_ops test_optim test_train bench_training; do
  [[ -f $bundle/bin/$each ]] || fail "$bundle has no $each; build \"all\" before scripts/bundle.sh"
done
version=$("$bundle/run" infomtl --version) || fail "the program of the bundle does not start; see above"
[[ $version == *"with kernels"* ]] || fail "the bundle has no kernels to check: $version; build it with -DINFOMTL_CUDA=ON where nvcc is"
mkdir -p "$report"
report=$(cd -- "$report" && pwd)

# --- the parts -----------------------------------------------------------------------------------------------------------

export bundle report
# tests PROGRAM FILTER [COMMAND...]: under COMMAND it passes, runs at least one test and skips none.
tests() {
  local log code=0
  log=$(mktemp)
  "${@:3}" "$bundle/run" "$1" --gtest_filter="$2" 2>&1 | tee "$log" || code=$?
  if ((code == 0)) && grep -q '^\[  SKIPPED \]' "$log"; then echo "$1: tests were skipped" && code=1; fi
  if ((code == 0)) && ! grep -qE '^\[  PASSED  \] [1-9]' "$log"; then echo "$1: no test ran" && code=1; fi
  rm "$log"
  return "$code"
}
# Memory is not kept in pieces of megabytes, in which a kernel may go beyond its tensor unseen.
sanitized() {
  command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer is missing" && return 1; }
  local ours='*Attention*/cuda:*LayerNorm*/cuda:*EmbeddingSum*/cuda:*GaussianDraws*/cuda:*NormalNoise*/cuda:*Operations*/cuda'
  PYTORCH_NO_CUDA_MEMORY_CACHING=1 tests test_ops "$ours-*CentralDifferences*" \
    compute-sanitizer --tool "$1" --target-processes all --error-exitcode 9 --report-api-errors no --kernel-regex kns=infomtl
}
the_model() {
  local found=("$bundle"/models/*/)
  [[ -d ${found[0]} ]] || { echo "the bundle has no model; scripts/bundle.sh --model packs one" && return 1; }
  model=${found[0]%/}
}
part_kernels() {
  local code=0
  tests test_ops '*/cuda' || code=$?
  tests test_optim '*/cuda' || code=$?
  return "$code"
}
part_steps() { tests test_train '*RunsOnDevice*/cuda'; }
part_memcheck() { sanitized memcheck; }
part_racecheck() { sanitized racecheck; }
part_memory() {
  the_model
  "$bundle/run" bench_training "$bundle/configs/experiments/tweeteval.json" "$report/memory_run" 2 encoder.path="$model" \
    device=cuda precision=bfloat16 training.epochs=1000 training.regime=alternating training.batch_size=32 \
    'head={"name": "gaussian", "dropout": 0.2}' \
    'losses=[{"name": "supervised"}, {"name": "simax", "weight": 0.1}, {"name": "timin", "weight": 0.01}]' \
    <<<$'steps 200\nsteps 1800' | tee "$report/memory.jsonl"
  python3 - "$report/memory.jsonl" <<'PYTHON'
import json, sys
first, last = (json.loads(line) for line in open(sys.argv[1]))
grown = False
for what, of in {"host": lambda answer: answer["memory"]["resident"], "GPU": lambda answer: answer["device_peak"]}.items():
    print(f"{what}, after 200 and after 2,000 steps: {of(first) / 2**20:.0f} and {of(last) / 2**20:.0f} MiB; at most 5 % more are asked")
    grown = grown or of(last) > 1.05 * of(first)
sys.exit(grown)
PYTHON
}
part_speed() {
  the_model
  printf '#!/bin/sh\nexec "%s/run" bench_training "$@"\n' "$bundle" >"$report/bench_training"
  chmod +x "$report/bench_training"
  python3 "$bundle/tests/bench/compare.py" "$report/bench_training" "$bundle/configs/experiments/tweeteval.json" "$model" \
    "${INFOMTL_DATA:-$bundle/data}/tweeteval" --device cuda --precision bfloat16 --batch-size 32 --batch-size 128 \
    --peer "Hugging Face padded" --peer "Hugging Face bucketed" --examples 3200 --rounds 3 --threads 8 --output "$report"
}
export -f tests sanitized the_model part_kernels part_steps part_memcheck part_racecheck part_memory part_speed

# --- the report ----------------------------------------------------------------------------------------------------------

declare -A limit=([kernels]=60 [steps]=90 [memcheck]=50 [racecheck]=50 [memory]=50 [speed]=180)
status=0 rows=""
for part in "${parts[@]}"; do
  printf 'gpu_check: %s\n' "$part" >&2
  begin=$SECONDS code=0
  timeout "${limit[$part]}" bash -euo pipefail -c "part_$part" >"$report/$part.txt" 2>&1 || code=$?
  case $code in
    0) result=passed ;;
    124) result="FAILED: not done in ${limit[$part]} s" ;;
    *) result=FAILED ;;
  esac
  ((code == 0)) || status=1
  rows+=$part$'\t'$result$'\t'$((SECONDS - begin))$'\n'
done
card=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -n 1) || card=""
python3 - "$report" "$version" "${card:-no GPU found}" "$rows" <<'PYTHON'
import json, pathlib, sys
report, version, card, rows = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
parts = [dict(zip(("part", "result", "seconds"), row.split("\t"))) for row in rows.splitlines()]
for part in parts:
    lines = (report / f"{part['part']}.txt").read_text(errors="replace").strip().splitlines()
    part["seconds"], part["last line"] = int(part["seconds"]), lines[-1] if lines else ""
text = f"{card}; {version}\n\n| part | result | seconds | last line of its log |\n|---|---|---|---|\n"
text += "".join(f"| {p['part']} | {p['result']} | {p['seconds']} | {p['last line'].replace('|', ' ')} |\n" for p in parts)
if (report / "benchmark.md").exists():
    text += "\n" + (report / "benchmark.md").read_text()
(report / "gpu_report.md").write_text(text)
(report / "gpu_report.json").write_text(json.dumps({"card": card, "version": version, "parts": parts}, indent=2) + "\n")
print(text, end="")
PYTHON
exit "$status"
