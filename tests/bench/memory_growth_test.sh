#!/usr/bin/env bash
# memory_growth.sh on a small model: memory_growth_test.sh BENCH_TRAINING INFOMTL
set -euo pipefail
here=$(dirname -- "${BASH_SOURCE[0]}")
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
"$2" synthesize "$corpus" --rows 160 >/dev/null
# LibTorch and oneDNN keep up to 1024 compiled routines each, one a size: bounded, but beside so small a model that alone is
# some percent.
export ONEDNN_PRIMITIVE_CACHE_CAPACITY=16 LRU_CACHE_CAPACITY=16

"$here/memory_growth.sh" "$1" "$corpus/corpus.json" 1 training.batch_size=8 'head="gaussian"' \
  'losses=["supervised", {"name": "simax", "weight": 0.1}, {"name": "timin", "weight": 0.01}]'
