#!/usr/bin/env bash
# scripts/gpu_check.sh over a made-up bundle whose programs answer as they are told: what passes, what fails and why, the report.
source "$(dirname -- "${BASH_SOURCE[0]}")/expect.sh"
check=$repository/scripts/gpu_check.sh bundle=$scratch/bundle
cd "$scratch"

expect_output 0 "kernels" "$check" --help
expect_output 1 "which bundle?" "$check"
expect_output 1 "is no bundle" "$check" "$scratch"
expect_output 1 'no part "warmth"' "$check" "$bundle" --only warmth

mkdir -p "$bundle/bin" && echo 2.13.0 >"$bundle/torch_version"
cat >"$bundle/run" <<'SH'
#!/usr/bin/env bash
[[ $1 != infomtl ]] || { cat "${0%/*}/version" && exit 0; }
echo "$*" >>asked.txt
source "${0%/*}/answer.sh"
SH
chmod +x "$bundle/run"
answer() { echo "$1" >"$bundle/answer.sh"; }
expect_output 1 "has no test_ops" "$check" "$bundle"
touch "$bundle"/bin/{test_ops,test_optim,test_train,bench_training}
echo "infomtl (cuda without kernels)" >"$bundle/version"
expect_output 1 "has no kernels to check" "$check" "$bundle"
echo "infomtl (cuda with kernels)" >"$bundle/version"

one_part() { "$check" "$bundle" --report "$scratch/report" --only steps; }
answer 'echo "[  PASSED  ] 12 tests."'
expect_output 0 "| steps | passed |" one_part
grep -q 'test_train --gtest_filter=\*RunsOnDevice\*/cuda' asked.txt
answer 'printf "[  SKIPPED ] a test\n[  PASSED  ] 11 tests.\n"'
expect_output 1 "| steps | FAILED | 0 | test_train: tests were skipped |" one_part
answer 'echo "[  PASSED  ] 0 tests."'
expect_output 1 "test_train: no test ran" one_part
answer 'echo "off by one"; exit 1'
expect_output 1 "off by one" one_part
grep -q '"result": "FAILED"' report/gpu_report.json
grep -q '| steps | FAILED |' report/gpu_report.md

# Memory that grows by more than a twentieth.
mkdir -p "$bundle/models/small"
memory() { "$check" "$bundle" --report "$scratch/report" --only memory; }
grow() { answer 'echo "{\"device_peak\": 5, \"memory\": {\"resident\": 100000000}}"; echo "{\"device_peak\": '"${2:-5}"', \"memory\": {\"resident\": '"$1"'}}"'; }
grow 104000000
expect_output 0 "| memory | passed |" memory
grow 106000000
expect_output 1 "| memory | FAILED |" memory
grow 100000000 6
expect_output 1 "| memory | FAILED |" memory
rm -r "$bundle/models"
expect_output 1 "the bundle has no model" memory

# Two parts: one that fails does not hide the other.
answer 'if [[ $1 == test_train ]]; then exit 1; fi; echo "[  PASSED  ] 3 tests."'
expect_output 1 "| kernels | passed |" "$check" "$bundle" --report "$scratch/report" --only steps --only kernels
