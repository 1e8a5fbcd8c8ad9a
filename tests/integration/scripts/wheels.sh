# Sourced by tests of scripts that download: made-up wheels, and a pip that serves them from a folder, as a network would.
# shellcheck shell=bash

# A copy of the scripts, for pins of made-up wheels.
home=$scratch/repository
mkdir -p "$home" "$scratch/bin" "$scratch/remote" "$scratch/wheel"
cp -r "$repository/scripts" "$home/scripts"
make_wheel() { # name version: packs $scratch/wheel, prints its pin
  local file=$scratch/remote/${1//-/_}-$2-py3-none-any.whl
  (cd "$scratch/wheel" && cmake -E tar cf "$file" --format=zip .)
  echo "$1==$2 --hash=sha256:$(sha256sum "$file" | cut -d ' ' -f 1)"
  rm -rf "$scratch/wheel" && mkdir "$scratch/wheel"
}
cat >"$scratch/bin/python3" <<SH
#!/usr/bin/env bash
# python3 -m pip download ... --dest FOLDER -r FILE, and a python3 that has no torch
[[ \$* == "-m pip --version" ]] && exit 0
[[ \$* == *"pip download"* ]] || { echo; exit 0; }
while [[ \$1 != --dest ]]; do shift; done
read -r pin _ <"\$4"
name=\${pin%%==*}
cp $scratch/remote/\${name//-/_}-\${pin#*==}-*.whl "\$2"
SH
chmod +x "$scratch/bin/python3"
# Debian packages are not this test's business: a dpkg that has them all.
printf '#!/bin/sh\nprintf installed\n' >"$scratch/bin/dpkg-query" && chmod +x "$scratch/bin/dpkg-query"
export PATH=$scratch/bin:$PATH INFOMTL_CACHE=$scratch/cache
