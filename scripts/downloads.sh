# Sourced by scripts that download: Debian packages, and wheels that pip fetches, checked by sha256, kept in the cache folder.
# shellcheck shell=bash
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

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

# --- wheels: downloaded with pip, checked, unpacked with unzip --------------------------------------------------------

downloads=$INFOMTL_CACHE/downloads

# Waits until no other script unpacks into the cache folder.
lock_cache() {
  mkdir -p "$downloads"
  exec 7>"$INFOMTL_CACHE/setup.lock"
  flock 7
}

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
